"""The handshake, one type for each stage.

    G:  Showing ──accept(m1)──▶ Answered ──finish(m3)──▶ SessionKeys
    S:  Scanned ──finish(m2)──▶ SessionKeys, and m3 to send

A stage is used up by leaving it.  m1, m2 and m3 stand here without the carrier's type
byte; hellos are opaque bytes.  Bytes are hashed as they were received.

Source: docs/protocol.md §5.
"""

import hmac
from collections.abc import Callable
from typing import Final, Self

from certrelay.e2e import derive, hpke
from certrelay.e2e.aead import BadTag, seal, unseal
from certrelay.e2e.qr import Direction, Payload, QrCode
from certrelay.errors import QrError, StateError, TrustError
from certrelay.frozen import frozen
from certrelay.limits import M1_TRIES, NUMBER_DIGITS
from certrelay.wire.ids import LABEL, JoinSecret, RoomId, Token

_RANDOM_BYTES: Final = 32
_NONCE: Final = bytes(12)
"""Each key of m2 and m3 seals one message."""

Random = Callable[[int], bytes]
"""A source of so many random bytes: ``os.urandom``, or a test's own."""


@frozen(repr=False)
class ShowSecrets:
    """G's fresh randomness for one QR code."""

    skg: bytes
    seed: bytes
    ng: bytes
    token: Token

    @classmethod
    def fresh(cls, random: Random) -> Self:
        """Draw them."""
        return cls(random(32), random(32), random(_RANDOM_BYTES), Token(random(16)))

    def payload(self, direction: Direction, *, lan: bool) -> Payload:
        """The QR code's payload of these secrets."""
        return Payload(direction, lan, hpke.public_key(self.skg), self.seed)


@frozen(repr=False)
class ScanSecrets:
    """S's fresh randomness for one scan."""

    ske: bytes
    ns: bytes
    token: Token

    @classmethod
    def fresh(cls, random: Random) -> Self:
        """Draw them."""
        return cls(random(32), random(_RANDOM_BYTES), Token(random(16)))


@frozen(repr=False)
class SessionKeys:
    """What both ends know after m3; ``send`` and ``receive`` as this end sees them."""

    th: bytes
    send: bytes
    receive: bytes
    number: str
    """``NUMBER_DIGITS`` decimal digits, leading zeros kept."""


class Showing:
    """G, with its QR code on the screen."""

    def __init__(self, secrets: ShowSecrets, qr: QrCode) -> None:
        self.join: Final[JoinSecret] = derive.join_secret(secrets.seed)
        self.room: Final[RoomId] = self.join.room
        self._secrets: ShowSecrets | None = secrets
        self._info: Final = qr.info
        self._failures = 0

    def accept(self, m1: bytes, hello: bytes) -> "Answered":
        """Open S's first message; G's secret key is gone afterwards.

        Raises:
            TrustError: ``m1_open`` if it does not open: the QR code stays good.
                ``m1_tries`` at the third failure: the end of the QR code.
            StateError: If the code is burnt already.
        """
        secrets = self._secrets
        if secrets is None:
            raise StateError("a QR code is used once")
        context = self._open(m1, secrets)
        if context is None:
            self._failures += 1
            if self._failures < M1_TRIES:
                raise TrustError("m1_open")
            self._secrets = None
            raise TrustError("m1_tries")
        self._secrets = None
        opened, exporter = context
        return Answered(m1, opened, exporter, secrets.ng, hello)

    def _open(self, m1: bytes, secrets: ShowSecrets) -> tuple[bytes, hpke.Context] | None:
        enc, sealed = m1[: hpke.ENC_BYTES], m1[hpke.ENC_BYTES :]
        try:
            context = hpke.setup_recipient(
                enc, secrets.skg, self._info, derive.psk(secrets.seed), self.room.raw
            )
            opened = context.open(sealed, LABEL + b"m1")
        except hpke.HpkeError:
            return None
        return (opened, context) if len(opened) >= _RANDOM_BYTES else None


