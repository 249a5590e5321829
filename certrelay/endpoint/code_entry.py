"""S's typed code: from the digits to the QR code's content, on a socket of its own.

The shell connects, tells what happened and carries out what ``take`` gives, as with
`certrelay.endpoint.Endpoint`.  A code is entered once and never again by itself.

Source: docs/protocol.md §10.1.
"""

from typing import Final

from certrelay.e2e.code import Code, Entering
from certrelay.e2e.cpace import Random
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import QrCode
from certrelay.endpoint import events
from certrelay.endpoint.outcome import of_refusal_of_code
from certrelay.endpoint.times import Times
from certrelay.errors import CertRelayError, Interrupted, ProtocolError, RoomEnded
from certrelay.wire import messages
from certrelay.wire.ids import LobbyDigits, Share, Sid


class CodeEntry:
    """One code that was typed.

    Args:
        code: As it was typed.
        origin: The relay that this device is set to.
        random: Gives the sid, the scalar and what blinds the map.
        times: Time limits.
    """

    def __init__(
        self, code: Code, origin: Origin, random: Random, times: Times | None = None
    ) -> None:
        self._entering: Final = Entering(code, origin, random)
        self._times: Final = times or Times()
        self._gives_up_at: float | None = None
        self._out: list[events.Command] = []
        self.qr: QrCode | None = None
        """The QR code's content, once the answer has opened."""

        self.error: CertRelayError | None = None
        """Why there is none."""

    def __repr__(self) -> str:
        return "CodeEntry(…)"

    @property
    def is_over(self) -> bool:
        """Whether there is a result; the socket is closed then."""
        return self.qr is not None or self.error is not None

    def take(self) -> list[events.Command]:
        """Give what is to be done, in order."""
        out, self._out = self._out, []
        return out

    def deadline(self) -> float | None:
        """The time at which ``tick`` is due."""
        return None if self.is_over else self._gives_up_at

    def connected(self, now: float) -> None:
        """Enter the code: the socket to the relay is open."""
        self._gives_up_at = now + self._times.answer
        entering = self._entering
        enter = messages.Enter(
            LobbyDigits(entering.lobby), Sid(entering.sid), Share(entering.share)
        )
        self._out.append(events.SendText(messages.encode(enter)))

    def connection_lost(self, _now: float) -> None:
        """Give up: the socket is gone, and the code may be used up."""
        self._fail(RoomEnded("code_unanswered"))

    def receive_text(self, text: str, _now: float) -> None:
        """Take a text message of the relay."""
        if self.is_over:
            return
        try:
            message = messages.decode_from_relay(text)
            if isinstance(message, messages.KnockAnswer):
                self.qr = self._entering.open(message.share.raw, message.sealed.raw)
                self._out.append(events.HangUp())
            elif isinstance(message, messages.Refused):
                self._fail(of_refusal_of_code(message))
            else:
                self._fail(ProtocolError("bad_message"))
        except CertRelayError as error:
            self._fail(error)

    def receive_binary(self, _message: bytes, _now: float) -> None:
        """Refuse a sealed message: nobody can have sent one."""
        self._fail(ProtocolError("bad_message"))

    def tick(self, now: float) -> None:
        """Give up when time is over."""
        if self._gives_up_at is not None and now >= self._gives_up_at:
            self._fail(RoomEnded("code_unanswered"))

    def interrupt(self) -> None:
        """Give up: the person does not want to wait."""
        self._fail(Interrupted("interrupted"))

    def _fail(self, error: CertRelayError) -> None:
        if not self.is_over:
            self.error = error
            self._out.append(events.HangUp())
