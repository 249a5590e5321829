"""The typed code: the QR code's content, handed over by 12 to 14 digits.

    code   = lobby ‖ secret          shown as 4821 7730 1946
    lobby  = 4 to 6 digits           by the relay: where to find G.  Not secret
    secret = 8 digits                by G, new for every code.  Never sent

G:  PublishedCode ──answer(knock)──▶ its share and the sealed payload
S:  Entering ──open(answer)──▶ QrCode, as if it had been scanned

Either is used up by that one call, whatever comes of it: a code is good for one guess.

Source: docs/protocol.md §10.
"""

from typing import Final, Self

from certrelay.e2e import cpace
from certrelay.e2e.aead import BadTag, seal, unseal
from certrelay.e2e.derive import hkdf_expand, hkdf_extract
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Payload, QrCode
from certrelay.errors import QrError, StateError, TrustError
from certrelay.frozen import frozen
from certrelay.wire.ids import LABEL

SECRET_DIGITS: Final = 8
LOBBY_DIGITS: Final = range(4, 7)
_HALF: Final = SECRET_DIGITS // 2
_LABEL: Final = LABEL + b"code"
_NONCE: Final = bytes(12)
"""Each key seals one payload."""


@frozen(repr=False)
class Code:
    """What the person reads at G and types at S."""

    lobby: str
    """4 to 6 digits, compared as text: ``0042`` is not ``00042``."""

    secret: str
    """8 digits."""

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Read what a person typed; blanks and hyphens are passed over.

        Raises:
            QrError: ``code_shape``, if it is no code.
        """
        digits = typed.replace(" ", "").replace("-", "")
        # Not str.isdigit(): full-width and other scripts' digits are no digits here.
        if len(digits) - SECRET_DIGITS not in LOBBY_DIGITS or not set(digits) <= set("0123456789"):
            raise QrError("code_shape")
        return cls(digits[:-SECRET_DIGITS], digits[-SECRET_DIGITS:])

    @classmethod
    def fresh(cls, lobby: str, random: cpace.Random) -> Self:
        """Draw a secret, uniform from 00000000 to 99999999, for a lobby that the relay gave."""
        while True:
            drawn = int.from_bytes(random(4), "big")
            # 42 * 10**8 is the largest multiple below 2**32: what is above would not be uniform.
            if drawn < 42 * 10**SECRET_DIGITS:
                return cls(lobby, f"{drawn % 10**SECRET_DIGITS:0{SECRET_DIGITS}}")

    @property
    def shown(self) -> str:
        """The code for the screen: the lobby and the two halves of the secret."""
        return f"{self.lobby} {self.secret[:_HALF]} {self.secret[_HALF:]}"

    def __repr__(self) -> str:
        return f"Code({self.lobby}, …)"


class PublishedCode:
    """G, with its code on the screen: good for one knock."""

    def __init__(self, code: Code, qr: QrCode) -> None:
        self._code: Code | None = code
        self._qr: Final = qr

    def answer(self, sid: bytes, share: bytes, random: cpace.Random) -> tuple[bytes, bytes]:
        """Answer the knock; the code is used up.

        Args:
            sid: S's session identifier, 16 bytes.
            share: S's share as it travelled, 32 bytes.
            random: Gives the scalar and what blinds the map.

        Returns:
            G's share, 32 bytes, and the sealed payload, 81 bytes.

        Raises:
            TrustError: ``low_order``, if the share was chosen so that the key would be known:
                nothing is sent.
            StateError: If the code was used already.
        """
        code, self._code = self._code, None
        if code is None:
            raise StateError("a code is used once")
        exchange = cpace.Exchange(
            _inputs(code, self._qr.origin, sid), initiates=False, random=random
        )
        key = _key(exchange.finish(share))
        return exchange.share, seal(key, _NONCE, self._qr.payload.to_bytes(), _LABEL)

    def __repr__(self) -> str:
        return "PublishedCode(…)"


class Entering:
    """S, whose person has typed a code: good for one answer."""

    def __init__(self, code: Code, origin: Origin, random: cpace.Random) -> None:
        """Make the share.

        Args:
            code: As it was typed.
            origin: The relay that S is set to; it must be G's.
            random: Gives the sid, the scalar and what blinds the map.
        """
        self.lobby: Final = code.lobby
        self.sid: Final = random(cpace.SID_BYTES)
        self._origin: Final = origin
        self._exchange: cpace.Exchange | None = cpace.Exchange(
            _inputs(code, origin, self.sid), initiates=True, random=random
        )
        self.share: Final = self._exchange.share

    def open(self, share: bytes, sealed: bytes) -> QrCode:
        """Open the answer; the code is used up.

        Returns:
            The QR code's content, at the origin that S is set to.

        Raises:
            TrustError: ``code_open``, if it does not open: other digits, or another origin.
                ``low_order``, as in `PublishedCode.answer`.
            QrError: As for a scanned code.
            StateError: If called twice.
        """
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            raise StateError("a code is used once")
        key = _key(exchange.finish(share))
        try:
            payload = Payload.from_bytes(unseal(key, _NONCE, sealed, _LABEL))
        except BadTag:
            raise TrustError("code_open") from None
        return QrCode.at(self._origin, payload)

    def __repr__(self) -> str:
        return "Entering(…)"


def _inputs(code: Code, origin: Origin, sid: bytes) -> cpace.Inputs:
    place = origin.text.encode("ascii")
    channel = _LABEL + len(place).to_bytes(2, "big") + place + code.lobby.encode("ascii")
    names = (LABEL + b"S", LABEL + b"G")
    return cpace.Inputs(code.secret.encode("ascii"), channel, sid, names)


def _key(isk: bytes) -> bytes:
    return hkdf_expand(hkdf_extract(_LABEL, isk), LABEL + b"code key", 32)
