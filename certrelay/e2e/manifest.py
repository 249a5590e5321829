"""The manifest: what an OFFER promises, checked before a byte of it is taken.

Source: docs/protocol.md §7.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, Self

from certrelay.bundle import ROLES, File, Item, Kind
from certrelay.errors import ProtocolError
from certrelay.frozen import frozen
from certrelay.limits import MAX_BUNDLE_BYTES, MAX_FILE_BYTES, MAX_ITEMS
from certrelay.strict_json import NotStrict, parse_object, write_object

_SHA256: Final = re.compile(r"[0-9a-f]{64}\Z")


@frozen
class FileEntry:
    """One promised file."""

    role: str
    size: int
    sha256: bytes


@frozen
class ItemEntry:
    """One promised item."""

    kind: Kind
    files: tuple[FileEntry, ...]


@frozen
class Manifest:
    """All that is promised, in order; `total` bytes."""

    items: tuple[ItemEntry, ...]

    @property
    def total(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for item in self.items for file in item.files)

    @classmethod
    def of(cls, items: Sequence[Item]) -> Self:
        """Describe items that are about to be sent.

        Raises:
            ProtocolError: ``too_large`` over a limit, ``bad_manifest`` for a set of
                files that is no item: what the receiver would reject is not sent.
        """
        manifest = cls(
            tuple(
                ItemEntry(
                    item.kind,
                    tuple(FileEntry(f.role, len(f.content), f.sha256) for f in item.files),
                )
                for item in items
            )
        )
        return cls.parse(manifest.to_bytes())

    def to_bytes(self) -> bytes:
        """Write the OFFER body."""
        items = [
            {
                "kind": item.kind,
                "files": [
                    {"role": file.role, "size": file.size, "sha256": file.sha256.hex()}
                    for file in item.files
                ],
            }
            for item in self.items
        ]
        return write_object({"items": items, "total": self.total}).encode()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read an OFFER body.

        Raises:
            ProtocolError: ``bad_manifest``, or ``too_large`` if it is well formed but
                over a limit.
        """
        try:
            fields = parse_object(raw)
        except NotStrict:
            raise ProtocolError("bad_manifest") from None
        items = fields.get("items")
        if not isinstance(items, list) or not items:
            raise ProtocolError("bad_manifest")
        manifest = cls(tuple(_item(item) for item in items))
        if type(fields.get("total")) is not int or fields["total"] != manifest.total:
            raise ProtocolError("bad_manifest")
        sizes = [file.size for item in manifest.items for file in item.files]
        if len(items) > MAX_ITEMS or max(sizes) > MAX_FILE_BYTES or sum(sizes) > MAX_BUNDLE_BYTES:
            raise ProtocolError("too_large")
        return manifest

    def split(self, content: bytes) -> tuple[Item | None, ...]:
        """Cut the content into items; ``None`` where a file's digest differs."""
        at, items = 0, []
        for entry in self.items:
            files = []
            for promised in entry.files:
                files.append(File(promised.role, content[at : at + promised.size]))
                at += promised.size
            intact = all(
                file.sha256 == promised.sha256
                for file, promised in zip(files, entry.files, strict=True)
            )
            items.append(Item(entry.kind, tuple(files)) if intact else None)
        return tuple(items)


def _item(fields: Any) -> ItemEntry:
    if not isinstance(fields, dict) or fields.get("kind") not in ("npki", "pkcs12"):
        raise ProtocolError("bad_manifest")
    kind: Kind = fields["kind"]
    files = fields.get("files")
    if not isinstance(files, list):
        raise ProtocolError("bad_manifest")
    entries = tuple(_file(file) for file in files)
    roles = [entry.role for entry in entries]
    if len(set(roles)) != len(roles) or not _is_complete(kind, set(roles)):
        raise ProtocolError("bad_manifest")
    return ItemEntry(kind, entries)


def _is_complete(kind: Kind, roles: set[str]) -> bool:
    if not roles <= set(ROLES[kind]):
        return False
    if kind == "pkcs12":
        return roles == {"pkcs12"}
    return {"signCert", "signPri"} <= roles and ("kmCert" in roles) == ("kmPri" in roles)


def _file(fields: Any) -> FileEntry:
    if not isinstance(fields, dict):
        raise ProtocolError("bad_manifest")
    role, size, sha256 = fields.get("role"), fields.get("size"), fields.get("sha256")
    if not isinstance(role, str) or type(size) is not int or size < 1:
        raise ProtocolError("bad_manifest")
    if not isinstance(sha256, str) or not _SHA256.match(sha256):
        raise ProtocolError("bad_manifest")
    return FileEntry(role, size, bytes.fromhex(sha256))
