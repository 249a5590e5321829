"""Each stage of the handshake is used once, and every byte of it counts."""

import os

import pytest

from certrelay.e2e.handshake import Answered, Scanned, ScanSecrets, Showing, ShowSecrets
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.errors import StateError, TrustError

ORIGIN = Origin.parse("https://relay.example.kr/")


def begin() -> tuple[Showing, Scanned]:
    secrets = ShowSecrets.fresh(os.urandom)
    qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
    return Showing(secrets, qr), Scanned(ScanSecrets.fresh(os.urandom), qr, b"s" * 512)


def answered() -> tuple[Answered, Scanned]:
    showing, scanned = begin()
    return showing.accept(scanned.m1, b"g" * 512), scanned


def test_both_ends_know_the_same_and_each_sends_with_its_own_key() -> None:
    answer, scanned = answered()
    m3, keys_s, hello = scanned.finish(answer.m2)
    keys_g = answer.finish(m3)
    assert hello == b"g" * 512
    assert answer.peer_hello == b"s" * 512
    assert (keys_s.number, keys_s.send, keys_s.th) == (keys_g.number, keys_g.receive, keys_g.th)
    assert keys_s.send != keys_s.receive
    assert keys_s.number.isdigit()
    assert len(keys_s.number) == 6


@pytest.mark.attack(8)
def test_a_code_is_burnt_by_the_first_message_that_opens() -> None:
    showing, scanned = begin()
    showing.accept(scanned.m1, b"")
    with pytest.raises(StateError):
        showing.accept(scanned.m1, b"")


def test_each_end_finishes_once() -> None:
    answer, scanned = answered()
    m3, _, _ = scanned.finish(answer.m2)
    answer.finish(m3)
    with pytest.raises(StateError):
        answer.finish(m3)
    with pytest.raises(StateError):
        scanned.finish(answer.m2)


@pytest.mark.attack(45)
def test_garbage_is_counted_and_the_third_burns_the_code() -> None:
    showing, scanned = begin()
    for garbage in (b"", os.urandom(593)):
        with pytest.raises(TrustError, match="m1_open"):
            showing.accept(garbage, b"")
    with pytest.raises(TrustError, match="m1_tries"):
        showing.accept(bytes(593), b"")
    with pytest.raises(StateError):
        showing.accept(scanned.m1, b"")


@pytest.mark.attack(45)
def test_two_bad_messages_leave_the_code_good() -> None:
    showing, scanned = begin()
    for _ in range(2):
        with pytest.raises(TrustError, match="m1_open"):
            showing.accept(os.urandom(593), b"")
    showing.accept(scanned.m1, b"")


@pytest.mark.attack(1)
def test_every_byte_of_m1_counts() -> None:
    secrets = ShowSecrets.fresh(os.urandom)
    qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
    m1 = Scanned(ScanSecrets.fresh(os.urandom), qr, b"s" * 512).m1
    for at in range(len(m1)):
        changed = bytearray(m1)
        changed[at] ^= 0x80
        with pytest.raises(TrustError, match="m1_open"):
            Showing(secrets, qr).accept(bytes(changed), b"")
    Showing(secrets, qr).accept(m1, b"")


@pytest.mark.attack(6)
def test_who_opens_another_random_value_than_promised_is_caught() -> None:
    """A man in the middle who sees nG first cannot choose nS to fit a number."""
    secrets = ShowSecrets.fresh(os.urandom)
    qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
    scanned = Scanned(ScanSecrets.fresh(os.urandom), qr, b"")
    answer = Showing(secrets, qr).accept(scanned.m1, b"")
    scanned._ns = os.urandom(32)  # type: ignore[misc]
    m3, _, _ = scanned.finish(answer.m2)
    with pytest.raises(TrustError, match="commitment"):
        answer.finish(m3)
