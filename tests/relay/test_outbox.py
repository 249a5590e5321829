import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from certrelay.limits import KIB
from certrelay.wire.close import CloseCode
from relay.ledger import Ledger
from relay.outbox import MAX_CONTROL_WAITING, Outbox
from relay.settings import AdmissionLimits, SocketLimits
from tests.relay.fakes import FakeTransport, new_outbox

LIMITS = SocketLimits(outbox_bytes=10, slow_reader_s=0.05, close_s=0.05)
PATIENT = SocketLimits(outbox_bytes=10)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


def deaf(limits: SocketLimits = PATIENT) -> tuple[Outbox, FakeTransport]:
    """An outbox whose device does not read."""
    transport = FakeTransport(reads=False)
    return new_outbox(limits, transport), transport


def let_read(outbox: Outbox, transport: FakeTransport, count: int) -> list[object]:
    """Let the device take so many things, and no more."""
    taken: list[object] = []
    while len(taken) < count:
        transport.is_writable = True
        outbox._write_next()
        taken += transport.take(1)
    transport.is_writable = False
    return taken


def test_everything_comes_out_in_order_and_the_close_last() -> None:
    async def work() -> None:
        outbox, transport = deaf()
        outbox.put("one")
        outbox.put_sealed(b"two")
        outbox.put("three")
        outbox.put_close(CloseCode.NORMAL)
        assert outbox.ending
        outbox.put("after the end")
        assert outbox.put_sealed(b"after the end") is None
        outbox.put_close(CloseCode.REPLACED)
        transport.is_writable = True
        outbox.flush()
        assert transport.written == ["one", b"two", "three", CloseCode.NORMAL]

    run(work())


def test_a_device_that_reads_gets_everything_at_once() -> None:
    async def work() -> None:
        transport = FakeTransport()
        outbox = new_outbox(PATIENT, transport)
        outbox.put("one")
        assert outbox.put_sealed(bytes(100)) is None
        assert transport.written == ["one", bytes(100)]

    run(work())


def test_a_full_outbox_makes_the_sender_wait_until_there_is_room() -> None:
    async def work() -> None:
        outbox, transport = deaf(SocketLimits(outbox_bytes=1000))
        assert outbox.put_sealed(bytes(600)) is None
        wait = outbox.put_sealed(bytes(600))  # one message is always let in
        assert wait is not None
        outbox.put("control does not wait")
        assert not wait.done()
        assert let_read(outbox, transport, 1) == [bytes(600)]
        assert wait.done()
        assert let_read(outbox, transport, 2) == [bytes(600), "control does not wait"]
        assert not transport.cuts

    run(work())


def test_a_sender_that_waits_for_a_device_goes_on_when_it_is_gone() -> None:
    async def work() -> None:
        outbox, _ = deaf()
        wait = outbox.put_sealed(bytes(10))
        assert wait is not None
        outbox.discard()
        await wait

    run(work())


def test_a_message_that_is_only_offered_is_dropped_where_there_is_no_room() -> None:
    async def work() -> None:
        outbox, transport = deaf()
        assert outbox.offer_sealed(bytes(9))
        assert outbox.offer_sealed(bytes(1))
        assert not outbox.offer_sealed(bytes(1)), "full"
        assert let_read(outbox, transport, 2) == [bytes(9), bytes(1)]
        assert outbox.offer_sealed(bytes(2)), "there is room again"
        outbox.put_close(CloseCode.NORMAL)
        assert not outbox.offer_sealed(b"")
        assert let_read(outbox, transport, 2) == [bytes(2), CloseCode.NORMAL]

    run(work())


def test_nothing_is_written_to_a_socket_that_is_gone() -> None:
    async def work() -> None:
        outbox, transport = deaf(LIMITS)
        assert not outbox.dropped
        outbox.put("too late")
        outbox.put_close(CloseCode.NORMAL)
        outbox.discard()
        transport.is_writable = True
        await asyncio.sleep(2 * LIMITS.close_s)
        outbox.flush()
        assert not transport.written
        assert not transport.cuts, "it is gone already"

    run(work())


def test_a_device_that_leaves_too_many_control_messages_unread_is_cut_off() -> None:
    async def work() -> None:
        outbox, transport = deaf()
        for _ in range(MAX_CONTROL_WAITING):
            outbox.put("x")
        assert not transport.cuts
        assert let_read(outbox, transport, 1) == ["x"]
        outbox.put("x")
        assert not transport.cuts
        outbox.put("one too many")
        assert transport.cuts

    run(work())


