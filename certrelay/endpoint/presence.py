"""Who is connected to the relay, and how long each end is waited for.

One connection after the other carries a session: this module knows whether there is one, by
which greeting a new one enters the room, and whether the other end is there.

Source: docs/protocol.md §4 and §8.
"""

from collections.abc import Callable
from typing import Final

from certrelay.endpoint import events
from certrelay.endpoint.sides import Side
from certrelay.endpoint.timers import Timer, Timers
from certrelay.endpoint.times import Times
from certrelay.wire.messages import FromDevice, Refused

_RETRIED: Final = frozenset({"no_such_room", "try_later", "rate_limited"})
"""Refusals after which a device that was in the room tries on until its grace ends."""


class Presence:
    """Both ends' presence, as this end knows it.

    Args:
        side: Gives the greeting.
        times: Time limits.
        timers: Where this module's timers run.
        say: Sends a message to the relay.
        tell: Tells the person.
    """

    def __init__(
        self,
        side: Side,
        times: Times,
        timers: Timers,
        say: Callable[[FromDevice], None],
        tell: Callable[[events.Event], None],
    ) -> None:
        self._side: Final = side
        self._times: Final = times
        self._timers: Final = timers
        self._say: Final = say
        self._tell: Final = tell
        self.connected = False
        """Whether there is a socket."""

        self.online = False
        """Whether the relay has taken this socket into the room."""

        self.was_in_room = False
        """Whether it ever has."""

        self.peer_here = False
        """Whether the other end is in the room, by the relay's word."""

    @property
    def both_here(self) -> bool:
        """Whether a sealed message can reach the other end."""
        return self.online and self.peer_here

    def connect(self, now: float) -> None:
        """There is a socket: greet the relay."""
        self._say(self._side.greeting())
        self.connected = True
        waits = Timer.ANSWER in self._timers or Timer.JOIN_GIVES_UP in self._timers
        if not self.was_in_room and not waits:
            # Once in a room the grace bounds the wait; before, nothing else would.
            self._timers.start(Timer.ANSWER, now + self._times.answer)

    def disconnect(self) -> bool:
        """The socket is gone; tell whether it had been in the room."""
        was_online, self.online = self.online, False
        self.connected = False
        self._timers.stop(Timer.JOIN)
        return was_online

    def await_own_return(self, now: float, *, tell: bool) -> None:
        """Give this end its grace, if it does not run already."""
        if Timer.GRACE not in self._timers:
            self._timers.start(Timer.GRACE, now + self._times.grace)
            if tell:
                self._tell(events.ConnectionLost(self._times.grace))

    def enter(self) -> None:
        """The relay has taken this end in, for the first time or again."""
        self._side.entered()
        self._timers.stop(Timer.ANSWER, Timer.JOIN_GIVES_UP)
        if self._timers.stop(Timer.GRACE):
            self._tell(events.ConnectionBack())
        self.online = True
        self.was_in_room = True

    def peer_came(self) -> None:
        """The other end is there, for the first time or again."""
        self.peer_here = True
        if self._timers.stop(Timer.PEER_GRACE):
            self._tell(events.PeerReturned())

    def peer_left(self, now: float, *, awaited: bool) -> None:
        """The other end's connection is lost; while the session is open it is waited for."""
        self.peer_here = False
        if awaited and Timer.PEER_GRACE not in self._timers:
            # The relay's own word comes first: this end waits a little longer.
            until = now + self._times.grace + self._times.slack
            self._timers.start(Timer.PEER_GRACE, until)
            self._tell(events.PeerLost(self._times.grace))

    def join_later(self, now: float) -> None:
        """S: G is away; try again on the same socket, for as long as G's grace lasts."""
        self._timers.stop(Timer.ANSWER)
        self._timers.start(Timer.JOIN, now + self._times.join_retry)
        if Timer.JOIN_GIVES_UP not in self._timers:
            until = now + self._times.grace + self._times.slack
            self._timers.start(Timer.JOIN_GIVES_UP, until)

    def greet_again(self) -> None:
        """S: the next try to join."""
        self._say(self._side.greeting())

    def may_retry(self, refused: Refused) -> bool:
        """Tell whether a refusal is one to try again after, on a new connection."""
        if not self.was_in_room or refused.code not in _RETRIED:
            return False
        if refused.code == "no_such_room":
            self._side.relay_forgot()
        return True
