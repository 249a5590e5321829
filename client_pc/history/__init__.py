"""The history: what went where, when, and how it ended.

Long because one file has every kind of record, and how each is written and read again.

A file of JSON lines that only its owner may read.  It holds nothing secret: no key, no
password, no number, no address.  Who wants none writes ``history = false`` in the settings.

Source: docs/commands.md, `history`.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from certrelay.client.only_one import only_one
from certrelay.e2e.bodies import KEPT
from certrelay.errors import StorageError
from certrelay.frozen import frozen
from certrelay.limits import MIB

FILE_NAME: Final = "history.jsonl"

MAX_HISTORY_BYTES: Final = MIB
"""Bytes after which the older half is dropped: some 2,000 copies."""

CopyKind = Literal["import", "export"]


@frozen
class CopiedItem:
    """One certificate of a copy; its texts are a stranger's."""

    cn: str | None
    subject: str | None
    fingerprint: str | None
    """SHA-256 of the certificate, in hex; ``None`` for a sealed PKCS#12 file."""

    not_after: datetime | None
    status: str
    """``stored``, ``duplicate``, or why it was not kept."""

    @property
    def is_kept(self) -> bool:
        """Whether the receiver has it."""
        return self.status in KEPT


@frozen
class Copy:
    """One copy, also one that failed after the devices had met."""

    at: datetime
    direction: CopyKind
    device: str
    """The other device's name: what it says of itself."""

    platform: str
    items: tuple[CopiedItem, ...]
    error: str | None
    """The code of the error with which it ended."""


@frozen
class LocalChange:
    """Something that was done to a certificate on this PC."""

    at: datetime
    change: str
    """``delete``, ``restore``, ``passwd``, ``convert``, ``unlock``."""

    path: str
    fingerprint: str | None
    to: str | None = None
    """Where the result lies, if that is another place."""


