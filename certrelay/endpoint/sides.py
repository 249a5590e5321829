"""What differs between the two ends: how each greets the relay, and its opening.

Source: docs/protocol.md §4 and §5.
"""

from typing import Final

from certrelay.e2e.handshake import Scanned, ScanSecrets, Showing, ShowSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint.opening import OpeningStep, ScanOpening, ShowOpening
from certrelay.frozen import replace
from certrelay.wire.ids import Role, TokenHash
from certrelay.wire.messages import Create, FromDevice, Join, Resume


class ShowSide:
    """G: shows the QR code, creates the room."""

    role: Final = Role.G

    def __init__(self, secrets: ShowSecrets, qr: QrCode, hello: Hello) -> None:
        showing = Showing(secrets, qr)
        self.sends: Final = qr.payload.direction is Direction.TO_PHONE
        self.room: Final = showing.room
        self._token: Final = secrets.token
        self._opening: Final = ShowOpening(showing, hello.to_bytes())
        self._peer_token_hash: TokenHash | None = None
        self._room_stands = False
        self._has_asked = False

    def greeting(self) -> FromDevice:
        """The first message on a new connection; what it gives counts as sent."""
        if self._room_stands:
            return Resume(self.room, Role.G, self._token)
        token = self._token if self._has_asked else None
        self._has_asked = True
        return Create(self.room, self._token.hashed, self._peer_token_hash, token)

    def entered(self) -> None:
        """The relay holds the room."""
        self._room_stands = True

    def relay_forgot(self) -> None:
        """The relay lost the room: it must be created again."""
        self._room_stands = False

    def to_repeat(self) -> bytes | None:
        """G repeats nothing by itself: S does."""
        return None

    def receive(self, message: bytes) -> OpeningStep:
        """Take a message of the opening."""
        step = self._opening.receive(message)
        if step.hello is not None:
            self._peer_token_hash = step.hello.token_hash
        return step


class ScanSide:
    """S: scanned the QR code, joins the room."""

    role: Final = Role.S

    def __init__(self, secrets: ScanSecrets, qr: QrCode, hello: Hello) -> None:
        """Make m1.

        Raises:
            QrError: ``qr_key``, if the code's public key is none.
        """
        self._hello: Final = replace(hello, token_hash=secrets.token.hashed)
        scanned = Scanned(secrets, qr, self._hello.to_bytes())
        self.sends: Final = qr.payload.direction is Direction.TO_PC
        self.room: Final = scanned.room
        self._join: Final = scanned.join
        self._token: Final = secrets.token
        self._opening: Final = ScanOpening(scanned)
        self._m2_opened = False
        self._has_asked = False

    def greeting(self) -> FromDevice:
        """The first message on a new connection, `join` until m2 opened; it counts as sent."""
        if self._m2_opened:
            return Resume(self.room, Role.S, self._token)
        hello, token = self._hello, self._token if self._has_asked else None
        self._has_asked = True
        return Join(
            self._join,
            self._token.hashed,
            hello.platform,
            hello.app_version,
            hello.os_version,
            token,
        )

    def entered(self) -> None:
        """The relay let this device in; nothing changes for S."""

    def relay_forgot(self) -> None:
        """The relay lost the room: G creates it again, S tries on."""

    def to_repeat(self) -> bytes | None:
        """m1 until m2 opened, then m3: sent again until G's answer opens."""
        return self._opening.repeats

    def receive(self, message: bytes) -> OpeningStep:
        """Take a message of the opening."""
        step = self._opening.receive(message)
        self._m2_opened = self._m2_opened or step.keys is not None
        return step


Side = ShowSide | ScanSide
