"""CPace: two devices that were told the same few digits agree on a key, one guess each.

Suite CPACE-X25519-SHA512 of draft-irtf-cfrg-cpace-21, initiator-responder.  What is here
knows nothing of codes or of certrelay; `certrelay.e2e.code` gives it its inputs.

    g      = map(the first 32 bytes of SHA-512(generator string))
    share  = X25519(scalar, g)
    K      = X25519(own scalar, the other's share)        32 zero bytes: refused
    ISK    = SHA-512("CPace255_ISK", sid, K, both shares with their names)      64 bytes

g and K never leave this module: either of them lets somebody check a guess of the secret.

Source: docs/protocol.md §10.3; RFC 7748 for X25519; RFC 9380 §6.7.1 for the map.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from certrelay.errors import StateError, TrustError
from certrelay.frozen import frozen

SCALAR_BYTES: Final = 32
SHARE_BYTES: Final = 32
SID_BYTES: Final = 16

_P: Final = 2**255 - 19
_A: Final = 486662
"""The curve: y² = x³ + Ax² + x over the integers modulo p."""

_BLOCK_BYTES: Final = 128
"""SHA-512's block: the generator string fills the first one with all that is secret."""

Random = Callable[[int], bytes]
"""A source of so many random bytes: ``os.urandom``, or a test's own."""


@frozen(repr=False)
class Inputs:
    """What both ends must have alike, or their keys differ."""

    secret: bytes
    """The password-related string: what the person read and typed."""

    channel: bytes
    """The channel identifier: where the two meet."""

    sid: bytes
    """The session identifier, 16 bytes, new for every run."""

    names: tuple[bytes, bytes]
    """Associated data of the initiator and of the responder (ADa, ADb)."""

    def __repr__(self) -> str:
        return "Inputs(…)"


class Exchange:
    """One end of one run.  Its `share` is sent to the other end; `finish` uses it up."""

    def __init__(self, inputs: Inputs, *, initiates: bool, random: Random) -> None:
        """Draw the scalar and make the share.

        Args:
            inputs: What both ends have alike.
            initiates: Whether this end is the initiator.
            random: Gives the scalar, 32 bytes, and then what blinds the map.
        """
        self._inputs: Final = inputs
        self._initiates: Final = initiates
        self._scalar: bytes | None = random(SCALAR_BYTES)
        self.share: Final = x25519(self._scalar, generator(inputs, random))

    def finish(self, other_share: bytes) -> bytes:
        """Make the intermediate session key (ISK), 64 bytes.

        Args:
            other_share: The other end's share as it travelled, 32 bytes.

        Raises:
            TrustError: ``low_order``, if K is 32 zero bytes: the share was chosen so.
            StateError: If called twice.
        """
        scalar, self._scalar = self._scalar, None
        if scalar is None:
            raise StateError("an exchange is finished once")
        own, names = self.share, self._inputs.names
        shares = (own, other_share) if self._initiates else (other_share, own)
        parts = [
            prefixed(b"CPace255_ISK", self._inputs.sid, x25519(scalar, other_share)),
            *(prefixed(share, name) for share, name in zip(shares, names, strict=True)),
        ]
        return hashlib.sha512(b"".join(parts)).digest()

    def __repr__(self) -> str:
        return "Exchange(…)"


def prefixed(*items: bytes) -> bytes:
    """``lv(a, b, …)``: each item with its length in front, as LEB128."""
    return b"".join(_leb128(len(item)) + item for item in items)


def _leb128(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _leb128(rest) if rest else bytes([low])


def generator_string(inputs: Inputs) -> bytes:
    """Write what g is hashed from."""
    head = prefixed(b"CPace255", inputs.secret)
    filling = bytes(max(0, _BLOCK_BYTES - 1 - len(head)))
    return head + prefixed(filling, inputs.channel, inputs.sid)


def generator(inputs: Inputs, random: Random) -> bytes:
    """Make g, 32 bytes, for tests and for `Exchange`, which forgets it at once."""
    hashed = hashlib.sha512(generator_string(inputs)).digest()[:SHARE_BYTES]
    return map_to_curve(hashed, random)


def map_to_curve(hashed: bytes, random: Random) -> bytes:
    """Map 32 bytes to the u-coordinate of a point: Elligator 2.

    Both powers are taken of a value that was multiplied with a fresh random factor, so that
    the time they take tells nothing of the secret behind ``hashed``.
    """
    r = int.from_bytes(hashed, "little") % 2**255 % _P
    blind = _nonzero(random)
    v = -_A * _inverse(1 + 2 * r * r, blind) % _P
    if not _is_square(v * (v * (v + _A) + 1) % _P, _nonzero(random)):
        v = (-_A - v) % _P
    return v.to_bytes(SHARE_BYTES, "little")


def _nonzero(random: Random) -> int:
    return int.from_bytes(random(SHARE_BYTES), "little") % (_P - 1) + 1


def _inverse(value: int, blind: int) -> int:
    return pow(value * blind, _P - 2, _P) * blind % _P


def _is_square(value: int, blind: int) -> bool:
    return pow(value * blind * blind, (_P - 1) // 2, _P) <= 1


def x25519(scalar: bytes, u: bytes) -> bytes:
    """Multiply a point (RFC 7748): bit 255 is passed over, p and more are reduced.

    Raises:
        TrustError: ``low_order``, if the result is 32 zero bytes.
    """
    try:
        return X25519PrivateKey.from_private_bytes(scalar).exchange(
            X25519PublicKey.from_public_bytes(u)
        )
    except ValueError:
        raise TrustError("low_order") from None
