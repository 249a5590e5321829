"""A relay that guesses typed codes: as S it knocks at G, as G it answers S.

    relay = Guesser(origin, os.urandom)
    sid, share = relay.knock(guess)         to a G that shows a code
    relay.opens(share, sealed)              its answer: the QR code's content, or nothing
    relay.answer(guess, sid, share)         to an S that has typed one

It knows the lobby, which is no secret, and tries one secret with each.  `GuessingRelay` does
this to real programs, in the place of an honest relay's tampering.

Source: docs/protocol.md §10.4; docs/security.md, attack 52.
"""

from collections.abc import Callable, Iterable
from typing import Final

from certrelay.e2e.code import Code, Entering, PublishedCode
from certrelay.e2e.cpace import Random
from certrelay.e2e.handshake import ShowSecrets
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.errors import ProtocolError, TrustError
from certrelay.testkit.tampering import Tampering
from certrelay.wire.ids import Role, Share, Sid
from certrelay.wire.messages import (
    Knock,
    KnockAnswer,
    Published,
    decode_from_device,
    decode_from_relay,
    encode,
)


class Guesser:
    """One guess at either end.

    Args:
        origin: The origin of both devices; a hostile relay knows its own.
        random: Where its scalars and its own QR code come from.
    """

    def __init__(self, origin: Origin, random: Random) -> None:
        self._origin: Final = origin
        self._random: Final = random
        self._entering: Entering | None = None
        secrets = ShowSecrets.fresh(random)
        self.qr: Final = QrCode(
            origin, secrets.payload(Direction.TO_PC, lan=origin.scheme == "http")
        )
        """What an S has got that it deceives: the way to the relay's own PC."""

    def knock(self, guess: Code) -> tuple[bytes, bytes]:
        """Give sid and share, 16 and 32 bytes, made with a guess."""
        self._entering = Entering(guess, self._origin, self._random)
        return self._entering.sid, self._entering.share

    def opens(self, share: bytes, sealed: bytes) -> QrCode | None:
        """Open what G has answered to the knock; nothing where the guess was wrong."""
        entering, self._entering = self._entering, None
        if entering is None:
            return None
        try:
            return entering.open(share, sealed)
        except TrustError:
            return None

    def answer(self, guess: Code, sid: bytes, share: bytes) -> tuple[bytes, bytes]:
        """Give the share and the sealed payload, 32 and 81 bytes, for an S that has typed."""
        return PublishedCode(guess, self.qr).answer(sid, share, self._random)


class GuessingRelay(Tampering):
    """Knocks at every code that is shown, with a secret of its own choice.

    Args:
        origin: The origin of the QR codes.
        guess: Gives a secret, 8 digits.
        random: As for `Guesser`.
    """

    def __init__(self, origin: Origin, guess: Callable[[], str], random: Random) -> None:
        self._guesser: Final = Guesser(origin, random)
        self._guess: Final = guess
        self.answers = 0
        """How often G has answered."""

        self.found: list[QrCode] = []
        """What it has opened."""

    def told(self, receiver: Role, text: str) -> Iterable[str | bytes]:
        """Knock behind each `published`."""
        del receiver
        yield text
        message = decode_from_relay(text)
        if isinstance(message, Published) and message.lobby is not None:
            sid, share = self._guesser.knock(Code(message.lobby.text, self._guess()))
            yield encode(Knock(Sid(sid), Share(share)))

    def asked(self, sender: Role, text: str) -> Iterable[str]:
        """Keep the answer to the knock, and try it."""
        del sender
        try:
            message = decode_from_device(text)
        except ProtocolError:
            message = None
        if not isinstance(message, KnockAnswer):
            yield text
            return
        self.answers += 1
        found = self._guesser.opens(message.share.raw, message.sealed.raw)
        if found is not None:
            self.found.append(found)
