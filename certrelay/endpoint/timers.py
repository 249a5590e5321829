"""The driver's timers: what is waited for, and until when, on a clock that is an argument."""

from collections.abc import Iterator
from enum import Enum, auto


class Timer(Enum):
    """What this end waits for."""

    ANSWER = auto()
    """The relay's first answer."""

    UNCLAIMED = auto()
    """G: somebody to scan the code."""

    JOIN = auto()
    """S: the next try to join, while G is away."""

    JOIN_GIVES_UP = auto()
    """S: the last of those tries."""

    HANDSHAKE = auto()
    """The channel to stand."""

    REPEAT = auto()
    """S: the next repetition of m1 or m3."""

    SESSION = auto()
    """The whole session to end."""

    NUMBER_DELAY = auto()
    """Receiver: word of the sender's step, before the number is shown."""

    NUMBER = auto()
    """The number to be typed."""

    SAVE = auto()
    """Receiver: the question about saving to be answered."""

    SEEN = auto()
    """Receiver that is a page: the question whether the file is there to be answered."""

    GRACE = auto()
    """This end's own connection to come back."""

    PEER_GRACE = auto()
    """The other end's connection to come back."""

    CODE_ANSWER = auto()
    """G: the relay's `published`."""

    CODE_UNUSED = auto()
    """G: whoever was answered to join."""

    CLOSE = auto()
    """The acknowledgement of our CLOSE, or `closed` after theirs."""


class Timers:
    """Which timers run, and when each is over, in seconds."""

    def __init__(self) -> None:
        self._until: dict[Timer, float] = {}

    def __contains__(self, timer: Timer) -> bool:
        return timer in self._until

    def start(self, timer: Timer, until: float) -> None:
        """Start a timer, or start it anew."""
        self._until[timer] = until

    def shorten(self, timer: Timer, until: float) -> None:
        """Let a timer that runs be over by then."""
        if timer in self._until:
            self._until[timer] = min(until, self._until[timer])

    def stop(self, *timers: Timer) -> bool:
        """Stop timers; tell whether one of them ran."""
        ran = [timer for timer in timers if self._until.pop(timer, None) is not None]
        return bool(ran)

    def stop_all(self) -> None:
        """Stop every timer."""
        self._until.clear()

    def until(self, timer: Timer) -> float | None:
        """When a timer is over; ``None`` if it does not run."""
        return self._until.get(timer)

    def earliest(self) -> float | None:
        """When the first timer is over; ``None`` if none runs."""
        return min(self._until.values(), default=None)

    def over(self, now: float) -> Iterator[Timer]:
        """Give the timers that are over, each once, unless one before it stopped it."""
        for timer in [timer for timer, until in self._until.items() if until <= now]:
            if self.stop(timer):
                yield timer
