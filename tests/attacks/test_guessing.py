"""A relay that guesses typed codes hits as blind guessing does, and a recording helps nobody."""

import os
import random

import pytest

from certrelay.e2e import cpace
from certrelay.e2e.code import Code, Entering, PublishedCode, _inputs
from certrelay.testkit.pair import ORIGIN
from tests.attacks import guessing

TRIES = 1000
"""Enough to notice a second guess; `python -m tests.attacks.guessing` has 20,000."""

_P = 2**255 - 19
_A = 486662
_ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the curve's large group: a prime, so that every point of it but one generates it."""


@pytest.mark.attack(52)
def test_a_relay_that_guesses_at_either_end_hits_as_often_as_by_chance() -> None:
    found = guessing.hits(TRIES, seed=7)
    assert guessing.is_chance(found, TRIES), found


@pytest.mark.attack(52)
def test_who_knows_the_secret_hits_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "_secret", lambda _draw: "00000042")
    assert guessing.hits(20, seed=7) == 20
    assert not guessing.is_chance(3 * guessing.SPACE // 100, guessing.SPACE)


@pytest.mark.attack(53)
def test_every_guess_explains_a_recorded_share_so_none_can_be_ruled_out() -> None:
    """Each share is a point of the one large group, and each guess's g generates that group.

    So for every guess there is a scalar that gives the very shares that were recorded: they tell
    no guess from another, whatever is computed from them.
    """
    code = Code("4821", "00000421")
    for _ in range(3):
        s = Entering(code, ORIGIN, os.urandom)
        g_share, _ = PublishedCode(code, guessing._shown(os.urandom)).answer(
            s.sid, s.share, os.urandom
        )
        for share in (s.share, g_share):
            assert _is_on_curve(share)
            assert _times(_ORDER, share) is None, "no part of low order"
            assert _times(8, share) is not None
        for secret in random.sample(range(guessing.SPACE), 40):
            guess = Code("4821", f"{secret:08}")
            g = cpace.generator(_inputs(guess, ORIGIN, s.sid), os.urandom)
            assert _is_on_curve(g), "not on the twist, where its shares would be recognised"
            assert _times(8, g) is not None, "the cofactor, which is in every scalar, leaves it"
            assert _times(8 * _ORDER, g) is None


def _is_on_curve(u: bytes) -> bool:
    x = int.from_bytes(u, "little")
    return pow(x * (x * x + _A * x + 1) % _P, (_P - 1) // 2, _P) <= 1


def _times(scalar: int, u: bytes) -> int | None:
    """Multiply a point by any number: RFC 7748's ladder without its clamping.

    Returns:
        The u-coordinate, or ``None`` for the neutral element.
    """
    x1 = int.from_bytes(u, "little") % _P
    x2, z2, x3, z3 = 1, 0, x1, 1
    for bit in f"{scalar:b}":
        if bit == "1":
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        e, da, cb = a * a - b * b, d * a, c * b
        x3, z3 = (da + cb) ** 2 % _P, x1 * (da - cb) ** 2 % _P
        x2, z2 = a * a * b * b % _P, e * (a * a + 121665 * e) % _P
        if bit == "1":
            x2, z2, x3, z3 = x3, z3, x2, z2
    return None if z2 % _P == 0 else x2 * pow(z2, _P - 2, _P) % _P
