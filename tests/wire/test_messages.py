import json
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.errors import ProtocolError
from certrelay.limits import MAX_CONTROL_BYTES, MAX_INTEGER, MAX_VERSION_TEXT
from certrelay.testkit import malformed
from certrelay.wire import messages
from certrelay.wire.close import AFTER_CLOSED, AFTER_ERROR
from certrelay.wire.ids import (
    JoinSecret,
    LobbyDigits,
    Role,
    RoomId,
    SealedPayload,
    Share,
    Sid,
    Token,
    TokenHash,
)
from certrelay.wire.messages import (
    Closed,
    Create,
    Created,
    Join,
    Leave,
    Paired,
    PeerBack,
    PeerGone,
    Refused,
    Resume,
    Resumed,
    SecondScan,
    decode_from_device,
    decode_from_relay,
    encode,
)
from certrelay.wire.release import Version

rooms = st.builds(RoomId, st.binary(min_size=32, max_size=32))
hashes = st.builds(TokenHash, st.binary(min_size=32, max_size=32))
tokens = st.builds(Token, st.binary(min_size=16, max_size=16))
secrets = st.builds(JoinSecret, st.binary(min_size=16, max_size=16))
lobbies = st.from_regex(r"[0-9]{4,6}", fullmatch=True).map(LobbyDigits)
sids = st.builds(Sid, st.binary(min_size=16, max_size=16))
shares = st.builds(Share, st.binary(min_size=32, max_size=32))
payloads = st.builds(SealedPayload, st.binary(min_size=81, max_size=81))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_VERSION_TEXT)
integers = st.integers(0, MAX_INTEGER)
versions = st.sampled_from(["G5.0", "I5.10.2", "14", "P0.0.0.1"]).map(Version.parse)

from_device = st.one_of(
    st.builds(Create, rooms, hashes, st.none() | hashes),
    st.builds(Join, secrets, hashes, texts, texts, texts),
    st.builds(Resume, rooms, st.sampled_from(Role), tokens),
    st.sampled_from([Leave(), messages.Publish()]),
    st.builds(messages.Enter, lobbies, sids, shares),
    st.builds(messages.KnockAnswer, shares, payloads),
)
from_relay = st.one_of(
    st.builds(Created, integers, st.booleans()),
    st.builds(messages.Published, st.none() | lobbies),
    st.builds(messages.Knock, sids, shares),
    st.builds(messages.KnockAnswer, shares, payloads),
    st.builds(Paired, integers),
    st.builds(Resumed, st.booleans(), integers),
    st.sampled_from([PeerBack(), PeerGone(), SecondScan()]),
    st.builds(Closed, st.sampled_from(get_args(messages.ClosedReason))),
    st.builds(
        Refused,
        st.sampled_from(get_args(messages.ErrorCode)),
        st.none() | versions,
        st.none() | versions,
        st.none() | integers,
    ),
)
CREATE = {"type": "create", "room": "00" * 32, "token_hash": "11" * 32}
JOIN = {
    "type": "join",
    "join": "00" * 16,
    "token_hash": "11" * 32,
    "platform": "android",
    "app_version": "G5.0",
    "os_version": "14",
}
TOKEN = Token(b"\x22" * 16)
HASH = TOKEN.hashed.hex
RESUME = {"type": "resume", "room": "00" * 32, "role": "g", "token": "22" * 16}


def is_bad(decode: Callable[[str], object], text: str) -> bool:
    try:
        decode(text)
    except ProtocolError as error:
        return error.code == "bad_message"
    return False


@given(from_device)
def test_what_a_device_says_is_understood(message: messages.FromDevice) -> None:
    assert decode_from_device(encode(message)) == message


@given(from_relay)
def test_what_the_relay_says_is_understood(message: messages.FromRelay) -> None:
    text = encode(message)
    assert decode_from_relay(text) == message
    assert len(text.encode()) < 400, "far below the limit"


def test_a_message_looks_as_the_specification_writes_it() -> None:
    assert encode(Join(JoinSecret(bytes(16)), TokenHash(b"\x11" * 32), *("a", "b", "c"))) == (
        '{"type":"join","join":"00000000000000000000000000000000",'
        f'"token_hash":"{"11" * 32}","platform":"a","app_version":"b","os_version":"c"}}'
    )
    assert encode(Resume(RoomId(bytes(32)), Role.S, Token(bytes(16)))) == (
        f'{{"type":"resume","room":"{"00" * 32}","role":"s","token":"{"00" * 16}"}}'
    )
    assert encode(Resumed(True, 7)) == '{"type":"resumed","peer":"here","expires_in_ms":7}'
    assert encode(Resumed(False, 0)) == '{"type":"resumed","peer":"gone","expires_in_ms":0}'
    assert encode(Closed("left")) == '{"type":"closed","reason":"left"}'
    low = Refused("version_too_low", Version.parse("G4.9"), Version.parse("G5.0"))
    assert encode(low) == (
        '{"type":"error","code":"version_too_low","found":"G4.9","needed":"G5.0"}'
    )


