import asyncio
from collections.abc import Coroutine
from typing import Any

from certrelay.wire.close import CloseCode
from relay.outbox import MAX_CONTROL_WAITING, Outbox
from relay.settings import SocketLimits

LIMITS = SocketLimits(outbox_bytes=10, slow_reader_s=0.05, close_s=0.05)
PATIENT = SocketLimits(outbox_bytes=10)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


class Cut:
    """Remembers whether the socket was cut off."""

    def __init__(self) -> None:
        self.off = asyncio.Event()

    def __call__(self) -> None:
        self.off.set()


async def _read(outbox: Outbox, count: int) -> list[object]:
    return [await outbox.next() for _ in range(count)]


def test_everything_comes_out_in_order_and_the_close_last() -> None:
    async def work() -> None:
        outbox = Outbox(PATIENT, Cut())
        outbox.put("one")
        await outbox.put_sealed(b"two")
        outbox.put("three")
        outbox.put_close(CloseCode.NORMAL)
        assert outbox.ending
        outbox.put("after the end")
        await outbox.put_sealed(b"after the end")
        outbox.put_close(CloseCode.REPLACED)
        assert await _read(outbox, 4) == ["one", b"two", "three", CloseCode.NORMAL]
        waiting = asyncio.create_task(outbox.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()

    run(work())


def test_a_reader_that_waits_is_woken() -> None:
    async def work() -> None:
        outbox = Outbox(PATIENT, Cut())
        reading = asyncio.create_task(_read(outbox, 2))
        await asyncio.sleep(0)
        outbox.put("one")
        await asyncio.sleep(0)
        outbox.put("two")
        assert await reading == ["one", "two"]

    run(work())


def test_a_full_outbox_makes_the_sender_wait_until_there_is_room() -> None:
    async def work() -> None:
        cut = Cut()
        outbox = Outbox(PATIENT, cut)
        await outbox.put_sealed(bytes(6))
        await outbox.put_sealed(bytes(6))  # one message is always let in
        third = asyncio.create_task(outbox.put_sealed(bytes(1)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not third.done()
        outbox.put("control does not wait")
        assert await outbox.next() == bytes(6)
        await third
        assert await _read(outbox, 3) == [bytes(6), "control does not wait", bytes(1)]
        assert not cut.off.is_set()

    run(work())


def test_a_device_that_makes_no_room_in_time_is_cut_off() -> None:
    async def work() -> None:
        cut = Cut()
        outbox = Outbox(LIMITS, cut)
        await outbox.put_sealed(bytes(10))
        await outbox.put_sealed(bytes(10))
        assert cut.off.is_set()
        assert outbox.dropped

    run(work())


def test_a_sender_that_waits_for_a_device_goes_on_when_it_is_gone() -> None:
    async def work() -> None:
        outbox = Outbox(PATIENT, Cut())
        await outbox.put_sealed(bytes(10))
        waiting = asyncio.create_task(outbox.put_sealed(bytes(1)))
        await asyncio.sleep(0)
        outbox.discard()
        await waiting

    run(work())


def test_a_message_that_is_only_offered_is_dropped_where_there_is_no_room() -> None:
    async def work() -> None:
        outbox = Outbox(PATIENT, Cut())
        assert outbox.offer_sealed(bytes(9))
        assert outbox.offer_sealed(bytes(1))
        assert not outbox.offer_sealed(bytes(1)), "full"
        assert await _read(outbox, 2) == [bytes(9), bytes(1)]
        assert outbox.offer_sealed(bytes(2)), "there is room again"
        outbox.put_close(CloseCode.NORMAL)
        assert not outbox.offer_sealed(b"")
        assert await _read(outbox, 2) == [bytes(2), CloseCode.NORMAL]

    run(work())


def test_nothing_is_written_to_a_socket_that_is_gone() -> None:
    async def work() -> None:
        cut = Cut()
        outbox = Outbox(LIMITS, cut)
        assert not outbox.dropped
        outbox.put("too late")
        outbox.put_close(CloseCode.NORMAL)
        outbox.discard()
        waiting = asyncio.create_task(outbox.next())
        await asyncio.sleep(2 * LIMITS.close_s)
        assert not waiting.done()
        assert not cut.off.is_set(), "it is gone already"
        waiting.cancel()

    run(work())


def test_a_device_that_leaves_too_many_control_messages_unread_is_cut_off() -> None:
    async def work() -> None:
        cut = Cut()
        outbox = Outbox(PATIENT, cut)
        for _ in range(MAX_CONTROL_WAITING):
            outbox.put("x")
        assert not cut.off.is_set()
        assert await outbox.next() == "x"
        outbox.put("x")
        assert not cut.off.is_set()
        outbox.put("one too many")
        assert cut.off.is_set()

    run(work())


def test_a_device_that_does_not_take_its_close_is_cut_off() -> None:
    async def work() -> None:
        cut = Cut()
        Outbox(LIMITS, cut).put_close(CloseCode.NORMAL)
        assert not cut.off.is_set()
        await cut.off.wait()

    run(work())
