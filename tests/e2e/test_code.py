"""The typed code: the pinned values of docs/protocol.md §10, one fault each, one guess each."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from certrelay.e2e import cpace
from certrelay.e2e.code import Code, Entering, PublishedCode
from certrelay.e2e.handshake import Scanned, ScanSecrets
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, Payload, QrCode
from certrelay.errors import CertRelayError, StateError, TrustError
from certrelay.wire.ids import Token
from tests.e2e.test_vectors import FOLDER, raw

Vector = dict[str, Any]
VECTORS: dict[str, Any] = json.loads((FOLDER / "crp1-code.json").read_text("utf-8"))
DRAFT: Vector = VECTORS["draft"]
EXCHANGES: list[Vector] = VECTORS["exchanges"]
QR = QrCode(
    Origin.parse("https://relay.example.kr/"),
    Payload(Direction.TO_PC, False, bytes(range(1, 33)), bytes(range(32))),
)


def faults(layer: str) -> list[Any]:
    found = [v for v in VECTORS["negative"] if v["layer"] == layer]
    return [pytest.param(vector, id=vector["name"]) for vector in found]


def drawing(*values: bytes) -> Callable[[int], bytes]:
    """Draw these values, and after them what only blinds."""
    left = list(values)

    def random(size: int) -> bytes:
        value = left.pop(0) if left else hashlib.sha256(bytes([size, len(left)])).digest()[:size]
        assert len(value) == size
        return value

    return random


def entering(vector: Vector) -> Entering:
    code = Code.parse(vector["code"])
    random = drawing(raw(vector, "sid"), raw(vector, "ya"))
    return Entering(code, Origin.parse(vector["origin"]), random)


def test_the_vectors_are_all_there() -> None:
    counts = [len(VECTORS[part]) for part in ("map", "exchanges", "negative")]
    assert counts == [13, 7, 231]
    assert len(DRAFT["points"]) == 12


def test_the_drafts_exchange_gives_its_values() -> None:
    inputs = cpace.Inputs(
        raw(DRAFT, "prs"),
        raw(DRAFT, "ci"),
        raw(DRAFT, "sid"),
        (raw(DRAFT, "ada"), raw(DRAFT, "adb")),
    )
    assert cpace.generator_string(inputs) == raw(DRAFT, "generator_string")
    assert cpace.generator(inputs, drawing()) == raw(DRAFT, "g")
    a = cpace.Exchange(inputs, initiates=True, random=drawing(raw(DRAFT, "ya")))
    b = cpace.Exchange(inputs, initiates=False, random=drawing(raw(DRAFT, "yb")))
    assert (a.share, b.share) == (raw(DRAFT, "share_a"), raw(DRAFT, "share_b"))
    assert a.finish(b.share) == b.finish(a.share) == raw(DRAFT, "isk")


@pytest.mark.attack(61)
@pytest.mark.parametrize("point", DRAFT["points"], ids=lambda point: point["u"][:16])
def test_a_share_of_low_order_is_refused_and_any_other_taken(point: Vector) -> None:
    scalar, u = raw(DRAFT, "scalar"), raw(point, "u")
    if point["q"] is None:
        with pytest.raises(TrustError, match="low_order"):
            cpace.x25519(scalar, u)
    else:
        assert cpace.x25519(scalar, u) == raw(point, "q")


@pytest.mark.parametrize("vector", VECTORS["map"], ids=lambda vector: vector["u"][:16])
def test_the_map_gives_the_pinned_points(vector: Vector) -> None:
    assert cpace.map_to_curve(raw(vector, "u"), drawing()) == raw(vector, "g")


@pytest.mark.attack(62)
def test_the_maps_powers_get_another_base_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    bases: list[int] = []

    def watched(base: int, exponent: int, modulus: int) -> int:
        bases.append(base % modulus)
        return pow(base, exponent, modulus)

    monkeypatch.setattr(cpace, "pow", watched, raising=False)
    vector = VECTORS["map"][0]
    for turn in range(50):
        random = drawing(*(hashlib.sha256(bytes([turn, part])).digest() for part in range(2)))
        assert cpace.map_to_curve(raw(vector, "u"), random) == raw(vector, "g")
    assert len(bases) == len(set(bases)) == 100


@pytest.mark.attack(59)
@pytest.mark.parametrize("vector", EXCHANGES, ids=lambda vector: vector["name"])
def test_an_exchange_gives_the_pinned_bytes(vector: Vector) -> None:
    code = Code.parse(vector["code"])
    assert (code.lobby, code.secret, code.shown) == (
        vector["lobby"],
        vector["secret"],
        vector["code"],
    )
    qr = QrCode.from_url(vector["url"])
    assert qr.payload.to_bytes() == raw(vector, "payload")
    s = entering(vector)
    assert (s.lobby, s.sid, s.share) == (
        vector["lobby"],
        raw(vector, "sid"),
        raw(vector, "share_s"),
    )
    answer = PublishedCode(code, qr).answer(s.sid, s.share, drawing(raw(vector, "yb")))
    assert answer == (raw(vector, "share_g"), raw(vector, "sealed"))
    assert s.open(*answer) == qr


@pytest.mark.parametrize("vector", faults("typed"))
def test_what_is_typed_is_a_code_or_refused(vector: Vector) -> None:
    if vector["expect"] == "ok":
        code = Code.parse(vector["typed"])
        assert (code.lobby, code.secret) == (vector["lobby"], vector["secret"])
    else:
        with pytest.raises(CertRelayError, match=vector["expect"]):
            Code.parse(vector["typed"])


@pytest.mark.attack(57, 58, 59, 60, 61)
@pytest.mark.parametrize("vector", faults("s"))
def test_s_opens_what_its_g_sealed_and_nothing_else(vector: Vector) -> None:
    s = entering(vector)
    share, sealed = (raw(vector["answer"], key) for key in ("share", "sealed"))

    def go_on() -> None:
        qr = s.open(share, sealed)
        Scanned(ScanSecrets(bytes(range(32)), bytes(32), Token(bytes(16))), qr, b"{}")

    if vector["expect"] == "ok":
        go_on()
    else:
        with pytest.raises(CertRelayError) as refused:
            go_on()
        assert refused.value.code == vector["expect"]


@pytest.mark.attack(58, 61)
@pytest.mark.parametrize("vector", faults("g"))
def test_g_answers_one_knock(vector: Vector) -> None:
    payload = Payload.from_bytes(raw(vector, "payload"))
    qr = QrCode(Origin.parse(vector["origin"]), payload)
    published = PublishedCode(Code(vector["lobby"], vector["secret"]), qr)
    for knock in vector["knocks"]:
        told = (raw(knock, "sid"), raw(knock, "share"), drawing(raw(vector, "yb")))
        match knock["expect"]:
            case "ok":
                share, sealed = published.answer(*told)
                assert {"share": share.hex(), "sealed": sealed.hex()} == knock["answer"]
            case "code_used":
                with pytest.raises(StateError):
                    published.answer(*told)
            case word:
                with pytest.raises(TrustError, match=word):
                    published.answer(*told)


@pytest.mark.attack(53)
def test_a_recording_tells_no_guess_from_another() -> None:
    """Without K, both a right and a wrong guess of the secret explain what travelled equally.

    What somebody records are the sid, two shares and the sealed payload.  For every guess there
    is a scalar that gives S's share, so the share alone excludes none; that the key needs K is
    seen by trying every guess with all that was recorded.
    """
    code = Code("4821", "77301946")
    s = Entering(code, QR.origin, drawing(bytes(16), bytes(range(32))))
    share, sealed = PublishedCode(code, QR).answer(s.sid, s.share, drawing(bytes(range(1, 33))))
    for guess in ("77301946", "00000000", "12345678"):
        watcher = Entering(Code("4821", guess), QR.origin, drawing(s.sid, bytes(range(2, 34))))
        with pytest.raises(TrustError, match="code_open"):
            watcher.open(share, sealed)


@pytest.mark.attack(53)
def test_a_knock_tests_one_guess_and_no_second() -> None:
    published = PublishedCode(Code("4821", "77301946"), QR)
    s = Entering(Code("4821", "00000000"), QR.origin, drawing(bytes(16), bytes(range(32))))
    answer = published.answer(s.sid, s.share, drawing(bytes(range(1, 33))))
    with pytest.raises(TrustError, match="code_open"):
        s.open(*answer)
    # The same answer tells nothing about a second guess, and G gives no second answer.
    second = Entering(Code("4821", "77301946"), QR.origin, drawing(s.sid, bytes(range(32))))
    with pytest.raises(TrustError, match="code_open"):
        second.open(*answer)
    with pytest.raises(StateError):
        published.answer(second.sid, second.share, drawing(bytes(range(1, 33))))
    with pytest.raises(StateError):
        s.open(*answer)


def test_a_fresh_secret_is_uniform_and_keeps_its_zeros() -> None:
    too_large = (42 * 10**8).to_bytes(4, "big")
    assert Code.fresh("0042", drawing(too_large, bytes(4))).shown == "0042 0000 0000"
    assert Code.fresh("0042", drawing((42 * 10**8 - 1).to_bytes(4, "big"))).secret == "99999999"


def test_nothing_secret_is_shown() -> None:
    code = Code("4821", "77301946")
    s = Entering(code, QR.origin, drawing(bytes(16), bytes(range(32))))
    inputs = cpace.Inputs(b"77301946", b"", b"", (b"", b""))
    for value in (code, s, PublishedCode(code, QR), inputs, s._exchange):
        assert "7730" not in repr(value)
