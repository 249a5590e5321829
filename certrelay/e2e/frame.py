"""The bytes of one frame and of one acknowledgement.

    frame           = 0x10 ‖ seq(8) ‖ AEAD(key, 00000000‖seq, aad = first 9, plaintext)
    acknowledgement = 0x11 ‖ n(8)   ‖ AEAD(key, 00000001‖n,   aad = first 9, next(8))
    plaintext       = kind(1) ‖ ack(8) ‖ payload
    payload         = u16 length ‖ body ‖ zeros, 1,024 or 16,640 bytes

No counter lives here: `certrelay.e2e.channel` keeps them.

Source: docs/protocol.md §7.
"""

from enum import IntEnum
from typing import Final

from certrelay.e2e.aead import BadTag, seal, unseal
from certrelay.e2e.bodies import BodyKind
from certrelay.errors import ProtocolError, TrustError
from certrelay.frozen import frozen
from certrelay.limits import LARGE_PAYLOAD_BYTES, SMALL_PAYLOAD_BYTES


class Carrier(IntEnum):
    """The first byte of a binary message."""

    M1 = 0x01
    M2 = 0x02
    M3 = 0x03
    FRAME = 0x10
    ACK = 0x11


_HEAD_BYTES: Final = 9
_TAG_BYTES: Final = 16
_LENGTH_BYTES: Final = 2
_SMALL_BODY_BYTES: Final = SMALL_PAYLOAD_BYTES - _LENGTH_BYTES
FRAME_BYTES: Final = frozenset(
    _HEAD_BYTES + 9 + payload + _TAG_BYTES for payload in (SMALL_PAYLOAD_BYTES, LARGE_PAYLOAD_BYTES)
)
"""The two sizes that a frame can have: 1,058 and 16,674."""

ACK_BYTES: Final = _HEAD_BYTES + 8 + _TAG_BYTES
"""The size of an acknowledgement: 33."""


@frozen(repr=False)
class OpenedFrame:
    """A frame's plaintext; the payload is still padded."""

    kind: int
    ack: int
    payload: bytes


def number_of(message: bytes) -> int:
    """Read seq or n; the caller has checked the size."""
    return int.from_bytes(message[1:_HEAD_BYTES], "big")


def seal_frame(key: bytes, seq: int, kind: int, ack: int, body: bytes) -> bytes:
    """Encrypt one frame.  No seq is ever given twice for one key."""
    head = bytes([Carrier.FRAME]) + seq.to_bytes(8, "big")
    plaintext = bytes([kind]) + ack.to_bytes(8, "big") + pad(kind, body)
    return head + seal(key, _nonce(0, seq), plaintext, head)


def open_frame(key: bytes, message: bytes) -> OpenedFrame:
    """Decrypt a frame of a right size.

    Raises:
        TrustError: ``bad_tag``.
    """
    plaintext = _open(key, 0, message)
    return OpenedFrame(plaintext[0], int.from_bytes(plaintext[1:9], "big"), plaintext[9:])


def seal_ack(key: bytes, n: int, next_seq: int) -> bytes:
    """Encrypt one acknowledgement.  No n is ever given twice for one key."""
    head = bytes([Carrier.ACK]) + n.to_bytes(8, "big")
    return head + seal(key, _nonce(1, n), next_seq.to_bytes(8, "big"), head)


def open_ack(key: bytes, message: bytes) -> int:
    """Decrypt an acknowledgement of the right size: the next seq the other side expects.

    Raises:
        TrustError: ``bad_tag``.
    """
    return int.from_bytes(_open(key, 1, message), "big")


def pad(kind: int, body: bytes) -> bytes:
    """Fill a body up to its payload's size."""
    size = _payload_size(kind, len(body))
    return (len(body).to_bytes(_LENGTH_BYTES, "big") + body).ljust(size, b"\0")


def unpad(kind: int, payload: bytes) -> bytes:
    """Take the body out of a payload.

    Raises:
        ProtocolError: ``payload_size``, ``payload_length`` or ``payload_padding``.
    """
    if len(payload) not in (SMALL_PAYLOAD_BYTES, LARGE_PAYLOAD_BYTES):
        raise ProtocolError("payload_size")
    length = int.from_bytes(payload[:_LENGTH_BYTES], "big")
    end = _LENGTH_BYTES + length
    if end > len(payload):
        raise ProtocolError("payload_length")
    if len(payload) != _payload_size(kind, length):
        raise ProtocolError("payload_size")
    if any(payload[end:]):
        raise ProtocolError("payload_padding")
    return payload[_LENGTH_BYTES:end]


def _payload_size(kind: int, body_bytes: int) -> int:
    large = kind == BodyKind.CHUNK or body_bytes > _SMALL_BODY_BYTES
    return LARGE_PAYLOAD_BYTES if large else SMALL_PAYLOAD_BYTES


def _nonce(space: int, counter: int) -> bytes:
    return space.to_bytes(4, "big") + counter.to_bytes(8, "big")


def _open(key: bytes, space: int, message: bytes) -> bytes:
    head, sealed = message[:_HEAD_BYTES], message[_HEAD_BYTES:]
    try:
        return unseal(key, _nonce(space, number_of(message)), sealed, head)
    except BadTag:
        raise TrustError("bad_tag") from None
