"""Relay nodes: the real sockets, hub and rules of `relay`, with a bus between two of them.

One node keeps its rooms in its own memory and loses them with itself.  Two nodes share one
home of rooms, as they would share a Redis: what it decides happens at once, what it says
reaches the sockets of a node over a bus, late, and sealed messages not for certain.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

from certrelay.wire.close import CloseCode
from certrelay.wire.messages import Enter, KnockAnswer, Refused
from relay.admission import AddressLimiter
from relay.hub import Line, Request
from relay.hub_memory import MemoryHub
from relay.ledger import Ledger
from relay.outbox import Outbox, Pending
from relay.settings import Settings
from relay.socket import Sockets
from tests.simulation.loop import VirtualLoop
from tests.simulation.network import Wire

_ANSWER_S = 0.002
"""Seconds that a home takes which answers late."""


@dataclass(slots=True)
class Mischief:
    """What the relay does wrong, in chances per message; the budget ends it."""

    drop: float = 0.0
    double: float = 0.0
    delay: float = 0.0
    """So that later messages overtake this one."""
    alter: float = 0.0
    budget: int = 0
    """How many messages it may still touch."""

    forged: set[bytes] = field(default_factory=set)
    """What it has altered, as it was passed on."""

    def strikes(self, chance: float, draw: Random) -> bool:
        """Tell whether to do it now."""
        if not chance or self.budget <= 0 or draw.random() >= chance:
            return False
        self.budget -= 1
        return True


class Bus:
    """A hub as one node sees it: asks the home at once, hears from it by messages.

    Args:
        hub: Where the rooms are.
        delay_s: The longest time that a message takes; 0 for a node that is the home itself.
        mischief: What befalls sealed messages.
        late_answers: Whether the home takes a while.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        hub: MemoryHub,
        delay_s: float,
        mischief: Mischief,
        draw: Random,
        *,
        late_answers: bool,
    ) -> None:
        self._loop = loop
        self._hub = hub
        self._delay_s = delay_s
        self._mischief = mischief
        self._draw = draw
        self._late_answers = late_answers
        self._far: dict[Line, _FarLine] = {}
        self.down = False
        """A node that is down tells the home nothing, not even that its sockets are gone."""

    def ask(self, line: Line, request: Request) -> Pending:
        if not self.down:
            self._hub.ask(self._line(line), request)
        return self._after_a_while()

    def carry(self, line: Line, sealed: bytes) -> Pending:
        if self.down:
            return None
        if self._mischief.strikes(self._mischief.drop, self._draw):
            return None
        if self._mischief.strikes(self._mischief.alter, self._draw):
            at = self._draw.randrange(len(sealed))
            sealed = sealed[:at] + bytes([sealed[at] ^ 1 << at % 8]) + sealed[at + 1 :]
            self._mischief.forged.add(sealed)
        if self._mischief.strikes(self._mischief.double, self._draw):
            self._hub.carry(self._line(line), sealed)
        if self._mischief.strikes(self._mischief.delay, self._draw):
            after_s = self._draw.choice((0.05, 0.5, 4.0)) * self._draw.random()
            self._loop.call_later(after_s, self._carry_late, line, sealed)
            return None
        return self._hub.carry(self._line(line), sealed)

    closed: Refused | None = None

    def publish(self, line: Line) -> Pending:
        if not self.down:
            self._hub.publish(self._line(line))
        return self._after_a_while()

    def enter(self, line: Line, message: Enter) -> Pending:
        if not self.down:
            self._hub.enter(self._line(line), message)
        return self._after_a_while()

    def answer(self, line: Line, message: KnockAnswer) -> Pending:
        if not self.down:
            self._hub.answer(self._line(line), message)
        return None

    def leave(self, line: Line) -> Pending:
        if not self.down:
            self._hub.leave(self._line(line))
        return self._after_a_while()

    def _after_a_while(self) -> Pending:
        if not self._late_answers:
            return None
        done = self._loop.create_future()
        self._loop.call_later(_ANSWER_S, done.set_result, None)
        return done

    def lost(self, line: Line) -> None:
        far = self._line(line)
        self._far.pop(line, None)
        if not self.down:
            self._hub.lost(far)

    def _carry_late(self, line: Line, sealed: bytes) -> None:
        if not self.down and line.seat is not None:
            self._hub.carry(self._line(line), sealed)

    def _line(self, line: Line) -> Line:
        if not self._delay_s:
            return line
        far = self._far.get(line)
        if far is None:
            outbox = _FarOutbox(self._loop, line.outbox, self._delay_s, self._draw)
            far = self._far[line] = _FarLine(line, outbox)
        return far


