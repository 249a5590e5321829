"""What a fuzzing target is.

A target takes any bytes and returns, or raises one of this project's own errors; anything
else that it raises, and any input that takes too long, is a finding.
"""

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from certrelay.errors import CertRelayError, StateError
from tests.fuzz.mutating import mutated

CORPUS = Path(__file__).parent / "corpus"
"""Inputs that earlier searches found worth keeping: a folder for each target."""


@dataclass(frozen=True)
class Target:
    """One parser and the well-formed inputs that the search starts from."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    change: Callable[[bytes, random.Random], bytes] = mutated
    """Makes an ill-formed input of a well-formed one."""


def kept(name: str) -> tuple[bytes, ...]:
    """The corpus of a target, in a stable order."""
    return tuple(path.read_bytes() for path in sorted((CORPUS / name).glob("*")))


@contextlib.contextmanager
def ours() -> Iterator[None]:
    """Let this project's own errors pass, but for the one that means a bug."""
    try:
        yield
    except StateError:
        raise
    except CertRelayError:
        pass