class History:
    """The history file in a folder.

    Args:
        folder: Made when the first line is written, for its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self.path: Final = folder / FILE_NAME

    def append(self, copy: Copy) -> None:
        """Write one copy at the end.

        Raises:
            StorageError: ``output_file`` with ``path``.
        """
        self._append(_written(copy))

    def append_change(self, change: LocalChange) -> None:
        """Write one change at the end.

        Raises:
            StorageError: ``output_file`` with ``path``.
        """
        fields = {name: getattr(change, name) for name in ("change", "path", "fingerprint", "to")}
        at = change.at.astimezone(UTC).isoformat(timespec="seconds")
        self._append({"at": at, **fields})

    def _append(self, fields: dict[str, Any]) -> None:
        line = json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with only_one(self.path):
                self._drop_older_half()
                # Unbuffered: a line goes in one piece.
                with open(_open(self.path, os.O_APPEND), "ab", buffering=0) as file:
                    file.write(line.encode("utf-8", "replace"))
        except (OSError, ValueError):
            raise StorageError("output_file", path=str(self.path)) from None

    def read(self) -> tuple[Copy, ...]:
        """Read all copies, oldest first; a line that is none of ours is passed over.

        Raises:
            StorageError: ``history_unreadable`` with ``path``.
        """
        return tuple(_understood(self._lines(), _read))

    def read_changes(self) -> tuple[LocalChange, ...]:
        """Read all changes, oldest first.

        Raises:
            StorageError: ``history_unreadable`` with ``path``.
        """
        return tuple(_understood(self._lines(), _read_change))

    def _lines(self) -> Sequence[str]:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError:
            raise StorageError("history_unreadable", path=str(self.path)) from None
        return raw.decode("utf-8", "replace").split("\n")

    def clear(self) -> None:
        """Remove the file.

        Raises:
            StorageError: ``output_file`` with ``path``.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError:
            raise StorageError("output_file", path=str(self.path)) from None

    def _drop_older_half(self) -> None:
        if not self.path.exists() or self.path.stat().st_size <= MAX_HISTORY_BYTES:
            return
        lines = self.path.read_bytes().splitlines(keepends=True)
        newer = self.path.with_name(f".{self.path.name}.new")
        with open(_open(newer, os.O_TRUNC), "wb") as file:
            file.writelines(lines[len(lines) // 2 :])
        newer.replace(self.path)


def devices_with(copies: Iterable[Copy], fingerprint: str) -> tuple[str, ...]:
    """Name the devices that were given, or gave, this very certificate."""
    return tuple(
        dict.fromkeys(
            copy.device
            for copy in copies
            for item in copy.items
            if item.is_kept and item.fingerprint == fingerprint
        )
    )


def devices_with_older(copies: Iterable[Copy], newer: CopiedItem) -> tuple[str, ...]:
    """Name the devices that were given, or gave, an older certificate of the same subject.

    A device that has had this very certificate since then is not among them.

    Args:
        copies: The history.
        newer: The certificate; what ends later is no older one.
    """
    older: dict[str, None] = {}
    if newer.subject is None or newer.not_after is None:
        return ()
    for copy in copies:
        for item in copy.items:
            if not item.is_kept or item.subject != newer.subject:
                continue
            if item.fingerprint == newer.fingerprint:
                older.pop(copy.device, None)
            elif item.not_after and item.not_after < newer.not_after:
                older[copy.device] = None
    return tuple(older)


def devices_with_old_password(
    copies: Iterable[Copy], changes: Iterable[LocalChange], fingerprint: str
) -> tuple[str, ...]:
    """Name the devices that a certificate went to or came from before its password was changed.

    A device with a copy since then is not among them.

    Args:
        copies: The history.
        changes: What was changed on this PC.
        fingerprint: The certificate's.
    """
    changed = [
        change.at
        for change in changes
        if change.change == "passwd" and change.fingerprint == fingerprint
    ]
    old: dict[str, None] = {}
    for copy in copies if changed else ():
        if any(item.is_kept and item.fingerprint == fingerprint for item in copy.items):
            if copy.at > max(changed):
                old.pop(copy.device, None)
            else:
                old[copy.device] = None
    return tuple(old)


def _open(path: Path, flags: int) -> int:
    flags |= os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)
    return descriptor


def _written(copy: Copy) -> dict[str, Any]:
    return {
        "at": copy.at.astimezone(UTC).isoformat(timespec="seconds"),
        "direction": copy.direction,
        "device": copy.device,
        "platform": copy.platform,
        "items": [
            {
                "cn": item.cn,
                "subject": item.subject,
                "fingerprint": item.fingerprint,
                "not_after": item.not_after and item.not_after.astimezone(UTC).isoformat(),
                "status": item.status,
            }
            for item in copy.items
        ],
        "error": copy.error,
    }


_FAULTS: Final = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,  # a year beyond the calendar
    RecursionError,  # brackets without end
)


_Line = TypeVar("_Line")


def _understood(lines: Sequence[str], read: Callable[[dict[str, Any]], _Line]) -> Iterable[_Line]:
    for line in lines:
        # A line that was cut off by a full disk must not hide the others.
        with contextlib.suppress(*_FAULTS):
            yield read(json.loads(line))


def _read_change(fields: dict[str, Any]) -> LocalChange:
    return LocalChange(
        _moment(fields["at"]).astimezone(),
        str(fields["change"]),
        str(fields["path"]),
        _text(fields["fingerprint"]),
        _text(fields["to"]),
    )


def _read(fields: dict[str, Any]) -> Copy:
    return Copy(
        _moment(fields["at"]).astimezone(),  # so that it can be shown in this computer's time
        "import" if fields["direction"] == "import" else "export",
        str(fields["device"]),
        str(fields["platform"]),
        tuple(
            CopiedItem(
                _text(item["cn"]),
                _text(item["subject"]),
                _text(item["fingerprint"]),
                None if item["not_after"] is None else _moment(item["not_after"]),
                str(item["status"]),
            )
            for item in fields["items"]
        ),
        _text(fields["error"]),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _text(value: object) -> str | None:
    return None if value is None else str(value)