@pytest.mark.parametrize("good", [CREATE, JOIN, RESUME])
def test_each_key_is_needed_and_has_one_type(good: dict[str, str]) -> None:
    assert not is_bad(decode_from_device, json.dumps(good))
    for key, right in good.items():
        without = {name: value for name, value in good.items() if name != key}
        assert is_bad(decode_from_device, json.dumps(without)), f"without {key}"
        others: list[object] = [None, 1, True, [], {}, [right], 1.5]
        for wrong in others:
            assert is_bad(decode_from_device, json.dumps(good | {key: wrong})), f"{key}: {wrong}"
        twice = json.dumps(good)[:-1] + f',"{key}":"{right}"}}'
        assert is_bad(decode_from_device, twice), f"{key} twice"


@pytest.mark.parametrize("good", [CREATE, JOIN, RESUME, {"type": "leave"}])
def test_unknown_keys_are_passed_over(good: dict[str, str]) -> None:
    more = good | {"new": {"a": [1, "b"]}}
    assert decode_from_device(json.dumps(more)) == decode_from_device(json.dumps(good))


@pytest.mark.parametrize(
    "fields",
    [
        CREATE | {"room": "00" * 31},
        CREATE | {"room": "0A" * 32},
        CREATE | {"token_hash": "11" * 33},
        CREATE | {"peer_token_hash": "11" * 31},
        CREATE | {"peer_token_hash": ""},
        CREATE | {"token": "22" * 16},
        CREATE | {"token_hash": HASH, "token": "22" * 15},
        CREATE | {"token_hash": HASH, "token": "23" * 16},
        CREATE | {"token_hash": HASH, "token": None},
        JOIN | {"token": "22" * 16},
        JOIN | {"token_hash": HASH, "token": "22" * 17},
        JOIN | {"token_hash": HASH, "token": "23" * 16},
        JOIN | {"token_hash": HASH, "token": None},
        JOIN | {"join": "00" * 32},
        JOIN | {"platform": "x" * (MAX_VERSION_TEXT + 1)},
        JOIN | {"app_version": "x" * (MAX_VERSION_TEXT + 1)},
        JOIN | {"os_version": "x" * (MAX_VERSION_TEXT + 1)},
        RESUME | {"role": "G"},
        RESUME | {"role": ""},
        RESUME | {"role": "r"},
        RESUME | {"token": "zz" * 16},
        {"type": "created", "expires_in_ms": 1},
        {"type": "Create"},
        {"type": ""},
        {"type": "x" * 33},
        {},
    ],
)
def test_a_field_out_of_its_form_is_a_bad_message(fields: dict[str, object]) -> None:
    assert is_bad(decode_from_device, json.dumps(fields))


@pytest.mark.attack(67)
@pytest.mark.parametrize("good", [CREATE, JOIN])
def test_a_repeated_greeting_shows_the_token_of_its_hash(good: dict[str, str]) -> None:
    message = decode_from_device(json.dumps(good | {"token_hash": HASH, "token": "22" * 16}))
    assert isinstance(message, Create | Join)
    assert message.token == TOKEN
    assert decode_from_device(encode(message)) == message
    first = decode_from_device(json.dumps(good | {"token_hash": HASH}))
    assert isinstance(first, Create | Join)
    assert first.token is None
    other = good | {"token_hash": HASH, "token": "23" * 16}
    assert is_bad(decode_from_device, json.dumps(other)), "another end's token"


def test_versions_at_join_may_be_any_short_text() -> None:
    odd = JOIN | {"platform": "", "app_version": "💾" * MAX_VERSION_TEXT, "os_version": "\u0000"}
    message = decode_from_device(json.dumps(odd, ensure_ascii=False).replace("\x00", "\\u0000"))
    assert isinstance(message, Join)
    assert (message.platform, message.os_version) == ("", "\x00")


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "created"},
        {"type": "created", "expires_in_ms": "1"},
        {"type": "created", "expires_in_ms": True},
        {"type": "created", "expires_in_ms": -1},
        {"type": "created", "expires_in_ms": MAX_INTEGER + 1},
        {"type": "resumed", "peer": "Here", "expires_in_ms": 1},
        {"type": "resumed", "peer": True, "expires_in_ms": 1},
        {"type": "closed", "reason": "because"},
        {"type": "closed"},
        {"type": "error", "code": "unheard_of"},
        {"type": "error", "code": "version_too_low", "found": "https://evil.example/"},
        {"type": "error", "code": "version_too_low", "needed": "G5.0\n"},
        {"type": "error", "code": "version_too_low", "needed": 5},
        {"type": "error", "code": "rate_limited", "retry_in_ms": -1},
        CREATE,
        {"type": "leave"},
    ],
)
def test_a_relay_that_says_something_else_is_not_understood(fields: dict[str, object]) -> None:
    assert is_bad(decode_from_relay, json.dumps(fields))


