"""Chooses which inputs of a search are worth keeping: those that reach something new."""

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.target import CORPUS, Target

MAX_KEPT = 60
"""Inputs of one target: the short search of the suite runs them all."""

MAX_BYTES = 4096
"""Bytes of one kept input."""

_ROOT = Path(__file__).resolve().parents[2]
_OURS = tuple(f"{_ROOT / name}{os.sep}" for name in ("certrelay", "client_pc", "relay"))

_Step = tuple[str, int, int]


def keep(name: str, target: Target, found: Sequence[bytes]) -> int:
    """Choose anew among what was kept and what was found; give how many are kept.

    Small inputs first; one is kept if it takes a step from line to line in the project's own
    code that none before it took.
    """
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    before = {path.read_bytes() for path in folder.iterdir()}
    seen: set[_Step] = set()
    for seed in target.seeds:
        seen |= steps_of(target, seed)
    chosen: list[bytes] = []
    for data in sorted({*before, *found} - set(target.seeds), key=lambda each: (len(each), each)):
        if len(data) > MAX_BYTES or len(chosen) == MAX_KEPT:
            continue
        steps = steps_of(target, data)
        if steps - seen:
            seen |= steps
            chosen.append(data)
    for path in folder.iterdir():
        path.unlink()
    for data in chosen:
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    return len(chosen)


def steps_of(target: Target, data: bytes) -> set[_Step]:
    """Every step from line to line that an input takes in the project's own code."""
    steps: set[_Step] = set()

    def tracer(frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_OURS):
            return None
        last = frame.f_lineno

        def local(inner: FrameType, event: str, _argument: Any) -> Any:
            nonlocal last
            if event == "line":
                steps.add((inner.f_code.co_filename, last, inner.f_lineno))
                last = inner.f_lineno
            return local

        return local

    sys.settrace(tracer)
    try:
        target.run(data)
    finally:
        sys.settrace(None)
    return steps
