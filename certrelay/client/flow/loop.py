"""One driver over real connections: the loop around what is pure.

Long because one loop waits for everything, and a second file would be a second place that does.

The loop waits for the relay, for the person's lines and for the clock at once, and is the only
place that does.
"""

import select
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar

from certrelay import limits
from certrelay.client.dialling import Dial, Dialling
from certrelay.client.link import ConnectionLostError, Link
from certrelay.client.terminal.lines import Lines
from certrelay.client.terminal.report import Report
from certrelay.endpoint import events
from certrelay.errors import RelayUnreachable
from certrelay.frozen import frozen

FIRST_DIAL_S: Final = 10.0
"""Seconds to reach the relay for the first time, TLS and upgrade included."""

NEXT_DIAL_S: Final = 6.0
"""The same after a loss: another try may find another way, a slow mobile link needs two."""


class Connect(Protocol):
    """As `certrelay.client.dialling.Dialling`."""

    def __call__(self, origin: str, now: float, *, timeout_s: float) -> Dial:
        """Begin to connect."""


@frozen
class Shell:
    """What a session needs of the world around it."""

    report: Report
    lines: Lines
    random: Callable[[float, float], float]
    """A random wait between two bounds, in seconds."""

    clock: Callable[[], float] = time.monotonic
    connect: Connect = Dialling
    """Begins a connection to the relay; the simulation has its own."""


class Driver(Protocol):
    """What decides: `certrelay.endpoint.Endpoint`, or one who enters a typed code."""

    @property
    def wants_connection(self) -> bool:
        """Whether to connect, if there is no connection."""

    def take(self, now: float) -> list[events.Command | events.Event]:
        """Give what is to be done and to be told, in order; `Ended` comes last."""

    def deadline(self) -> float | None:
        """The time at which ``tick`` is due."""

    def connected(self, now: float) -> None:
        """A socket to the relay is open."""

    def connection_lost(self, now: float) -> None:
        """The socket is gone, or could not be opened again."""

    def receive_text(self, text: str, now: float) -> None:
        """Take a text message of the relay."""

    def receive_binary(self, message: bytes, now: float) -> None:
        """Take a sealed message."""

    def tick(self, now: float) -> None:
        """Time has passed."""

    def interrupt(self, now: float) -> None:
        """Something outside ends this program."""


DriverKind = TypeVar("DriverKind", bound=Driver)