class Answered:
    """G, after m1: its answer is `m2`, and the QR code is burnt."""

    def __init__(
        self, m1: bytes, opened: bytes, context: hpke.Context, ng: bytes, hello: bytes
    ) -> None:
        self.m1: Final = m1
        self.peer_hello: Final = opened[_RANDOM_BYTES:]
        self._commitment: Final = opened[:_RANDOM_BYTES]
        self._context: hpke.Context | None = context
        key = _export(context, b"m2", derive.hash_items(m1))
        self.m2: Final = seal(key, _NONCE, ng + hello, LABEL + b"m2")

    def finish(self, m3: bytes) -> SessionKeys:
        """Open m3 and hold S to its promise.

        Raises:
            TrustError: ``m3_open`` or ``commitment``; either way the session is over.
            StateError: If called twice.
        """
        context, self._context = self._context, None
        if context is None:
            raise StateError("a handshake is finished once")
        ns = _open_once(context, b"m3", (self.m1, self.m2), m3)
        if not hmac.compare_digest(derive.commitment(ns), self._commitment):
            raise TrustError("commitment")
        if len(ns) != _RANDOM_BYTES:
            raise TrustError("commitment")
        return _session_keys(context, (self.m1, self.m2, m3), sends=b"g2s", receives=b"s2g")


class Scanned:
    """S, after it read the QR code: its first message is `m1`."""

    def __init__(self, secrets: ScanSecrets, qr: QrCode, hello: bytes) -> None:
        """Make m1.

        Raises:
            QrError: ``qr_key``, if the code's public key is none.
        """
        seed = qr.payload.seed
        self.join: Final[JoinSecret] = derive.join_secret(seed)
        self.room: Final[RoomId] = self.join.room
        self._ns: Final = secrets.ns
        try:
            enc, context = hpke.setup_sender(
                qr.payload.pkg, qr.info, derive.psk(seed), self.room.raw, secrets.ske
            )
        except hpke.HpkeError:
            raise QrError("qr_key") from None
        self._context: hpke.Context | None = context
        self.m1: Final = enc + context.seal(derive.commitment(secrets.ns) + hello, LABEL + b"m1")

    def finish(self, m2: bytes) -> tuple[bytes, SessionKeys, bytes]:
        """Open m2.

        Returns:
            m3, the session's keys, and G's hello as it was sealed.

        Raises:
            TrustError: ``m2_open``; the session is over.
            StateError: If called twice.
        """
        context, self._context = self._context, None
        if context is None:
            raise StateError("a handshake is finished once")
        opened = _open_once(context, b"m2", (self.m1,), m2)
        if len(opened) < _RANDOM_BYTES:
            raise TrustError("m2_open")
        key = _export(context, b"m3", derive.hash_items(self.m1, m2))
        m3 = seal(key, _NONCE, self._ns, LABEL + b"m3")
        keys = _session_keys(context, (self.m1, m2, m3), sends=b"s2g", receives=b"g2s")
        return m3, keys, opened[_RANDOM_BYTES:]


def _export(context: hpke.Context, name: bytes, transcript: bytes, size: int = 32) -> bytes:
    return context.export(LABEL + name + transcript, size)


def _open_once(
    context: hpke.Context, name: bytes, before: tuple[bytes, ...], sealed: bytes
) -> bytes:
    key = _export(context, name, derive.hash_items(*before))
    try:
        return unseal(key, _NONCE, sealed, LABEL + name)
    except BadTag:
        raise TrustError("m2_open" if name == b"m2" else "m3_open") from None


def _session_keys(
    context: hpke.Context, messages: tuple[bytes, bytes, bytes], *, sends: bytes, receives: bytes
) -> SessionKeys:
    th = derive.hash_items(*messages)
    digits = int.from_bytes(_export(context, b"sas", th, 16), "big") % 10**NUMBER_DIGITS
    return SessionKeys(
        th,
        _export(context, sends, th),
        _export(context, receives, th),
        f"{digits:0{NUMBER_DIGITS}}",
    )
