"""What a frame can say: every sealed message, as a type.

    OFFER, CHUNK, END            from the sender
    ACCEPT, REJECT, RECEIPT      from the receiver
    PROGRESS, CLOSE              from both

A word that this version does not know (a reason, a step, a status) reads as ``other``, so
that a peer's text is never shown.

Source: docs/protocol.md §7.
"""

from enum import IntEnum
from typing import Any, Final, assert_never

from certrelay.errors import ProtocolError
from certrelay.frozen import frozen
from certrelay.limits import CHUNK_BYTES
from certrelay.strict_json import NotStrict, parse_object, write_object
from certrelay.wire.release import Version, VersionUnreadable


class BodyKind(IntEnum):
    """The first byte of a frame's plaintext."""

    OFFER = 1
    ACCEPT = 2
    REJECT = 3
    CHUNK = 4
    END = 5
    RECEIPT = 6
    CLOSE = 7
    PROGRESS = 8


OTHER: Final = "other"
STEPS: Final = ("choosing", "typing", "asking", "saving")
STATUSES: Final = ("stored", "duplicate", "rejected", "unconfirmed")
KEPT: Final = ("stored", "duplicate")
"""The statuses of an item that the receiver has on disk."""

REASONS: Final = (
    "declined",
    "too_large",
    "bad_manifest",
    "bad_digest",
    "bad_certificate",
    "key_mismatch",
    "name_taken",
    "disk",
)
REFUSALS: Final = ("version_too_low", "version_blocked", "platform_mismatch", "os_too_low")
"""The reasons of CLOSE with which an end refuses the other one's release."""

VERSIONS: Final = ("found", "needed")
"""The keys that go with them."""

CLOSE_REASONS: Final = (
    "done",
    "cancelled",
    "number_mismatch",
    "second_scan",
    *REFUSALS,
    "timeout",
    "protocol",
    "page_closed",
)


@frozen
class Offer:
    """The manifest, unread: a fault in it is answered by REJECT and not by CLOSE."""

    manifest: bytes


@frozen
class Accept:
    """The manifest is fine: send."""


@frozen
class Reject:
    """The manifest is not fine."""

    reason: str


@frozen(repr=False)
class Chunk:
    """``data`` stands at ``offset`` of the content; 1 to ``CHUNK_BYTES``."""

    offset: int
    data: bytes

    def __repr__(self) -> str:
        return f"Chunk(offset={self.offset}, {len(self.data)} bytes)"


@frozen
class End:
    """That was all; ``digest`` is the SHA-256 of the OFFER body."""

    digest: bytes


@frozen
class ItemResult:
    """What became of one item at the receiver."""

    status: str
    reason: str | None = None

    @property
    def is_kept(self) -> bool:
        """Tell whether the receiver has the item on disk."""
        return self.status in KEPT


@frozen
class Receipt:
    """One result for each item, in the manifest's order."""

    items: tuple[ItemResult, ...]


@frozen
class Close:
    """The session is over, and why.

    ``found`` and ``needed`` go with a refusal of the other end's release: what its hello said,
    and the lowest that is admitted.  Both are versions; they alone of the other end's texts
    may be shown.
    """

    reason: str
    found: str | None = None
    needed: str | None = None


@frozen
class Progress:
    """The step at which the other person is."""

    step: str


Body = Offer | Accept | Reject | Chunk | End | Receipt | Close | Progress
_OFFSET_BYTES = 4
_DIGEST_BYTES = 32


def encode(body: Body) -> tuple[BodyKind, bytes]:
    """Write a body: its kind and its bytes."""
    match body:
        case Offer(manifest):
            return BodyKind.OFFER, manifest
        case Accept():
            return BodyKind.ACCEPT, b"{}"
        case Reject(reason):
            return BodyKind.REJECT, _json({"reason": reason})
        case Chunk(offset, data):
            return BodyKind.CHUNK, offset.to_bytes(_OFFSET_BYTES, "big") + data
        case End(digest):
            return BodyKind.END, digest
        case Receipt(items):
            return BodyKind.RECEIPT, _json({"items": [_result_fields(item) for item in items]})
        case Close(reason, found, needed):
            versions = {"found": found, "needed": needed}
            known = {name: version for name, version in versions.items() if version is not None}
            return BodyKind.CLOSE, _json({"reason": reason, **known})
        case Progress(step):
            return BodyKind.PROGRESS, _json({"step": step})
        case _:
            assert_never(body)


def decode(kind: int, raw: bytes) -> Body:
    """Read a body.

    Raises:
        ProtocolError: ``unknown_kind``, ``bad_json`` or ``bad_body``.
    """
    try:
        known = BodyKind(kind)
    except ValueError:
        raise ProtocolError("unknown_kind") from None
    match known:
        case BodyKind.OFFER:
            return Offer(raw)
        case BodyKind.CHUNK:
            data = raw[_OFFSET_BYTES:]
            if not 1 <= len(data) <= CHUNK_BYTES:
                raise ProtocolError("bad_body")
            return Chunk(int.from_bytes(raw[:_OFFSET_BYTES], "big"), data)
        case BodyKind.END:
            if len(raw) != _DIGEST_BYTES:
                raise ProtocolError("bad_body")
            return End(raw)
    fields = _object(raw)
    match known:
        case BodyKind.ACCEPT:
            return Accept()
        case BodyKind.REJECT:
            return Reject(_word(fields, "reason", REASONS))
        case BodyKind.RECEIPT:
            return Receipt(_results(fields.get("items")))
        case BodyKind.CLOSE:
            reason = _word(fields, "reason", CLOSE_REASONS)
            return Close(reason, **(_versions(fields) if reason in REFUSALS else {}))
        case BodyKind.PROGRESS:
            return Progress(_word(fields, "step", STEPS))
        case _:
            assert_never(known)


def _json(fields: dict[str, Any]) -> bytes:
    return write_object(fields).encode()


def _result_fields(item: ItemResult) -> dict[str, str]:
    fields = {"status": item.status}
    return fields if item.reason is None else {**fields, "reason": item.reason}


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return parse_object(raw)
    except NotStrict:
        raise ProtocolError("bad_json") from None


def _word(fields: Any, key: str, known: tuple[str, ...]) -> str:
    value = fields.get(key) if isinstance(fields, dict) else None
    if not isinstance(value, str):
        raise ProtocolError("bad_body")
    return value if value in known else OTHER


def _versions(fields: dict[str, Any]) -> dict[str, str]:
    """Read the versions of a refusal; what is none is passed over: the session is over anyhow."""
    texts = {name: fields[name] for name in VERSIONS if isinstance(fields.get(name), str)}
    return {name: text for name, text in texts.items() if _is_version(text)}


def _is_version(text: str) -> bool:
    try:
        Version.parse(text)
    except VersionUnreadable:
        return False
    return True


def _results(items: Any) -> tuple[ItemResult, ...]:
    if not isinstance(items, list):
        raise ProtocolError("bad_body")
    return tuple(_result(item) for item in items)


def _result(item: Any) -> ItemResult:
    status = _word(item, "status", STATUSES)
    return ItemResult(status, _word(item, "reason", REASONS) if "reason" in item else None)


Early = Progress | Close
"""What may be said before the number matched."""
