"""A PC that shows a right QR code and obeys nothing.

    pc = HostilePc(origin, Direction.TO_PC, os.urandom)
    pc.url                            what the phone scans
    pc.create()                       the text for the relay
    m2 = pc.answer(m1)                sealed as it should be
    pc.finish(m3)                     from now on `pc.channel` seals anything

Nothing here opens a socket: give its messages to a driver, to a relay, or to an app.

Source: docs/protocol.md §4 to §7.
"""

from typing import Final

from certrelay.e2e import derive
from certrelay.e2e.bodies import Close
from certrelay.e2e.code import Code, PublishedCode
from certrelay.e2e.frame import Carrier
from certrelay.e2e.handshake import Answered, Random, Showing, ShowSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.errors import StateError
from certrelay.testkit.hostile_end import HostileChannel
from certrelay.wire.ids import SealedPayload, Share, Token
from certrelay.wire.messages import (
    Create,
    Join,
    Knock,
    KnockAnswer,
    Publish,
    Published,
    decode_from_relay,
    encode,
)

HELLO: Final = Hello("PC", "linux", "test-pc", "P1.0", "6.1")


class HostilePc:
    """G without scruples.

    Args:
        origin: Where the QR code says the relay is.
        direction: Where it says the certificate goes.
        random: Where its secrets come from.
        hello: Sealed in m2 instead of an honest hello: any bytes.
    """

    def __init__(
        self, origin: str, direction: Direction, random: Random, *, hello: bytes | None = None
    ) -> None:
        secrets = ShowSecrets.fresh(random)
        place = Origin.parse(origin)
        self.qr: Final = QrCode(place, secrets.payload(direction, lan=place.scheme == "http"))
        self.token: Final[Token] = secrets.token
        self._random: Final = random
        self._showing: Final = Showing(secrets, self.qr)
        self._hello: Final = HELLO.to_bytes() if hello is None else hello
        self._answered: Answered | None = None
        self._channel: HostileChannel | None = None

    @property
    def url(self) -> str:
        """What its QR code says."""
        return self.qr.url

    @property
    def channel(self) -> HostileChannel:
        """The sealed channel, once m3 was taken."""
        if self._channel is None:
            raise StateError("m3 comes first")
        return self._channel

    def create(self) -> str:
        """The text that opens the room."""
        return encode(Create(self._showing.room, self.token.hashed))

    def publish(self) -> str:
        """The text that asks for a typed code's lobby."""
        return encode(Publish())

    def code(self, published: str) -> Code:
        """Make a code of the relay's answer, to be typed at S.

        Raises:
            StateError: If the relay has none.
        """
        message = decode_from_relay(published)
        if not isinstance(message, Published) or message.lobby is None:
            raise StateError("the relay has no codes now")
        return Code.fresh(message.lobby.text, self._random)

    def answer_knock(self, knock: str, code: Code, qr: QrCode | None = None) -> KnockAnswer:
        """Answer whoever has typed, as often as one likes.

        Args:
            knock: The relay's text.
            code: The right one, or any other.
            qr: What it leads to, if not to this PC's own QR code.

        Raises:
            StateError: If it is no knock.
        """
        message = decode_from_relay(knock)
        if not isinstance(message, Knock):
            raise StateError("a knock comes first")
        shown = PublishedCode(code, qr or self.qr)
        share, sealed = shown.answer(message.sid.raw, message.share.raw, self._random)
        return KnockAnswer(Share(share), SealedPayload(sealed))

    def second_scan(self, token: Token) -> str:
        """The text with which another phone joins that scanned the same code."""
        join = derive.join_secret(self.qr.payload.seed)
        return encode(Join(join, token.hashed, "android", "G5.0", "14"))

    def answer(self, m1: bytes) -> bytes:
        """Take m1, carrier byte included; give m2.

        Raises:
            TrustError: If m1 does not open.
        """
        self._answered = self._showing.accept(m1[1:], self._hello)
        return bytes([Carrier.M2]) + self._answered.m2

    def finish(self, m3: bytes) -> bytes:
        """Take m3, carrier byte included; give the acknowledgement that S waits for.

        Raises:
            TrustError: If m3 does not open.
        """
        if self._answered is None:
            raise StateError("m1 comes first")
        self._channel = HostileChannel(self._answered.finish(m3[1:]))
        return self._channel.ack(0)

    def refuse(self, m3: bytes, close: Close) -> bytes:
        """Take m3, carrier byte included; give the frame that refuses S's release in its place."""
        self.finish(m3)
        return self.channel.say(close)