def _near(name: str) -> Any:
    """Let a field of a far line be that of the near one."""
    return property(
        lambda far: getattr(far._near, name), lambda far, value: setattr(far._near, name, value)
    )


class _FarLine(Line):
    """A socket of another node."""

    seat, is_closed = _near("seat"), _near("is_closed")
    has_entered, is_waiting = _near("has_entered"), _near("is_waiting")
    renew, is_probe = _near("renew"), _near("is_probe")

    def __init__(self, near: Line, outbox: "_FarOutbox") -> None:
        self._near = near
        self.outbox, self.address = cast(Outbox, outbox), near.address


class _FarOutbox:
    """Messages to a socket of another node: in order, after a while."""

    def __init__(self, loop: VirtualLoop, near: Outbox, delay_s: float, draw: Random) -> None:
        self._loop = loop
        self._near = near
        self._delay_s = delay_s
        self._draw = draw
        self._arrives_at = 0.0
        self._under_way: deque[tuple[Any, Any]] = deque()

    def put(self, text: str) -> None:
        self._later(self._near.put, text)

    def put_sealed(self, sealed: bytes) -> None:
        self._later(self._near.put_sealed, sealed)

    def put_close(self, code: CloseCode) -> None:
        self._later(self._near.put_close, code)

    def _later(self, put: Any, what: Any) -> None:
        at = self._loop.time() + self._draw.random() * self._delay_s
        self._arrives_at = max(self._arrives_at, at)
        self._under_way.append((put, what))
        self._loop.call_at(self._arrives_at, self._arrive)

    def _arrive(self) -> None:
        put, what = self._under_way.popleft()
        put(what)


class Node:
    """One relay process, and those that follow it under the same name."""

    def __init__(self, loop: VirtualLoop, settings: Settings, make_bus: Callable[[], Bus]) -> None:
        self._loop = loop
        self._settings = settings
        self._make_bus = make_bus
        self._wires: list[Wire] = []
        self.past: list[Sockets] = []
        """Every process's sockets, for a look at the end."""

        self.up = False
        self.begin()

    def begin(self) -> None:
        """Start, with no socket open."""
        if self.up:
            return
        self._bus = self._make_bus()
        self._admission = AddressLimiter(self._settings.admission, self._loop.time)
        ledger = Ledger(self._settings.admission)
        self._sockets = Sockets(self._bus, self._admission, ledger, self._settings.socket)
        self.past.append(self._sockets)
        self._wires = []
        self.up = True

    def accept(self, wire: Wire, address: str) -> None:
        """Take a new connection."""
        self._wires.append(wire)
        self._sockets.attach(wire.socket, address)

    def kill(self, *, silently: bool) -> None:
        """End at once: kill -9, or with ``silently`` the machine's power."""
        self.up = False
        self._bus.down = True
        for wire in self._wires:
            wire.cut(None if silently else 0.0, 0.0)

    def drain(self) -> None:
        """End politely: every socket is closed with 1012 and has a moment to answer."""
        self.up = False
        self._sockets.drain()
        self._loop.call_later(Settings().stop_s, self._stop, self._bus, self._wires)

    def _stop(self, bus: Bus, wires: list[Wire]) -> None:
        bus.down = True
        for wire in wires:
            wire.cut(0.0, 0.0)
