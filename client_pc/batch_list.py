"""The list of a command on many certificates: read from a file, or made of entries."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from certrelay.client.path_text import path_of, path_text
from certrelay.client.store.reading import Entry
from certrelay.errors import StorageError, UsageError
from certrelay.frozen import frozen
from certrelay.limits import MIB

MAX_FROM_BYTES: Final = 16 * MIB
"""Bytes of a list that is read from a file or from standard input."""


MAX_FROM_LINES: Final = 10_000
"""Lines of a list that an empty line ends."""


@frozen(repr=False)
class Wanted:
    """One certificate of a list, and the answers that belong to it."""

    target: str
    answers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Wanted({self.target!r})"


def read_list(source: str, *, to_blank: bool = False) -> tuple[Wanted, ...]:
    """Read certificates with their passwords: a JSON object a line.

    ``fingerprint`` or ``path`` names the certificate (both: the file that has both), ``password``
    opens it, ``new`` is the new password.  Lines of `list --json` fit as they are; those of
    other events are passed over.

    Args:
        source: A file's name, or ``-`` for standard input.
        to_blank: Whether an empty line ends it on standard input, since answers follow there.

    Raises:
        UsageError: ``bad_line`` with ``line``.
        StorageError: ``unreadable_list``.
    """
    try:
        if source == "-":
            content = _typed(to_blank=to_blank)
        else:
            with path_of(source).open("rb") as file:
                content = file.read(MAX_FROM_BYTES + 1).decode("utf-8-sig", "replace")
    except OSError:
        raise StorageError("unreadable_list", path=source) from None
    found = []
    for number, line in enumerate(content.lstrip("\ufeff").split("\n"), 1):
        if line.strip() and (wanted := _wanted(line, number)) is not None:
            found.append(wanted)
    return tuple(found)


def _typed(*, to_blank: bool) -> str:
    if not to_blank:
        return sys.stdin.read(MAX_FROM_BYTES + 1)
    # Line by line, since what follows is for whoever asks next.
    lines: list[str] = []
    while (line := sys.stdin.readline(MAX_FROM_BYTES)).strip() and len(lines) < MAX_FROM_LINES:
        lines.append(line)
    return "".join(lines)


_ANSWERS: Final = {"password": "password", "new": "new_password", "idn": "idn"}
"""The fields of a line that are answers, and the question that each is for."""


def _wanted(line: str, number: int) -> Wanted | None:
    try:
        fields = json.loads(line)
        if fields.get("event", "certificate") != "certificate":
            return None
        named = fields.get("path") or fields.get("fingerprint")
        answers = {_ANSWERS[key]: fields[key] for key in _ANSWERS if fields.get(key) is not None}
    except (ValueError, AttributeError, RecursionError):
        raise UsageError("bad_line", line=number) from None
    if not isinstance(named, str) or not all(isinstance(each, str) for each in answers.values()):
        raise UsageError("bad_line", line=number)
    return Wanted(named, answers)


def targets_of(entries: Sequence[Entry], answers: Mapping[str, str]) -> Iterator[Wanted]:
    """Make a list of entries that all have the same answers."""
    for entry in entries:
        yield Wanted(path_text(entry.path.absolute()), answers)


def first_line(descriptor: int) -> str:
    """Read a password from a file descriptor: its first line.

    Raises:
        UsageError: ``missing_value`` if nothing can be read from it.
    """
    try:
        with os.fdopen(descriptor, encoding="utf-8-sig") as file:
            return file.readline(1024).rstrip("\r\n")
    except (OSError, ValueError):
        raise UsageError("missing_value", argument="--password-fd") from None
