"""A relay that guesses typed codes, as S at G and as G at S by turns: how often does it hit?

    python -m tests.attacks.guessing --tries 20000

The secrets are cut to a thousand, so that hits are there to be counted; everything else is as it
is.  For each code the relay has seen all that came before it, and tries one secret: nothing lets
it try a second one, so the share of its hits must be that of blind guessing.

Source: docs/protocol.md §10.4; docs/security.md, attacks 52 and 53.
"""

import argparse
import math
import random
import sys
from typing import Final

from certrelay.e2e.code import Code, Entering, PublishedCode
from certrelay.e2e.cpace import Random
from certrelay.e2e.handshake import ShowSecrets
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.errors import TrustError
from certrelay.testkit.guessing import Guesser

SPACE: Final = 1000
"""How many secrets there are here, in place of 10^8."""

WIDE: Final = 4.5
"""Standard deviations within which chance stays, but for once in 100,000."""

ORIGIN: Final = Origin.parse("https://relay.example.kr/")


def hits(tries: int, seed: int) -> int:
    """Let a relay guess so many codes; give the number that it has opened."""
    draw = random.Random(seed)
    return sum(_at_g(draw) if turn % 2 else _at_s(draw) for turn in range(tries))


def is_chance(found: int, tries: int) -> bool:
    """Tell whether so many hits are what blind guessing has."""
    expected = tries / SPACE
    return abs(found - expected) <= WIDE * math.sqrt(expected) + 1


def _at_g(draw: random.Random) -> bool:
    """The relay knocks at a G that shows a code."""
    qr, code = _shown(draw.randbytes), _code(draw)
    relay = Guesser(ORIGIN, draw.randbytes)
    sid, share = relay.knock(Code(code.lobby, _secret(draw)))
    return relay.opens(*PublishedCode(code, qr).answer(sid, share, draw.randbytes)) == qr


def _at_s(draw: random.Random) -> bool:
    """The relay answers an S that has typed one."""
    code = _code(draw)
    s = Entering(code, ORIGIN, draw.randbytes)
    relay = Guesser(ORIGIN, draw.randbytes)
    answer = relay.answer(Code(code.lobby, _secret(draw)), s.sid, s.share)
    try:
        return s.open(*answer) == relay.qr
    except TrustError:
        return False


def _shown(random_bytes: Random) -> QrCode:
    return QrCode(ORIGIN, ShowSecrets.fresh(random_bytes).payload(Direction.TO_PC, lan=False))


def _code(draw: random.Random) -> Code:
    return Code(f"{draw.randrange(10**4):04}", _secret(draw))


def _secret(draw: random.Random) -> str:
    return f"{draw.randrange(SPACE):08}"


def main() -> int:
    """Run the command; the status is 1 if the relay hits more often than by chance, or less."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.guessing")
    parser.add_argument("--tries", type=int, default=20_000, metavar="N", help="how many (20000)")
    parser.add_argument("--seed", type=int, default=1, metavar="SEED", help="of the chance (1)")
    arguments = parser.parse_args()
    found = hits(arguments.tries, arguments.seed)
    expected = arguments.tries / SPACE
    print(f"{found} hits in {arguments.tries} tries; blind guessing has {expected:g}")
    return 0 if is_chance(found, arguments.tries) else 1


if __name__ == "__main__":
    sys.exit(main())
