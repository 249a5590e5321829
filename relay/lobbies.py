"""Typed codes on one node: the lobbies of its G's, and the S's of its own that wait.

The rules are in `certrelay.wire.lobby`; this keeps the values and carries out the effects.
Where lobbies lead over several nodes is the hub's business: it gives the digits, and passes
on what concerns a socket of another node.

Source: docs/protocol.md §10.2.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Final, assert_never

from certrelay.wire import lobby as rules
from certrelay.wire import messages
from certrelay.wire.ids import LobbyDigits
from certrelay.wire.lobby import Lobby
from relay import journal
from relay.clock import Clock
from relay.hub import Line

_MISSED_S: Final = 120.0
"""Seconds for which an `enter` that met nothing makes lobbies longer."""

Far = Callable[[rules.Waiter, messages.KnockAnswer | None], None]
"""Tells an S of another node its answer, or that there is no such code."""


class Lobbies:
    """The typed codes of one node.

    Args:
        clock: Gives seconds.
        release: Takes digits back that lead nowhere any more.
        tell_far: See `Far`.
    """

    def __init__(self, clock: Clock, release: Callable[[LobbyDigits], None], tell_far: Far) -> None:
        self._clock: Final = clock
        self._release: Final = release
        self._tell_far: Final = tell_far
        self._lobbies: Final[dict[Line, Lobby]] = {}
        self._standing: Final[dict[LobbyDigits, Line]] = {}
        self._waiting: Final[dict[rules.Waiter, tuple[Line, Line | None]]] = {}
        """The S's of this node, with their G where it is of this node too."""

        self._missed: Final[deque[float]] = deque()

    def __len__(self) -> int:
        """Count the lobbies that stand."""
        return len(self._standing)

    def draw(self) -> LobbyDigits | None:
        """Draw digits at random that lead nowhere here; ``None`` if there can be none."""
        while self._missed and self._missed[0] <= self._clock():
            self._missed.popleft()
        size = rules.digits_for(len(self._standing) + len(self._missed))
        while size is not None:
            digits = LobbyDigits(f"{random.randrange(10**size):0{size}}")  # noqa: S311, no secret
            if digits not in self._standing:
                return digits
        return None

    def publish(self, line: Line, digits: LobbyDigits | None) -> None:
        """Give a socket of G's these digits in place of any older ones."""
        self._step(line, rules.Publish(digits))
        if digits is not None:
            self._standing[digits] = line

    def find(self, digits: LobbyDigits) -> Line | None:
        """The socket that digits lead to, if it is of this node."""
        line = self._standing.get(digits)
        if line is not None and line.is_closed:
            self.close(line)
            return None
        return line

    def wait(self, line: Line, waiter: rules.Waiter) -> None:
        """Note that an S of this node waits for an answer."""
        line.has_entered = line.is_waiting = True
        self._waiting[waiter] = (line, None)

    def enter(self, line: Line, event: rules.Enter) -> None:
        """Let an S knock at a socket of G's on this node."""
        if event.waiter in self._waiting:
            self._waiting[event.waiter] = (self._waiting[event.waiter][0], line)
        self._step(line, event)

    def miss(self, waiter: rules.Waiter) -> None:
        """Tell an S of this node that there is no such code."""
        self._missed.append(self._clock() + _MISSED_S)
        journal.write("missed")
        self.tell(waiter, messages.Refused("no_such_code"))

    def answer(self, line: Line, message: messages.KnockAnswer) -> None:
        """Pass on what a G answers."""
        self._step(line, rules.AnswerKnock(message.share, message.sealed))

    def tell(self, waiter: rules.Waiter, message: messages.KnockAnswer | messages.Refused) -> None:
        """Tell an S of this node its answer, or why there is none."""
        line, _ = self._waiting.pop(waiter, (None, None))
        if line is None or line.is_closed:
            return
        line.is_waiting = False
        if isinstance(message, messages.Refused):
            line.refuse(message)
        else:
            line.outbox.put(messages.encode(message))
            line.renew()

    def claim(self, line: Line) -> None:
        """Note that the room of a G is claimed: its digits end."""
        self._step(line, rules.Claim())

    def close(self, line: Line) -> None:
        """Note that a socket is gone, or its room: as a G's, and as one that waits."""
        self._step(line, rules.CloseLobby())
        if line.is_waiting:
            line.is_waiting = False
            for waiter, (waiting, host) in list(self._waiting.items()):
                if waiting is line:
                    del self._waiting[waiter]
                    if host is not None:
                        self._step(host, rules.WaiterGone(waiter))

    def _step(self, line: Line, event: rules.LobbyEvent) -> None:
        before = self._lobbies.get(line, Lobby())
        after, effects = rules.step(before, event)
        if after == Lobby():
            self._lobbies.pop(line, None)
        else:
            self._lobbies[line] = after
        for effect in effects:
            self._carry_out(line, effect)

    def _carry_out(self, line: Line, effect: rules.Effect) -> None:
        match effect:
            case rules.Release(digits):
                del self._standing[digits]
                self._release(digits)
            case rules.TellPublished(digits):
                line.outbox.put(messages.encode(messages.Published(digits)))
                if digits is not None:
                    journal.write("published")
            case rules.TellKnock(sid, share):
                line.outbox.put(messages.encode(messages.Knock(sid, share)))
                journal.write("entered")
            case rules.PassAnswer(waiter, share, sealed):
                self._pass_on(waiter, messages.KnockAnswer(share, sealed))
            case rules.Refuse(waiter):
                self._pass_on(waiter, None)
            case _:
                assert_never(effect)

    def _pass_on(self, waiter: rules.Waiter, message: messages.KnockAnswer | None) -> None:
        if waiter in self._waiting:
            self.tell(waiter, message or messages.Refused("no_such_code"))
        else:
            self._tell_far(waiter, message)