@pytest.mark.attack(14)
def test_a_message_fits_into_one_kib_of_utf8_and_not_one_byte_more() -> None:
    base = len(json.dumps(JOIN | {"more": ""}))
    for filling in ("x", "가"):
        width = len(filling.encode())
        count, rest = divmod(MAX_CONTROL_BYTES - base, width)
        fits = json.dumps(JOIN | {"more": filling * count + "x" * rest}, ensure_ascii=False)
        assert len(fits.encode()) == MAX_CONTROL_BYTES
        assert not is_bad(decode_from_device, fits)
        assert is_bad(decode_from_device, fits.replace("G5.0", "G5.00"))


@pytest.mark.attack(44)
@pytest.mark.parametrize("decode", [decode_from_device, decode_from_relay])
@given(text=st.text() | st.from_regex(r'\{"type":"[a-z_]+"(,"[a-z_]+":("[^"]*"|[0-9]+))*\}'))
def test_any_text_is_a_message_or_a_bad_one(decode: Callable[[str], object], text: str) -> None:
    message: object = None
    if not is_bad(decode, text):
        message = decode(text)
        assert message is not None
    known = messages.FromDevice if decode is decode_from_device else messages.FromRelay
    assert message is None or isinstance(message, known)


def test_every_error_and_every_reason_has_its_close_code() -> None:
    assert {*AFTER_ERROR, "peer_not_ready"} == set(get_args(messages.ErrorCode))
    assert set(AFTER_CLOSED) == set(get_args(messages.ClosedReason))


@pytest.mark.attack(33)
@given(from_device)
def test_the_look_of_a_message_shows_no_secret(message: messages.FromDevice) -> None:
    for value in (getattr(message, name, None) for name in ("join", "token", "token_hash")):
        if value is not None and set(value.raw) != {0}:
            assert value.hex not in repr(message)
            assert repr(value.raw) not in repr(message)


FOLDER = Path(__file__).parents[1] / "vectors"
CODE_VECTORS = json.loads((FOLDER / "crp1-code.json").read_text("utf-8"))
CODE_MESSAGES = [v for v in CODE_VECTORS["negative"] if v["layer"] == "message"]


SAID_BY = {
    "g": messages.Publish | messages.KnockAnswer,
    "s": messages.Enter,
    "relay to g": messages.Published | messages.Knock,
    "relay to s": messages.KnockAnswer,
}
"""Who says what; the reader takes either end's, `Endpoint`, `CodeEntry` and the relay their own."""


@pytest.mark.attack(65)
@pytest.mark.parametrize("vector", CODE_MESSAGES, ids=lambda vector: vector["name"])
def test_a_typed_codes_messages_are_read_by_the_vectors(vector: dict[str, str]) -> None:
    decode = decode_from_relay if vector["sent_by"].startswith("relay") else decode_from_device
    word = "ok"
    try:
        text = vector["text"] if "text" in vector else bytes.fromhex(vector["hex"]).decode()
        if not isinstance(decode(text), SAID_BY[vector["sent_by"]]):
            word = "bad_message"
    except (ProtocolError, UnicodeDecodeError):
        word = "bad_message"
    assert word == vector["expect"]


def test_a_typed_codes_messages_are_written_as_the_vectors_have_them() -> None:
    for exchange in CODE_VECTORS["exchanges"]:
        for message in exchange["messages"]:
            decode = (
                decode_from_relay if message["sent_by"].startswith("relay") else decode_from_device
            )
            assert encode(decode(message["text"])) == message["text"]


TEXT_MESSAGES = json.loads((FOLDER / "crp1-text.json").read_text("utf-8"))["messages"]


@pytest.mark.parametrize("vector", TEXT_MESSAGES, ids=lambda vector: vector["name"])
def test_text_messages_are_read_by_the_vectors(vector: dict[str, str]) -> None:
    decode = decode_from_relay if vector["sent_by"].startswith("relay") else decode_from_device
    word = "ok"
    try:
        decode(vector["text"])
    except ProtocolError as error:
        word = error.code
    assert word == vector["expect"]


def test_the_vectors_have_every_message_of_section_4() -> None:
    """Section 10's are in crp1-code.json."""
    said = {json.loads(each["text"])["type"] for each in TEXT_MESSAGES if each["expect"] == "ok"}
    ours = {*get_args(messages.FromDevice), *get_args(messages.FromRelay)}
    codes = {messages.Publish, messages.Enter, messages.KnockAnswer, messages.Published}
    assert len(said) == len(ours - codes - {messages.Knock})


@pytest.mark.parametrize("name", malformed.CONTROL_FROM_DEVICE)
def test_the_relay_reads_nothing_malformed(name: str) -> None:
    with pytest.raises(ProtocolError):
        messages.decode_from_device(malformed.CONTROL_FROM_DEVICE[name])
