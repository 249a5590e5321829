"""The QR code: payload ⇄ digits ⇄ URL.

    payload (65 bytes) = byte0 ‖ pkG (32) ‖ seed (32)
    URL                = origin ‖ "#" ‖ digits(payload)

The payload travels as decimal digits, since a QR code packs digits densest.  A damaged
code is refused, each damage by its own word, and never repaired.

Source: docs/protocol.md §2.
"""

from enum import IntEnum
from typing import Final, Self

from certrelay.e2e.origin import Origin
from certrelay.errors import QrError
from certrelay.frozen import frozen

VERSION: Final = 1
PAYLOAD_BYTES: Final = 65
_GROUP_BYTES: Final = 7
_GROUP_DIGITS: Final = (0, 3, 5, 8, 10, 13, 15, 17)
"""Decimal digits for a group of so many bytes."""


class Direction(IntEnum):
    """Where the certificate goes; bit 3 of byte 0."""

    TO_PHONE = 0
    """The sender is G, which shows the QR code."""

    TO_PC = 1
    """The sender is S, which scans it."""


@frozen(repr=False)
class Payload:
    """What the QR code says: all of it secret but the direction."""

    direction: Direction
    lan: bool
    """Whether the origin may be plain http on the local network."""

    pkg: bytes
    """G's X25519 public key, 32 bytes, fresh for every QR code."""

    seed: bytes
    """32 random bytes, fresh for every QR code."""

    @property
    def byte0(self) -> int:
        """Version, direction and lan, as they stand in the first byte."""
        return VERSION << 4 | self.direction << 3 | self.lan << 2

    def to_bytes(self) -> bytes:
        """Write the payload, 65 bytes."""
        return bytes([self.byte0]) + self.pkg + self.seed

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read a payload.

        Raises:
            QrError: ``qr_version`` (made by a newer program), ``qr_length`` or
                ``qr_reserved``.
        """
        if not raw:
            raise QrError("qr_length")
        byte0 = raw[0]
        # Before the length, which a later version may have chosen anew.
        if byte0 >> 4 != VERSION:
            raise QrError("qr_version")
        if len(raw) != PAYLOAD_BYTES:
            raise QrError("qr_length")
        if byte0 & 0b11:
            raise QrError("qr_reserved")
        return cls(Direction(byte0 >> 3 & 1), bool(byte0 >> 2 & 1), raw[1:33], raw[33:])

    def __repr__(self) -> str:
        return f"Payload({self.direction.name}, lan={self.lan})"


@frozen(repr=False)
class QrCode:
    """A whole code: where the relay is, and the payload."""

    origin: Origin
    payload: Payload

    @property
    def url(self) -> str:
        """The text of the code.  It holds the secret: for the screen only."""
        return f"{self.origin.text}#{to_digits(self.payload.to_bytes())}"

    @property
    def info(self) -> bytes:
        """HPKE's ``info``: binds version, direction, lan and origin into the keys."""
        origin = self.origin.text.encode("ascii")
        head = b"certrelay/1 info" + bytes([self.payload.byte0])
        return head + len(origin).to_bytes(2, "big") + origin

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Read what a camera saw.

        Raises:
            QrError: With the word of the damage.  ``qr_key`` is noticed only when m1
                is made.
        """
        origin, _, digits = url.partition("#")
        payload = Payload.from_bytes(from_digits(digits))
        return cls.at(Origin.parse(origin), payload)

    @classmethod
    def at(cls, origin: Origin, payload: Payload) -> Self:
        """Join a payload with the relay's place.

        Raises:
            QrError: ``qr_scheme``, if the payload does not allow that place.
        """
        if not _scheme_fits(origin, payload.lan):
            raise QrError("qr_scheme")
        return cls(origin, payload)

    def __repr__(self) -> str:
        return f"QrCode({self.origin.text}, {self.payload!r})"


def _scheme_fits(origin: Origin, lan: bool) -> bool:
    if origin.scheme == "https":
        return True
    return origin.is_local if lan else origin.is_loopback


def to_digits(raw: bytes) -> str:
    """Write bytes as decimal digits: 17 for every 7 bytes, little-endian."""
    groups = [raw[at : at + _GROUP_BYTES] for at in range(0, len(raw), _GROUP_BYTES)]
    return "".join(
        f"{int.from_bytes(group, 'little'):0{_GROUP_DIGITS[len(group)]}}" for group in groups
    )


def from_digits(digits: str) -> bytes:
    """Read what :func:`to_digits` wrote.

    Raises:
        QrError: ``qr_digits`` for another character, ``qr_length`` for a length that no
            bytes have, ``qr_range`` for a group whose value is too large for its bytes.
    """
    # Not str.isdigit(): full-width and other scripts' digits are no digits here.
    if not set(digits) <= set("0123456789"):
        raise QrError("qr_digits")
    whole, tail_digits = divmod(len(digits), _GROUP_DIGITS[-1])
    if tail_digits not in _GROUP_DIGITS or not digits:
        raise QrError("qr_length")
    sizes = [_GROUP_BYTES] * whole + [_GROUP_DIGITS.index(tail_digits)] * (tail_digits > 0)
    raw, at = b"", 0
    for size in sizes:
        width = _GROUP_DIGITS[size]
        value = int(digits[at : at + width])
        if value >= 1 << 8 * size:
            raise QrError("qr_range")
        raw += value.to_bytes(size, "little")
        at += width
    return raw
