"""A phone that holds the right QR code and obeys nothing.

    phone = HostilePhone(url, os.urandom)
    phone.join()                      the text for the relay
    phone.m1                          sealed as it should be, or `phone.bad_m1()`
    m3 = phone.answer(m2)             from now on `phone.channel` seals anything

Nothing here opens a socket: give its messages to a driver, to a relay, or to an app.

Source: docs/protocol.md §4 to §7.
"""

from typing import Final

from certrelay.e2e.frame import Carrier
from certrelay.e2e.handshake import Random, Scanned, ScanSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.qr import QrCode
from certrelay.errors import StateError
from certrelay.testkit.hostile_end import HostileChannel
from certrelay.wire.ids import Token
from certrelay.wire.messages import Join, Resume, encode

HELLO: Final = Hello("Phone", "android", "test-phone", "G5.0", "14")


class HostilePhone:
    """S without scruples.

    Args:
        url: What the camera saw.
        random: Where its secrets come from.
        hello: Sealed in m1 instead of an honest hello: any bytes.
        opened: The value that it opens its commitment with in m3, if it cheats.
    """

    def __init__(
        self,
        url: str,
        random: Random,
        *,
        hello: bytes | None = None,
        opened: bytes | None = None,
    ) -> None:
        self.qr: Final = QrCode.from_url(url)
        secrets = ScanSecrets.fresh(random)
        self.token: Final[Token] = secrets.token
        own = Hello(*_fields(HELLO), token_hash=secrets.token.hashed).to_bytes()
        self._scanned: Final = Scanned(secrets, self.qr, own if hello is None else hello)
        if opened is not None:
            # The commitment in m1 stands; what m3 reveals is something else.
            self._scanned._ns = opened  # type: ignore[misc]
        self._random: Final = random
        self._channel: HostileChannel | None = None
        self.m1: Final = bytes([Carrier.M1]) + self._scanned.m1

    @property
    def channel(self) -> HostileChannel:
        """The sealed channel, once m2 was answered."""
        if self._channel is None:
            raise StateError("m2 comes first")
        return self._channel

    def join(self, token: Token | None = None) -> str:
        """The text that joins the room; with another token it is a second scan."""
        hello = HELLO
        hashed = (token or self.token).hashed
        return encode(
            Join(self._scanned.join, hashed, hello.platform, hello.app_version, hello.os_version)
        )

    def resume(self, token: Token | None = None) -> str:
        """The text that resumes; with another token it is an attempt to take the seat."""
        from certrelay.wire.ids import Role

        return encode(Resume(self._scanned.room, Role.S, token or self.token))

    def bad_m1(self) -> bytes:
        """An m1 of the right size that does not open."""
        return bytes([Carrier.M1]) + self._random(len(self._scanned.m1))

    def answer(self, m2: bytes) -> bytes:
        """Take m2, carrier byte included; give m3.

        Raises:
            TrustError: If m2 does not open.
        """
        m3, keys, self.pc_hello = self._scanned.finish(m2[1:])
        self._channel = HostileChannel(keys)
        return bytes([Carrier.M3]) + m3


def _fields(hello: Hello) -> tuple[str, str, str, str, str]:
    return hello.name, hello.platform, hello.app, hello.app_version, hello.os_version
