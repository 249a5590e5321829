"""Connections between devices and relay nodes: slow, cut, half-open, stalled, never reordered.

A connection carries whole WebSocket messages.  What TCP promises holds here too: each way
is in order, and what was sent before a polite close arrives.  What it does not promise is
what the faults are made of: that the other end, or anybody, notices a loss.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, cast

from websockets.client import ClientProtocol
from websockets.protocol import State

from certrelay.client.link import ConnectionLostError, Link
from certrelay.wire.close import CloseCode
from relay.ledger import Account
from relay.session import ConnectionSession
from tests.simulation.loop import VirtualLoop

RELAY_NOTICES_S = 80.0
"""Seconds until the relay's pings tell that a socket is dead: one interval and the patience."""

Message = str | bytes
_PONG = None
_END = 0


@dataclass(slots=True)
class Way:
    """How a device is connected at the time."""

    latency_s: float
    jitter_s: float
    bytes_per_s: float
    stalled_until: float = 0.0
    """Nothing moves before; nothing is lost either."""


class SimLink(Link):
    """The device's end: the real `Link`, with messages in place of its socket's bytes."""

    state = State.OPEN
    """It is its own protocol: the real keep-alive asks for this, and sends its pings here."""

    def __init__(self, wire: "Wire", now: float) -> None:
        super().__init__(cast(Any, None), cast(ClientProtocol, self), now)
        self._wire = wire
        self._inbox: list[Message | int | None] = []

    def fileno(self) -> int:
        return -1

    @property
    def has_to_write(self) -> bool:
        return False

    def send_text(self, text: str) -> None:
        self._wire.send_up(text)

    def send_binary(self, message: bytes) -> None:
        self._wire.send_up(message)

    def send_ping(self, _data: bytes) -> None:
        self._wire.ping()

    def flush(self) -> None:
        """Nothing waits here."""

    def receive(self, now: float) -> list[Message]:
        inbox, self._inbox = self._inbox, []
        if inbox and inbox[0] == _END:
            self._inbox = inbox
            raise ConnectionLostError
        self._heard(now)
        if _END in inbox:
            at = inbox.index(_END)
            inbox, self._inbox = inbox[:at], inbox[at:]
        messages = [message for message in inbox if isinstance(message, str | bytes)]
        if not messages and self._inbox:
            raise ConnectionLostError
        return messages

    def close(self) -> None:
        self._wire.close_up()

    def put(self, message: Message | int | None) -> None:
        """A message, a pong or the end has arrived."""
        self._inbox.append(message)
        self._wire.wake()

    @property
    def is_readable(self) -> bool:
        """Whether `receive` has something to give."""
        return bool(self._inbox)


class SimSocket:
    """The relay's end: a `relay.socket.Transport`."""

    speaks = True
    unwritten = 0

    def __init__(self, wire: "Wire") -> None:
        self._wire = wire
        self._dead = False
        self._closed = False
        self._inbox: deque[Message] = deque()
        """What has come while the session was busy."""

        self._session: ConnectionSession | None = None

    def attach(self, session: ConnectionSession, account: Account, early: bytes) -> None:
        self._session = session

    def put(self, message: Message) -> None:
        """A message has arrived."""
        if not self._dead:
            self._inbox.append(message)
            self.resume_reading()

    def resume_reading(self) -> None:
        session = self._session
        assert session is not None
        while self._inbox and session.pending is None:
            session.receive(self._inbox.popleft())
        if self._dead and not self._inbox:
            session.lost()

    def die(self) -> None:
        """The socket is gone, and the relay knows."""
        if not self._dead:
            self._dead = True
            self.resume_reading()

    cut_off = die

    @property
    def is_writable(self) -> bool:
        return not (self._dead or self._closed)

    def write(self, item: Message | CloseCode) -> None:
        if isinstance(item, CloseCode):
            self._closed = True
            self._wire.close_down(int(item))
            self.die()
        else:
            self._wire.send_down(item)


class Wire:
    """One connection.

    Args:
        loop: The world's.
        way: The device's; it may change while the connection stands.
        draw: This connection's own chance.
        wake: Called when the device's end has become readable.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        way: Way,
        draw: Random,
        wake: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._way = way
        self._draw = draw
        self.wake = wake
        self.link = SimLink(self, loop.time())
        self.socket = SimSocket(self)
        self.watch: Callable[[Message], None] = lambda _message: None
        """Sees each message that the device sends."""

        self._sent_at = [0.0, 0.0]
        self._arrives_at = [0.0, 0.0]
        self._under_way: tuple[deque[Callable[[], None]], ...] = (deque(), deque())
        self._up = True
        self._down = True
        self._closed = False

    # --- what the ends do ---

    def send_up(self, message: Message) -> None:
        self.watch(message)
        self._carry(0, message, lambda: self.socket.put(message))

    def send_down(self, message: Message) -> None:
        self._carry(1, message, lambda: self.link.put(message))

    def ping(self) -> None:
        """The relay answers by itself, where both ways are open."""
        self._carry(0, b"", lambda: self._carry(1, b"", lambda: self.link.put(_PONG)))

    def close_up(self) -> None:
        """The device closes; what it sent before arrives."""
        if not self._closed:
            self._closed = True
            self._carry(0, b"", self.socket.die)

    def close_down(self, _code: int) -> None:
        """The relay closes; what it sent before arrives."""
        self._carry(1, b"", lambda: self.link.put(_END))

    def _carry(self, way: int, message: Message, arrive: Callable[[], None]) -> None:
        if not self._is_open(way):
            return
        begins = max(self._loop.time(), self._sent_at[way], self._way.stalled_until)
        sent = self._sent_at[way] = begins + len(message) / self._way.bytes_per_s
        latency = self._way.latency_s + self._draw.random() * self._way.jitter_s
        at = self._arrives_at[way] = max(self._arrives_at[way], sent + latency)
        # Timers of one moment have no order of their own: the queue has.
        self._under_way[way].append(arrive)
        self._loop.call_at(at, self._arrive, way)

    def _arrive(self, way: int) -> None:
        arrive = self._under_way[way].popleft()
        # What was under way when the connection broke is lost.
        if self._is_open(way):
            arrive()

    def _is_open(self, way: int) -> bool:
        return self._down if way else self._up

    # --- faults ---

    def cut(self, device_notices_s: float | None, relay_notices_s: float | None) -> None:
        """Break the connection.

        Args:
            device_notices_s: Seconds until the device is told; ``None``: never.
            relay_notices_s: The same for the relay, whose pings find out in any case.
        """
        self._up = self._down = False
        if device_notices_s is not None:
            self._loop.call_later(device_notices_s, self.link.put, _END)
        if relay_notices_s is None:
            relay_notices_s = RELAY_NOTICES_S * (0.75 + 0.25 * self._draw.random())
        self._loop.call_later(relay_notices_s, self.socket.die)

    def deafen(self, *, up: bool) -> None:
        """Lose everything one way from now on; the relay's pings find out in the end."""
        if up:
            self._up = False
        else:
            self._down = False
        after = RELAY_NOTICES_S * (0.75 + 0.25 * self._draw.random())
        self._loop.call_later(after, self._give_up)

    def _give_up(self) -> None:
        if self._down:
            self.close_down(1006)
        self.socket.die()
