"""A short search with fixed dice; ``python -m tests.fuzz`` searches on and on."""

import random
import zlib

import pytest

from tests.fuzz.mutating import mutated
from tests.fuzz.targets import TARGETS

ROUNDS = 400


@pytest.mark.attack(31)
@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_ends_in_nothing_but_our_own_errors(name: str) -> None:
    target = TARGETS[name]
    dice = random.Random(zlib.crc32(name.encode()))
    for seed in target.seeds:
        target.run(seed)
        for _ in range(ROUNDS // len(target.seeds)):
            target.run(mutated(seed, dice))


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
