"""The opening alone, both ends: what it takes, answers again, drops and refuses."""

import os

import pytest

from certrelay.e2e.handshake import Scanned, ScanSecrets, Showing, ShowSecrets
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint.opening import OpeningStep, ScanOpening, ShowOpening
from certrelay.errors import TrustError
from certrelay.frozen import replace
from certrelay.testkit.pair import ORIGIN, PC_HELLO, PHONE_HELLO
from certrelay.wire.ids import Token

Ends = tuple[ShowOpening, ScanOpening]
DROPPED = OpeningStep()
S_HELLO = replace(PHONE_HELLO, token_hash=Token(bytes(16)).hashed)


def ends() -> Ends:
    secrets = ShowSecrets.fresh(os.urandom)
    qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
    scanned = Scanned(ScanSecrets.fresh(os.urandom), qr, S_HELLO.to_bytes())
    return ShowOpening(Showing(secrets, qr), PC_HELLO.to_bytes()), ScanOpening(scanned)


def test_each_end_learns_the_others_hello_and_the_same_keys_and_the_last_is_acknowledged() -> None:
    g, s = ends()
    answered = g.receive(s.repeats)
    (m2,) = answered.send
    opened = s.receive(m2)
    finished = g.receive(s.repeats)
    assert (answered.hello, opened.hello) == (S_HELLO, PC_HELLO)
    assert opened.keys is not None
    assert finished.keys is not None
    assert opened.keys.number == finished.keys.number
    assert (opened.keys.send, opened.keys.receive) == (finished.keys.receive, finished.keys.send)
    assert opened.send == (s.repeats,)
    assert finished.acknowledge


def test_what_comes_again_is_answered_again_and_gives_nothing_new() -> None:
    g, s = ends()
    m1 = s.repeats
    first, again = g.receive(m1), g.receive(m1)
    assert again == OpeningStep(send=first.send)
    s.receive(first.send[0])
    assert s.receive(first.send[0]) == DROPPED
    g.receive(s.repeats)
    assert g.receive(s.repeats) == OpeningStep(acknowledge=True)


def test_a_second_m1_or_m3_that_differs_is_dropped() -> None:
    g, s = ends()
    m2 = g.receive(s.repeats).send[0]
    assert g.receive(s.repeats[:-1] + b"\0") == DROPPED
    s.receive(m2)
    g.receive(s.repeats)
    assert g.receive(s.repeats[:-1] + b"\0") == DROPPED


def test_an_m3_without_an_m1_opens_nothing() -> None:
    g, _ = ends()
    with pytest.raises(TrustError) as caught:
        g.receive(b"\x03" + bytes(40))
    assert caught.value.code == "m3_open"


@pytest.mark.parametrize("at", [0, 1], ids=["G", "S"])
@pytest.mark.parametrize("carrier", [0x10, 0x11])
def test_what_is_sealed_comes_too_early_and_is_dropped(at: int, carrier: int) -> None:
    assert ends()[at].receive(bytes([carrier]) + bytes(40)) == DROPPED


@pytest.mark.parametrize("at", [0, 1], ids=["G", "S"])
@pytest.mark.parametrize("message", [b"", b"\x00", b"\x04", b"\xff\x01"])
def test_no_message_and_an_unknown_one_are_refused(at: int, message: bytes) -> None:
    with pytest.raises(TrustError) as caught:
        ends()[at].receive(message)
    assert caught.value.code == "carrier_type"


@pytest.mark.parametrize(("at", "carrier"), [(0, 0x02), (1, 0x01), (1, 0x03)])
def test_a_message_for_the_other_end_is_refused(at: int, carrier: int) -> None:
    with pytest.raises(TrustError) as caught:
        ends()[at].receive(bytes([carrier]) + bytes(40))
    assert caught.value.code == "carrier_type"
