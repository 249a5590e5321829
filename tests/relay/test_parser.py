"""One parser: the same bytes, cut anywhere, are what the library's own server makes of them."""

import asyncio
import os

import pytest
from websockets.frames import Frame, Opcode

from certrelay.limits import MAX_MESSAGE_BYTES
from certrelay.wire.messages import Created, Leave, Paired, encode
from relay.embedded import Running
from relay.websocket import _binary_frame
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.parsing import (
    Heard,
    count_garbled,
    cuts,
    frame,
    library_hears,
    open_connection,
    relay_hears,
)
from tests.relay.raw import RawSocket

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
CODES: tuple[int, ...] = (
    0,
    999,
    1000,
    1001,
    1002,
    1003,
    1004,
    1005,
    1006,
    1007,
    1011,
    1012,
    1015,
    1016,
    2999,
)
CODES += (3000, 4000, 4999, 5000, 65_535)


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2) + reason)


LARGE = {
    "the largest message": frame(BINARY, bytes(MAX_MESSAGE_BYTES)),
    "a message that is too large": frame(BINARY, bytes(MAX_MESSAGE_BYTES + 1)),
    "a length that is too large, and nothing of it": frame(BINARY, bytes(70_000))[:14],
    "a length with its highest bit": b"\x82\xff\x80" + bytes(7) + b"\x82\x85\x81\x80",
    "fragments that are too large together": (
        frame(BINARY, bytes(MAX_MESSAGE_BYTES), fin=False) + frame(CONT, b"x")
    ),
}