def test_a_device_that_does_not_take_its_close_is_cut_off() -> None:
    async def work() -> None:
        outbox, transport = deaf(SocketLimits(close_s=0.01))
        outbox.put_close(CloseCode.NORMAL)
        assert not transport.cuts
        while not transport.cuts:
            await asyncio.sleep(0.01)

    run(work())


# --- how long something may wait ---


@pytest.mark.attack(74)
def test_a_device_that_takes_nothing_in_time_is_cut_off() -> None:
    async def work() -> None:
        outbox, transport = deaf(LIMITS)
        wait = outbox.put_sealed(bytes(10))
        assert wait is not None
        await wait
        assert transport.cuts
        assert outbox.dropped

    run(work())


@pytest.mark.attack(74)
def test_a_trickle_of_reading_does_not_hold_up_the_limit() -> None:
    """What waited at first must be taken in time, though a little always is."""

    async def work() -> None:
        outbox, transport = deaf(SocketLimits(outbox_bytes=64 * KIB, slow_reader_s=0.2))
        for _ in range(64):
            outbox.put_sealed(bytes(1 * KIB))
        while not transport.cuts:
            let_read(outbox, transport, 1)
            await asyncio.sleep(0.02)
        assert outbox.dropped

    run(work())


@pytest.mark.attack(74)
def test_what_lies_in_the_transport_counts_too() -> None:
    async def work() -> None:
        outbox, transport = deaf(LIMITS)
        transport.unwritten = 5
        outbox.start_watch()
        while not transport.cuts:
            await asyncio.sleep(0.01)

    run(work())


@pytest.mark.attack(74)
def test_a_device_that_is_slow_but_takes_what_waited_is_not_cut_off() -> None:
    async def work() -> None:
        outbox, transport = deaf(LIMITS)
        outbox.put_sealed(bytes(10))
        for _ in range(10):
            outbox.put_sealed(bytes(10))
            let_read(outbox, transport, 1)
            await asyncio.sleep(LIMITS.slow_reader_s / 3)
        assert not transport.cuts
        let_read(outbox, transport, 1)

    run(work())


# --- what all together may hold ---


@pytest.mark.attack(74)
def test_all_sockets_together_hold_no_more_than_a_bound() -> None:
    async def work() -> None:
        ledger = Ledger(AdmissionLimits(waiting_bytes=1000, waiting_bytes_per_address=400))
        sockets = []
        for n in range(20):
            transport = FakeTransport(reads=False)
            address = f"198.51.100.{n % 5}"
            account = ledger.open(address, transport.cut_off)
            outbox = Outbox(SocketLimits(), transport, account)
            sockets.append((outbox, transport))
            outbox.put_sealed(bytes(99))
            assert ledger.total <= 1000
        cut = [transport.cuts for _, transport in sockets]
        assert 0 < sum(cut) < 20
        for outbox, _ in sockets:
            outbox.discard()
        assert ledger.total == 0

    run(work())


@pytest.mark.attack(74)
def test_one_address_that_holds_too_much_loses_its_own_largest() -> None:
    async def work() -> None:
        ledger = Ledger(AdmissionLimits(waiting_bytes=1000, waiting_bytes_per_address=300))
        other, small, large = (FakeTransport(reads=False) for _ in range(3))
        for transport, address, size in (
            (other, "198.51.100.1", 290),
            (large, "198.51.100.2", 200),
            (small, "198.51.100.2", 110),
        ):
            account = ledger.open(address, transport.cut_off)
            Outbox(SocketLimits(), transport, account).put_sealed(bytes(size))
        assert (other.cuts, small.cuts, large.cuts) == (0, 0, 1)

    run(work())


@pytest.mark.attack(74)
def test_newcomers_are_refused_and_nobody_is_read_for_a_slow_one_before_that() -> None:
    async def work() -> None:
        ledger = Ledger(AdmissionLimits(waiting_bytes=1000, waiting_bytes_per_address=900))
        transport = FakeTransport(reads=False)
        outbox = Outbox(SocketLimits(), transport, ledger.open("198.51.100.1", transport.cut_off))
        assert ledger.admits("198.51.100.2")
        assert outbox.put_sealed(bytes(510)) is None, "its sender may go on"
        assert not ledger.admits("198.51.100.2")
        assert outbox.put_sealed(bytes(300)) is not None
        assert not transport.cuts

    run(work())
