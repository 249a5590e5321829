"""A short search with fixed dice; ``python -m tests.fuzz`` searches on and on."""

import random
import zlib

import pytest
from _pytest.mark import ParameterSet

from tests.fuzz.edges import EDGE_ROWS, EDGES
from tests.fuzz.mutating import mutated
from tests.fuzz.protocol import PROTOCOL
from tests.fuzz.target import CORPUS, kept
from tests.fuzz.targets import TARGETS

ROUNDS = 400


def marked(name: str) -> ParameterSet:
    """A target with the rows of docs/security.md that it belongs to."""
    rows = [44] if name in PROTOCOL else EDGE_ROWS.get(name, []) if name in EDGES else [31]
    return pytest.param(name, marks=[pytest.mark.attack(row) for row in rows])


@pytest.mark.parametrize("name", [marked(name) for name in TARGETS])
def test_a_parser_ends_in_nothing_but_our_own_errors(name: str) -> None:
    target = TARGETS[name]
    dice = random.Random(zlib.crc32(name.encode()))
    seeds = (*target.seeds, *kept(name))
    for seed in seeds:
        target.run(seed)
        for _ in range(max(1, ROUNDS // len(seeds))):
            target.run(target.change(seed, dice))


def test_every_kept_input_belongs_to_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)


def test_the_search_reaches_beyond_the_first_length() -> None:
    """Most changed certificates must still be read, or the search would test one line only."""
    from certrelay.errors import CertificateError
    from certrelay.pki.certificate import Certificate

    dice = random.Random(1)
    read = 0
    for _ in range(400):
        try:
            Certificate.parse(mutated(TARGETS["certificate"].seeds[0], dice))
            read += 1
        except CertificateError:
            pass
    assert 80 < read < 390
