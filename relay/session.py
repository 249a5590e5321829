"""One socket's talk with the relay, as calls: while nothing is said, no coroutine waits.

A text message is talk with the relay, a binary message is talk with the other end and is
passed on unread.  What a device says is acted upon in its order, one message after the other,
and all of it before the end of its socket, whatever the relay waits for meanwhile.

Source: docs/protocol.md §4.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

from certrelay.errors import ProtocolError
from certrelay.wire.close import CloseCode
from certrelay.wire.ids import AccessKeyHash, Role
from certrelay.wire.messages import (
    Create,
    Enter,
    FromDevice,
    KnockAnswer,
    Leave,
    Publish,
    Published,
    Refused,
    Resume,
    decode_from_device,
    encode,
)
from certrelay.wire.service import ServicePolicy
from relay import journal, outbox
from relay.admission import AddressLimiter
from relay.hub import Hub, Line, Seat, is_probe
from relay.ledger import Ledger
from relay.outbox import Pending
from relay.settings import SocketLimits

_LEAVE: Final = encode(Leave())


class Transport(outbox.Transport, Protocol):
    """A socket that calls its session; see `relay.websocket`."""

    def resume_reading(self) -> None:
        """Read on: the session is not busy any more."""


class Keeper(Protocol):
    """What all sessions of a process share; see `relay.socket.Sockets`."""

    hub: Hub
    """The home of the rooms."""

    admission: AddressLimiter
    """Counts requests by address."""

    ledger: Ledger
    """Says whether there is memory for newcomers."""

    limits: SocketLimits
    service: ServicePolicy
    """Says who may open rooms; may be exchanged while the relay runs."""

    draining: bool
    """Whether newcomers are sent elsewhere."""

    def leave(self, session: "ConnectionSession") -> None:
        """Hear once that a socket is gone, and all that it said is done."""


class ConnectionSession:
    """What one socket says, and what becomes of it.

    Args:
        keeper: What all sessions share.
        line: The socket as the hub sees it.
        transport: The socket itself.
        key: The hash of the operator's key that was shown with the upgrade.
    """

    __slots__ = (
        "_idle",
        "_inbox",
        "_is_ended",
        "_is_left",
        "_is_lost",
        "_keeper",
        "_key",
        "_transport",
        "line",
        "pending",
    )

    def __init__(
        self, keeper: Keeper, line: Line, transport: Transport, key: AccessKeyHash | None = None
    ) -> None:
        self._keeper: Final = keeper
        self._key: Final = key
        self.line: Final = line
        self._transport: Final = transport
        line.renew = self.start_idle_timer
        self._idle: asyncio.TimerHandle | None = None
        self._inbox: deque[str | bytes] | None = None
        """What was said while the session was busy."""

        self.pending: Pending = None
        """What the relay waits for before it acts on more; the transport reads no more then."""

        self._is_lost = False
        self._is_ended = False
        """Whether the hub knows that this socket speaks for nobody."""

        self._is_left = False
        """Whether its keeper knows that it is gone."""

    def start_idle_timer(self) -> None:
        """Give the device its time for the next message; it does not apply inside a room."""
        self._stop_idle_timer()
        if self.line.seat is None and not self.line.outbox.ending:
            loop = asyncio.get_running_loop()
            limits = self._keeper.limits
            idle_s = limits.code_wait_s if self.line.is_waiting else limits.first_message_s
            self._idle = loop.call_later(idle_s, self.line.close, CloseCode.TIMEOUT)

    def _stop_idle_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def receive(self, message: str | bytes) -> None:
        """Take what the device says next."""
        if self.pending is not None:
            if self._inbox is None:
                self._inbox = deque()
            self._inbox.append(message)
            return
        self._take(message)
        if self.pending is not None:
            self.pending.add_done_callback(self._go_on)
        elif self.line.outbox.ending:
            self._end()

    def flush(self) -> None:
        """Write what waits: the device reads again."""
        self.line.outbox.flush()

    def stall(self) -> None:
        """Note that the device does not take what is written to it."""
        self.line.outbox.start_watch()

    def lost(self, *, for_good: bool = False) -> None:
        """Note that the socket is gone; what it said before is still acted upon.

        Args:
            for_good: Whether it was closed as "going away" (1001): S's page was closed or loaded
                anew, and nobody is left who could come back.
        """
        if self._is_lost:
            return
        seat = self.line.seat
        if for_good and seat is not None and seat.role is Role.S:
            self.receive(_LEAVE)
        self._is_lost = True
        self.line.outbox.discard()
        if self.pending is None:
            self._end()

    def _go_on(self, pending: asyncio.Future[None]) -> None:
        """Act on what was said meanwhile, up to where it must wait again."""
        self.pending = None
        if not pending.cancelled() and (fault := pending.exception()) is not None:
            self._fail(fault)
        self.start_idle_timer()
        while self._inbox and self.pending is None:
            self._take(self._inbox.popleft())
        if self.pending is not None:
            self.pending.add_done_callback(self._go_on)
            return
        self._inbox = None
        if self.line.outbox.ending:
            self._end()
        if not self._is_lost:
            self._transport.resume_reading()

    def _end(self) -> None:
        """Tell the hub, and once the socket is gone its keeper, that this is over."""
        self._stop_idle_timer()
        if not self._is_ended:
            self._is_ended = True
            try:
                self.pending = self._keeper.hub.lost(self.line)
            except Exception as fault:
                journal.write_fault(fault)
            if self.pending is not None:
                self.pending.add_done_callback(self._go_on)
                return
        if self._is_lost and not self._is_left:
            self._is_left = True
            self.line.renew = lambda: None  # else the two hold each other
            self._keeper.leave(self)

    def _take(self, message: str | bytes) -> None:
        """Act on one message; what is none, or has no place here, ends the socket."""
        line = self.line
        if line.is_closed or self._is_ended:
            return
        try:
            if isinstance(message, bytes):
                if line.seat is None:
                    raise ProtocolError("bad_message")
                self.pending = self._keeper.hub.carry(line, message)
                return
            self._stop_idle_timer()
            self.pending = self._act(decode_from_device(message))
        except ProtocolError:
            line.refuse(Refused("bad_message"))
        except Exception as fault:
            self._fail(fault)
        if self.pending is None:
            self.start_idle_timer()

    def _fail(self, fault: BaseException) -> None:
        """Let a fault of ours end this socket, and no other."""
        journal.write_fault(fault)
        self.line.outbox.give_up()

    def _act(self, message: FromDevice) -> Pending:
        """Act on a control message.

        Raises:
            ProtocolError: ``bad_message``, if it has no place here.
        """
        line = self.line
        if line.is_waiting:
            raise ProtocolError("bad_message")
        match message:
            case Leave():
                if line.seat is None:
                    raise ProtocolError("bad_message")
                return self._keeper.hub.leave(line)
            case Publish() | KnockAnswer():
                return self._act_for_g(message)
            case Enter():
                return self._enter(message)
        if line.seat not in (None, Seat.of(message)):
            raise ProtocolError("bad_message")
        line.is_probe = is_probe(message)
        is_new = not isinstance(message, Resume)
        if is_new and self._keeper.draining:
            noted = self._keeper.hub.lost(line)
            line.close(CloseCode.RESTART)
            return noted
        service = self._keeper.service
        if isinstance(message, Create) and not service.may_open(line.address, self._key):
            line.refuse(Refused("not_admitted"))
            return None
        retry_in_ms = self._keeper.admission.retry_after_ms(line.address)
        if retry_in_ms:
            line.refuse(Refused("rate_limited", retry_in_ms=retry_in_ms))
        elif is_new and not self._keeper.ledger.admits(line.address):
            line.refuse(Refused("try_later"))
        else:
            return self._keeper.hub.ask(line, message)
        return None

    def _act_for_g(self, message: Publish | KnockAnswer) -> Pending:
        """Publish a typed code's lobby, or answer who knocked at it."""
        line = self.line
        if line.seat is None or line.seat.role is not Role.G:
            raise ProtocolError("bad_message")
        if isinstance(message, KnockAnswer):
            return self._keeper.hub.answer(line, message)
        if self._keeper.admission.retry_after_ms(line.address):
            line.outbox.put(encode(Published(None)))  # no error: that would cost a QR code
            return None
        return self._keeper.hub.publish(line)

    def _enter(self, message: Enter) -> Pending:
        """Look whether a typed code leads anywhere; nobody is told how far the look went."""
        line, keeper = self.line, self._keeper
        if line.seat is not None or line.has_entered:
            raise ProtocolError("bad_message")
        if keeper.draining:
            line.close(CloseCode.RESTART)
            return None
        if keeper.hub.closed is not None:
            line.refuse(keeper.hub.closed)
            return None
        retry_in_ms = max(
            keeper.admission.retry_after_ms(line.address),
            keeper.admission.enter_after_ms(line.address),
        )
        if retry_in_ms:
            line.refuse(Refused("rate_limited", retry_in_ms=retry_in_ms))
        elif not keeper.ledger.admits(line.address):
            line.refuse(Refused("try_later"))
        else:
            return keeper.hub.enter(line, message)
        return None
