"""The fixed-size names on the wire, as types that cannot be wrong.

Source: docs/protocol.md §3.
"""

import hashlib
import hmac
from enum import StrEnum
from typing import ClassVar, Self

from certrelay.errors import ProtocolError
from certrelay.frozen import frozen

LABEL = b"certrelay/1 "
"""``L`` of the specification: stands in front of everything that is hashed or keyed."""


class Role(StrEnum):
    """Which end of a room a device is."""

    G = "g"
    """Shows the QR code: the PC."""

    S = "s"
    """Scans it: the phone."""

    @property
    def other(self) -> "Role":
        """The other end."""
        return Role.S if self is Role.G else Role.G


@frozen(repr=False)
class _Bytes:
    """A byte string of one exact length, compared in constant time."""

    raw: bytes
    SIZE: ClassVar[int] = 0

    def __post_init__(self) -> None:
        if len(self.raw) != self.SIZE:
            raise ProtocolError("bad_message")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and hmac.compare_digest(self.raw, other.raw)

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Read lower-case hex.

        Raises:
            ProtocolError: ``bad_message``, if it is anything else.
        """
        if len(text) != 2 * cls.SIZE or not set(text) <= set("0123456789abcdef"):
            raise ProtocolError("bad_message")
        return cls(bytes.fromhex(text))

    @property
    def hex(self) -> str:
        """The bytes in lower-case hex, as they travel."""
        return self.raw.hex()


class RoomId(_Bytes):
    """A room's name, 32 bytes: what the relay stores and routes by.

    Knowing it lets nobody join: that takes the `JoinSecret` whose hash it is.
    """

    __slots__ = ()
    SIZE = 32

    @property
    def log_name(self) -> str:
        """Six hex digits of its hash: enough to follow a room in a log, and no more."""
        return hashlib.sha256(self.raw).hexdigest()[:6]


class JoinSecret(_Bytes):
    """16 bytes from the QR code, shown to the relay by S only."""

    __slots__ = ()
    SIZE = 16

    @property
    def room(self) -> RoomId:
        """The room that this secret opens."""
        return RoomId(hashlib.sha256(LABEL + b"room" + self.raw).digest())


class Token(_Bytes):
    """16 random bytes of one device and room; shown to the relay to resume."""

    __slots__ = ()
    SIZE = 16

    @property
    def hashed(self) -> "TokenHash":
        """What the relay keeps in its place."""
        return TokenHash(hashlib.sha256(LABEL + b"token" + self.raw).digest())


class TokenHash(_Bytes):
    """32 bytes: the hash of a `Token`."""

    __slots__ = ()
    SIZE = 32


PROBE = Token(b"certrelay probe\0")
"""The token of both ends of a probe's room: no secret, for nothing in it is worth one."""

PROBE_HASH = PROBE.hashed
"""By this any node knows a probe's rooms, and does not count them as people's."""


class AccessKey(_Bytes):
    """32 random bytes by which a relay's operator knows a PC that may open rooms.

    The PC shows it when it connects, in a header; the relay's policy holds its hash.
    """

    __slots__ = ()
    SIZE = 32
    SCHEME: ClassVar[str] = "Bearer"

    @property
    def hashed(self) -> "AccessKeyHash":
        """What the relay's policy holds in its place."""
        return AccessKeyHash(hashlib.sha256(LABEL + b"access" + self.raw).digest())

    @property
    def header(self) -> tuple[str, str]:
        """The header with which it is shown; a secret, which nothing prints."""
        return ("Authorization", f"{self.SCHEME} {self.hex}")

    @classmethod
    def from_header(cls, value: str) -> Self | None:
        """Read the header's value; ``None`` if it is no key, whatever else it may be."""
        scheme, _, text = value.partition(" ")
        if scheme.lower() != cls.SCHEME.lower():
            return None
        try:
            return cls.from_hex(text.strip())
        except ProtocolError:
            return None


class AccessKeyHash(_Bytes):
    """32 bytes: the hash of an `AccessKey`."""

    __slots__ = ()
    SIZE = 32


class Sid(_Bytes):
    """16 random bytes of an S that has typed a code, new for each `enter`."""

    __slots__ = ()
    SIZE = 16


class Share(_Bytes):
    """32 bytes: one end's public share of a typed code's exchange."""

    __slots__ = ()
    SIZE = 32


class SealedPayload(_Bytes):
    """81 bytes: the QR code's payload, sealed for the S that typed the code."""

    __slots__ = ()
    SIZE = 81


@frozen
class LobbyDigits:
    """4, 5 or 6 digits by the relay: where a typed code finds G.  Compared as text."""

    text: str

    def __post_init__(self) -> None:
        if len(self.text) not in range(4, 7) or not set(self.text) <= set("0123456789"):
            raise ProtocolError("bad_message")
