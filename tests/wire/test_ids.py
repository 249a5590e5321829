import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.errors import ProtocolError
from certrelay.wire import ids
from certrelay.wire.ids import JoinSecret, Role, RoomId, Token, TokenHash

KINDS = (RoomId, JoinSecret, Token, TokenHash)
VECTORS = Path(__file__).parents[1] / "vectors" / "crp1.json"


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_hex_comes_back_as_the_same_bytes(kind: type[ids._Bytes], data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=kind.SIZE, max_size=kind.SIZE))
    value = kind(raw)
    assert value.hex == raw.hex()
    assert kind.from_hex(value.hex) == value
    assert hash(kind.from_hex(value.hex)) == hash(value)


@pytest.mark.parametrize("kind", KINDS)
def test_other_lengths_and_other_hex_are_bad_messages(kind: type[ids._Bytes]) -> None:
    good = "0a" * kind.SIZE
    bad = [
        "",
        good[:-1],
        good[:-2],
        good + "0a",
        good.upper(),
        good[:-1] + "g",
        good[:-1] + "\n",
        good[:-1] + " ",
        good[:-1] + "０",
        "0x" + good[2:],
        "-" + good[1:],
    ]
    for text in bad:
        with pytest.raises(ProtocolError, match="bad_message"):
            kind.from_hex(text)
    for size in (0, kind.SIZE - 1, kind.SIZE + 1):
        with pytest.raises(ProtocolError, match="bad_message"):
            kind(bytes(size))


@pytest.mark.attack(10)
@pytest.mark.parametrize("kind", KINDS)
def test_secrets_are_compared_in_constant_time(
    kind: type[ids._Bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes how long cannot be tested; that the library's comparison does it can."""
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def noted(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    one, other = bytes(kind.SIZE), bytes(kind.SIZE - 1) + b"x"
    assert kind(one) == kind(one)
    assert kind(one) != kind(other)
    assert compared == [(one, one), (one, other)]


def test_different_kinds_of_the_same_bytes_are_different() -> None:
    assert JoinSecret(bytes(16)) != Token(bytes(16))
    assert RoomId(bytes(32)) != TokenHash(bytes(32))


@pytest.mark.attack(33)
@pytest.mark.parametrize("kind", KINDS)
def test_the_look_of_an_id_tells_nothing_of_it(kind: type[ids._Bytes]) -> None:
    value = kind(b"\x5a" * kind.SIZE)
    for shown in (repr(value), str(value), f"{value}", f"{value!r}"):
        assert "5a" not in shown
        assert "Z" not in shown


def test_the_name_for_logs_is_six_digits_of_the_hash_of_the_room() -> None:
    room = RoomId(bytes(range(32)))
    assert room.log_name == hashlib.sha256(room.raw).hexdigest()[:6]
    assert room.log_name not in room.hex


def test_join_and_token_lead_to_room_and_hash_as_the_vectors_say() -> None:
    room, token = (
        hashlib.sha256(b"certrelay/1 " + label + raw).digest()
        for label, raw in ((b"room", bytes(16)), (b"token", bytes(16)))
    )
    assert JoinSecret(bytes(16)).room == RoomId(room)
    assert Token(bytes(16)).hashed == TokenHash(token)
    for vector in json.loads(VECTORS.read_text()):
        assert JoinSecret.from_hex(vector["join"]).room == RoomId.from_hex(vector["room"])


def test_the_other_of_each_role_is_the_other() -> None:
    assert Role.G.other is Role.S
    assert Role.S.other is Role.G
    assert [str(role) for role in Role] == ["g", "s"]