class Loop(Generic[DriverKind]):
    """Runs one driver to its end.

    Args:
        endpoint: The driver.
        origin: The relay.
        shell: The world around it.
    """

    def __init__(self, endpoint: DriverKind, origin: str, shell: Shell) -> None:
        self.endpoint: Final = endpoint
        self._origin: Final = origin
        self._lines: Final = shell.lines
        self._random: Final = shell.random
        self._clock: Final = shell.clock
        self._connect: Final = shell.connect
        self._link: Link | None = None
        self._dial: Dial | None = None
        self._connect_at = 0.0
        self._has_connected = False
        self._ended: events.Ended | None = None
        self._orders: deque[events.Command | events.Event] = deque()
        self.ticking: Callable[[float], None] | None = None
        """Called about once a second while it is set: a countdown."""

    # --- what a session adds ---

    def stop_asking(self) -> None:
        """Withdraw an unanswered question: here there is none."""

    def _answer(self) -> None:
        """Take a line that was typed: here nobody asks for one."""
        self._lines.drain()

    def _on_event(self, event: events.Event) -> None:
        """Tell what happened: here only the end counts."""

    # --- from the first connection to the end ---

    def now(self) -> float:
        """Seconds on the monotonic clock."""
        return self._clock()

    def run(self) -> events.Ended:
        """Go on until the driver has ended.

        Raises:
            RelayUnreachable: If the relay could never be reached.
        """
        try:
            while self._ended is None:
                self._keep_connected()
                self.carry_out()
                if self._ended is None:
                    self._wait()
            self._say_farewell()
        finally:
            self.stop_asking()
            self._hang_up()
        return self._ended

    # --- the connection ---

    def _keep_connected(self) -> None:
        """Begin a connection where one is wanted, and take the one that has been made."""
        now = self.now()
        if self._dial is None:
            if self._link or not self.endpoint.wants_connection or now < self._connect_at:
                return
            longest = NEXT_DIAL_S if self._has_connected else FIRST_DIAL_S
            self._dial = self._connect(self._origin, now, timeout_s=longest)
        try:
            self._link = self._dial.take(now)
        except RelayUnreachable:
            self._dial = None
            if not self._has_connected:
                raise
            self._lost()
            return
        if self._link is not None:
            self._dial = None
            self._has_connected = True
            self.endpoint.connected(self.now())

    def _lost(self) -> None:
        self._hang_up()
        now = self.now()
        self._connect_at = now + self._random(*limits.RECONNECT_S)
        self.endpoint.connection_lost(now)

    def _hang_up(self) -> None:
        if self._dial is not None:
            self._dial.abandon()
            self._dial = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def _say_farewell(self) -> None:
        """Let what was sent last arrive: the relay closes when it has taken it."""
        end, is_hurried = self.now() + limits.LEAVE_WAIT_S, False
        link = self._link
        while link is not None:
            if self._lines.interrupts.asked and not is_hurried:
                end, is_hurried = min(end, self.now() + limits.INTERRUPTED_WAIT_S), True
            if (left := end - self.now()) <= 0:
                return
            readers: list[Link | Lines] = [link, self._lines]
            writers = [link] if link.has_to_write else []
            # Never longer than that: Windows takes Ctrl-C only between two waits.
            left = 0.0 if link.has_to_read else min(left, limits.INTERRUPTED_WAIT_S)
            readable, writable, _ = select.select(readers, writers, [], left)
            if self._lines in readable:
                self._lines.drain()
            try:
                if writable:
                    link.flush()
                if link in readable or link.has_to_read:
                    link.receive(self.now())
            except ConnectionLostError:
                return

    # --- one turn of the loop ---

    def carry_out(self) -> None:
        """Do what the driver has ordered up to now."""
        while True:
            # One queue: a part that hears an event may call this, and the order stays.
            self._orders.extend(self.endpoint.take(self.now()))
            if not self._orders:
                return
            match output := self._orders.popleft():
                case events.SendText() | events.SendBinary():
                    self._send(output)
                case events.HangUp():
                    self._lost()
                case events.Ended():
                    self._ended = output
                    self.stop_asking()
                case _:
                    self._on_event(output)

    def _send(self, output: events.SendText | events.SendBinary) -> None:
        # With no link the message is lost like any other: the driver repeats what matters.
        if self._link is None:
            return
        try:
            if isinstance(output, events.SendText):
                self._link.send_text(output.text)
            else:
                self._link.send_binary(output.message)
        except ConnectionLostError:
            self._lost()

    def _wait(self) -> None:
        readers: list[Link | Lines | Dial] = [self._lines]
        writers: list[Link] = []
        # Never longer than a second: Windows takes Ctrl-C only between two waits.
        timeout = min(1.0, max(0.0, self._due() - self.now()))
        if self._dial is not None:
            readers.append(self._dial)
        if self._link is not None:
            readers.append(self._link)
            writers += [self._link] if self._link.has_to_write else []
            timeout = 0.0 if self._link.has_to_read else timeout
        readable, writable, _ = select.select(readers, writers, [], timeout)
        self._act(readable, writable)

    def _due(self) -> float:
        """When there is something to do, if nothing happens before."""
        due = [self.endpoint.deadline()]
        if self._link is not None:
            due.append(self._link.deadline())
        elif self._dial is not None:
            due.append(self._dial.deadline())
        elif self.endpoint.wants_connection:
            due.append(self._connect_at)
        if self.ticking is not None:
            due.append(self.now() + 1.0)
        return min((at for at in due if at is not None), default=self.now() + 1.0)

    def _act(self, readable: list[Any], writable: list[Any]) -> None:
        """Use what the wait has brought."""
        self._interrupt()
        self._use_link(readable, writable)
        if self._lines in readable:
            self._answer()
        now = self.now()
        self.endpoint.tick(now)
        if self.ticking is not None:
            self.ticking(now)

    def _interrupt(self) -> None:
        if self._lines.interrupts.asked and self._ended is None:
            self.stop_asking()
            self.endpoint.interrupt(self.now())

    def _use_link(self, readable: list[Any], writable: list[Any]) -> None:
        link = self._link
        if link is None:
            return
        try:
            if link in writable:
                link.flush()
            is_readable = link in readable or link.has_to_read
            received = link.receive(self.now()) if is_readable else []
            link.keep_alive(self.now())
        except ConnectionLostError:
            self._lost()
            return
        for message in received:
            if isinstance(message, str):
                self.endpoint.receive_text(message, self.now())
            else:
                self.endpoint.receive_binary(message, self.now())
            # At once, since an acknowledgement answers each message by itself.
            self.carry_out()
            if self._link is not link:
                return
