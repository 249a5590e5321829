"""The sealed channel without its rules: seals whatever it is told, reads whatever comes.

`HostilePhone` and `HostilePc` get one from an honest handshake; from then on the other end
faces a peer that holds the right keys and obeys nothing.

Source: docs/protocol.md §7.
"""

import hashlib
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from certrelay.e2e import bodies, frame
from certrelay.e2e.bodies import Body
from certrelay.e2e.frame import Carrier
from certrelay.e2e.handshake import SessionKeys


class HostileChannel:
    """One end's keys, and no scruples."""

    def __init__(self, keys: SessionKeys) -> None:
        self.number: Final = keys.number
        """The six digits that an honest end would show or compare."""

        self._keys: Final = keys
        self.next_seq = 0
        self.next_n = 0
        self.expected = 0
        """What an honest end would expect next: `read` counts it."""

    def say(self, body: Body) -> bytes:
        """Seal an honest body as the next frame."""
        return self.frame(*bodies.encode(body))

    def frame(
        self, kind: int, body: bytes, *, seq: int | None = None, ack: int | None = None
    ) -> bytes:
        """Seal any body of any kind, padded as it should be.

        Args:
            kind: 0 to 255.
            body: Up to 16,638 bytes.
            seq: Another number than the next one.
            ack: Another acknowledgement than the right one.
        """
        return self.payload(kind, frame.pad(kind, body), seq=seq, ack=ack)

    def payload(
        self, kind: int, payload: bytes, *, seq: int | None = None, ack: int | None = None
    ) -> bytes:
        """Seal a payload as it is: of a wrong length, with a wrong padding."""
        number = self.next_seq if seq is None else seq
        self.next_seq = max(self.next_seq, number + 1)
        acknowledged = self.expected if ack is None else ack
        head = bytes([Carrier.FRAME]) + number.to_bytes(8, "big")
        plaintext = bytes([kind]) + acknowledged.to_bytes(8, "big") + payload
        nonce = bytes(4) + number.to_bytes(8, "big")
        return head + ChaCha20Poly1305(self._keys.send).encrypt(nonce, plaintext, head)

    def ack(self, next_seq: int | None = None, *, n: int | None = None) -> bytes:
        """Seal an acknowledgement of anything."""
        number = self.next_n if n is None else n
        self.next_n = max(self.next_n, number + 1)
        wanted = self.expected if next_seq is None else next_seq
        return frame.seal_ack(self._keys.send, number, wanted)

    def read(self, message: bytes) -> Body | int | None:
        """Read what the other end sealed.

        Returns:
            A frame's body, an acknowledgement's number, ``None`` for a repeated frame.

        Raises:
            CertRelayError: If it is none.
        """
        if message[0] == Carrier.ACK:
            return frame.open_ack(self._keys.receive, message)
        opened = frame.open_frame(self._keys.receive, message)
        if frame.number_of(message) < self.expected:
            return None
        self.expected = frame.number_of(message) + 1
        return bodies.decode(opened.kind, frame.unpad(opened.kind, opened.payload))


def pair_offer(certificate: bytes, key: bytes, **changes: int | str) -> bytes:
    """The manifest of one NPKI pair, as an honest sender writes it, and then changed.

    Args:
        certificate: The bytes promised as ``signCert``.
        key: The bytes promised as ``signPri``.
        changes: Another ``size`` or ``sha256`` for the certificate.
    """
    from certrelay.strict_json import write_object

    first = {"role": "signCert", "size": len(certificate), **_digest(certificate), **changes}
    second = {"role": "signPri", "size": len(key), **_digest(key)}
    total = int(first["size"]) + len(key)
    item = {"kind": "npki", "files": [first, second]}
    return write_object({"items": [item], "total": total}).encode()


def _digest(content: bytes) -> dict[str, int | str]:
    return {"sha256": hashlib.sha256(content).hexdigest()}
