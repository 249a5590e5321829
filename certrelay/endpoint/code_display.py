"""G's typed code: when one is asked for, shown, used up and replaced.

A code is good for one knock.  Its secret is drawn when the relay gives the lobby, and not
before: with one drawn earlier a relay that says `published` twice could guess twice.

Source: docs/protocol.md §10.1 and §10.2.
"""

from collections.abc import Callable
from typing import Final

from certrelay.e2e.code import Code, PublishedCode
from certrelay.e2e.cpace import Random
from certrelay.e2e.qr import QrCode
from certrelay.endpoint import events
from certrelay.endpoint.timers import Timer, Timers
from certrelay.endpoint.times import Times
from certrelay.errors import TrustError
from certrelay.frozen import frozen
from certrelay.limits import CODES_PER_ROOM
from certrelay.wire import messages
from certrelay.wire.ids import SealedPayload, Share


@frozen(repr=False)
class CodeSource:
    """What codes are made of."""

    qr: QrCode
    """What a code hands over."""

    random: Random
    """Gives secrets, scalars and what blinds the map."""


class CodeDisplay:
    """The codes of one QR code, one after the other.

    Args:
        source: What they are made of; without it there are none.
        times: Time limits.
        timers: Where this module's timers run.
        say: Sends a message to the relay.
        tell: Tells the person.
    """

    def __init__(
        self,
        source: CodeSource | None,
        times: Times,
        timers: Timers,
        say: Callable[[messages.FromDevice], None],
        tell: Callable[[events.Event], None],
    ) -> None:
        self._source: CodeSource | None = source
        self._times: Final = times
        self._timers: Final = timers
        self._say: Final = say
        self._tell: Final = tell
        self._is_wanted = False
        self._is_offered = False
        """Whether the relay takes `publish`, by its `created`."""

        self._is_published = False
        """Whether a `publish` of this socket waits for its answer."""

        self._left = CODES_PER_ROOM
        self._out: PublishedCode | None = None
        """The code on the screen, until a knock uses it up."""

    def show(self, now: float) -> None:
        """Show a code: the person asks for one.  While one is shown, nothing happens."""
        if self._source is None:
            return
        self._is_wanted = True
        if not self._is_offered:
            self._tell(events.CodeUnavailable("unsupported"))
        elif self._out is None and not self._is_published:
            self._publish(now)

    def connected(self, now: float, *, offered: bool | None = None) -> None:
        """Go on with a new socket, which no code has outlasted; ``offered`` is `created`'s."""
        if offered is not None:
            self._is_offered = offered
        if self._is_wanted and self._is_offered and self._source is not None:
            self._publish(now)

    def disconnected(self) -> None:
        """Take the code off the screen: it ended with its socket."""
        self._is_published = False
        self._timers.stop(Timer.CODE_ANSWER, Timer.CODE_UNUSED)
        self._withdraw()

    def forget(self) -> None:
        """Forget it all: the other device has come, or this is over."""
        self._source = None
        self.disconnected()

    def published(self, message: messages.Published) -> None:
        """Draw the secret of the lobby that was asked for; others are passed over."""
        if not self._is_published or self._source is None:
            return
        self._is_published = False
        self._timers.stop(Timer.CODE_ANSWER)
        if message.lobby is None:
            self._tell(events.CodeUnavailable("none"))
            return
        self._left -= 1
        code = Code.fresh(message.lobby.text, self._source.random)
        self._out = PublishedCode(code, self._source.qr)
        self._tell(events.CodeShown(code.shown))

    def knock(self, message: messages.Knock, now: float) -> None:
        """Answer whoever has typed the code; it is used up, whatever comes of it."""
        code, self._out = self._out, None
        if code is None or self._source is None:
            return
        self._tell(events.CodeWithdrawn("entered"))
        try:
            share, sealed = code.answer(message.sid.raw, message.share.raw, self._source.random)
        except TrustError:
            self._publish(now)
            return
        self._say(messages.KnockAnswer(Share(share), SealedPayload(sealed)))
        self._timers.start(Timer.CODE_UNUSED, now + self._times.code_unused)

    def overdue(self, timer: Timer, now: float) -> None:
        """Go on after `Timer.CODE_ANSWER` or `Timer.CODE_UNUSED`."""
        if timer is Timer.CODE_ANSWER:
            self._is_published = False
            self._tell(events.CodeUnavailable("none"))
        else:
            self._publish(now)

    def _publish(self, now: float) -> None:
        if not self._left:
            self._tell(events.CodeUnavailable("used_up"))
            return
        self._withdraw()
        self._is_published = True
        self._timers.start(Timer.CODE_ANSWER, now + self._times.answer)
        self._say(messages.Publish())

    def _withdraw(self) -> None:
        if self._out is not None:
            self._out = None
            self._tell(events.CodeWithdrawn("connection"))