CASES = {
    **{f"{size} bytes": frame(BINARY, os.urandom(size)) for size in (0, 1, 2, 4, 124, 125)},
    **{f"{size} bytes": frame(BINARY, os.urandom(size)) for size in (126, 127, 128, 255, 256, 300)},
    "a text": frame(TEXT, b'{"type":"leave"}'),
    "a text in Korean": frame(TEXT, "인증서".encode()),
    "an empty text": frame(TEXT),
    "several at once": b"".join(frame(BINARY, bytes([n]) * n) for n in (3, 0, 130, 1)),
    "a text between": frame(BINARY, b"one") + frame(TEXT, b"two") + frame(BINARY, b"three"),
    **{
        f"the mask {mask.hex()}": frame(BINARY, b"\x82\x81\x80\x00payload", mask=mask) * 2
        for mask in (bytes(4), b"\xff" * 4, b"\x82\x80\x82\x80", b"\x82\x00\x00\x00", b"\x81" * 4)
    },
    "a length in 16 bits for 3": frame(BINARY, b"abc", length="16"),
    "a length in 64 bits for 3": frame(BINARY, b"abc", length="64"),
    "a length in 64 bits for 300": frame(BINARY, bytes(300), length="64"),
    # fragments
    "two fragments": frame(BINARY, b"in ", fin=False) + frame(CONT, b"two"),
    "empty fragments": frame(TEXT, fin=False) + frame(CONT, fin=False) + frame(CONT),
    "a text cut inside a letter": frame(TEXT, b"\xec\x9d", fin=False) + frame(CONT, b"\xb8"),
    "a ping between fragments": (
        frame(BINARY, b"a", fin=False) + frame(PING, b"?") + frame(CONT, b"b")
    ),
    "a close between fragments": frame(BINARY, b"a", fin=False) + close(1000) + frame(CONT, b"b"),
    "a message between fragments": frame(BINARY, b"a", fin=False) + frame(BINARY, b"b"),
    "a continuation of nothing": frame(CONT, b"a"),
    "a continuation after the last": (
        frame(BINARY, b"a", fin=False) + frame(CONT, b"b") + frame(CONT, b"c")
    ),
    "fragments without an end": frame(BINARY, b"a", fin=False),
    # control frames
    **{f"a ping of {size}": frame(PING, bytes(range(size))) for size in (0, 1, 125)},
    "a ping of 126": frame(PING, bytes(126)),
    "a ping in fragments": frame(PING, b"a", fin=False) + frame(CONT, b"b"),
    "a pong that nobody asked for": frame(PONG, b"hello") + frame(BINARY, b"after"),
    "a pong of 126": frame(PONG, bytes(126)),
    "pings around a message": frame(PING, b"1") + frame(BINARY, b"m") + frame(PING, b"2"),
    # closes
    **{f"a close with {code}": close(code) for code in CODES},
    "a close with a reason": close(4000, "끝".encode()),
    "a close with a reason that is not UTF-8": close(1000, b"\xff"),
    "a close with half a code": frame(CLOSE, b"\x03"),
    "a close without a code": frame(CLOSE),
    "a close of 126": close(1000, b"x" * 124),
    "a close in fragments": frame(CLOSE, b"\x03\xe8", fin=False),
    "a message after the close": close(1000) + frame(BINARY, b"too late"),
    # what is no frame
    **{f"the reserved bits {rsv}": frame(BINARY, b"abc", rsv=rsv) for rsv in (1, 2, 4, 7)},
    **{f"the opcode {code}": frame(code, b"abc") for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "no mask": frame(BINARY, b"abc", mask=None),
    "no mask after a good one": frame(BINARY, b"good") + frame(PING, mask=None),
    # ends
    "nothing": b"",
    "half a head": b"\x82",
    "a head": frame(BINARY, b"abc")[:2],
    "half a mask": frame(BINARY, b"abc")[:4],
    "half a message": frame(BINARY, b"abc")[:8],
    "a message and half of one": frame(BINARY, b"whole") + frame(BINARY, b"half")[:7],
    # not the same, and why
    "a text that is not UTF-8": frame(TEXT, b"\xff\xfe"),
}

DIFFERENT = {
    "a text that is not UTF-8": "it is no control message: `bad_message`, 4400 (protocol.md §4.4)",
    "a text that is not UTF-8, a close behind": "the same",
}
"""Where the relay does not do what the library's server does, each with its reason."""


def with_closes() -> dict[str, bytes]:
    """Each case, and each with a close right behind it."""
    behind = {f"{name}, a close behind": data + close(1000) for name, data in CASES.items()}
    return CASES | behind


@pytest.mark.attack(72)
@pytest.mark.parametrize("slow", [False, True], ids=["", "the session is busy after each"])
def test_bytes_cut_anywhere_are_what_the_librarys_server_makes_of_them(slow: bool) -> None:
    async def work() -> dict[str, tuple[Heard, Heard]]:
        cases = with_closes()
        expected = dict(zip(cases, await library_hears(cases.values()), strict=True))
        wrong = {}
        for name, data in cases.items():
            for parts in cuts(data):
                heard = await relay_hears(parts, slow=slow)
                if heard != expected[name]:
                    wrong[name] = (heard, expected[name])
                    break
        return wrong

    wrong = asyncio.run(work())
    assert wrong.keys() == DIFFERENT.keys(), {
        name: found for name, found in wrong.items() if name not in DIFFERENT
    }
    for (messages, _), (others, _) in wrong.values():
        assert (messages, others) == ([""], []), "only in what becomes of that text"


@pytest.mark.attack(14, 72)
def test_large_frames_are_what_the_librarys_server_makes_of_them() -> None:
    async def work() -> None:
        expected = await library_hears(LARGE.values())
        for (name, data), heard in zip(LARGE.items(), expected, strict=True):
            for size in (1000, 1024, 4096, 8192, 20_000, len(data)):
                parts = [data[at : at + size] for at in range(0, len(data), size)]
                assert await relay_hears(parts) == heard, name

    asyncio.run(work())


@pytest.mark.attack(73)
@pytest.mark.parametrize("count", [1, 3])
def test_what_has_come_is_heard_though_the_connection_is_gone_meanwhile(count: int) -> None:
    async def work() -> None:
        connection, _, session = open_connection(slow=True)
        connection.data_received(frame(BINARY, bytes(600)) * count)
        assert session.pending is not None, "the session is busy"
        connection.connection_lost(None)
        while not session.is_lost:
            await asyncio.sleep(0)
        assert session.messages == [bytes(600)] * count

    asyncio.run(work())


@pytest.mark.attack(72)
def test_of_many_frames_written_in_pieces_none_is_garbled() -> None:
    assert asyncio.run(count_garbled(20_000, seed=2)) == (20_000, 0)


@pytest.mark.attack(72)
@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("size", [4, 200])
def test_a_frame_that_is_cut_in_its_head_arrives_over_tcp(
    shared_relay: Running, connect: Connect, pair: Pair, cut: int, size: int
) -> None:
    """Behind each cut stands what looks like a whole small frame."""
    g = connect()
    assert isinstance(g.ask(pair.create), Created)
    masks = (b"\x82\x80\x82\x80", b"\x82\x81\x00\x82")
    messages = [(b"\x82\x80\x82\x80\x82\x80" * 40)[:size] for _ in masks]
    first, second = (
        frame(BINARY, each, mask=mask) for each, mask in zip(messages, masks, strict=True)
    )
    with RawSocket(shared_relay.port) as s:
        s.say(pair.join)
        assert isinstance(g.hear(), Paired)
        s.tcp.sendall(first[:cut])
        g.say(b"meanwhile")
        while b"meanwhile" not in s.read_some():
            pass
        s.tcp.sendall(first[cut:] + second)
        assert [g.hear(), g.hear()] == messages


@pytest.mark.attack(72)
def test_a_leave_in_the_same_segment_as_half_a_frame_is_no_sealed_message(
    shared_relay: Running, connect: Connect, pair: Pair
) -> None:
    g = connect()
    assert isinstance(g.ask(pair.create), Created)
    sealed = frame(BINARY, bytes(50), mask=b"\x82\x90\x11\x22")
    with RawSocket(shared_relay.port) as s:
        s.say(pair.join)
        assert isinstance(g.hear(), Paired)
        s.tcp.sendall(sealed[:2])
        g.say(b"meanwhile")
        while b"meanwhile" not in s.read_some():
            pass
        s.tcp.sendall(sealed[2:] + frame(TEXT, encode(Leave()).encode()))
        assert g.hear() == bytes(50)
        assert [str(each) for each in g.hear_all()] == ["Closed(reason='left')", "1000"]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 255, 256, 1058, 16_674, MAX_MESSAGE_BYTES])
def test_a_sealed_message_is_written_as_the_library_would(size: int) -> None:
    message = os.urandom(size)
    assert _binary_frame(message) == Frame(Opcode.BINARY, message).serialize(mask=False)
