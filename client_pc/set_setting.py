"""`certrelay config set`: one line of the settings file, all others as they are."""

import json
import re
from pathlib import Path
from typing import Final

from certrelay.client.only_one import only_one
from certrelay.client.private_file import write_private
from certrelay.client.terminal.report import Report
from certrelay.errors import StorageError, UsageError
from client_pc.folders import config_file
from client_pc.settings import KEYS, Setting, read, read_file

_NAMES: Final = tuple(key.name for key in KEYS)


def set_setting(name: str, value: str | None, report: Report) -> None:
    """Write a setting into the file, or take it out.

    Args:
        name: As in the file.
        value: As it is typed; ``None`` takes the setting out.
        report: Where it is told.

    Raises:
        UsageError: ``bad_value`` for a name or a value that cannot be used; ``bad_settings`` if
            the file cannot.
        StorageError: ``output_file``; the file is as it was.
    """
    key = next((each for each in KEYS if each.name == name), None)
    if key is None:
        raise UsageError("bad_value", argument="NAME", typed=name, choices=_NAMES)
    written = None if value is None else _toml(key, value)
    path = config_file()
    if path is None:
        raise UsageError("no_home")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with only_one(path):
            read_file(path, must_exist=False)  # what cannot be read is not written to
            before = path.read_text("utf-8-sig") if path.exists() else ""
            after = changed(before, key, written)
            _check(after, path)
            write_private(path, after.encode())
    except OSError:
        raise StorageError("output_file", path=str(path)) from None
    say = report.texts.say
    text = say("pc.config.unset" if value is None else "pc.config.set", name=name, path=str(path))
    report.event("setting_changed", text, key=name, value=value, path=path)
    if (origin := read().origins.get(name)) == key.variable:
        told = say("pc.config.overruled", variable=key.variable)
        report.event("note", told, code="overruled", variable=origin)


def _toml(key: Setting, value: str) -> str:
    try:
        usable = key.read(value)
    except (ValueError, RuntimeError):
        raise UsageError("bad_value", argument=key.name, typed=value, choices=key.allowed) from None
    if isinstance(usable, bool):
        return "true" if usable else "false"
    if isinstance(usable, float):
        return f"{usable:g}"
    if isinstance(usable, int):
        return str(usable)
    text = usable if key.name == "relay" else value
    # JSON's texts are TOML's too; only DEL is written otherwise.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _check(text: str, path: Path) -> None:
    """See that the file is still one: a value of several lines could not be exchanged."""
    import tomllib

    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError("bad_settings", where=f"{path}: {error}") from None


def changed(text: str, key: Setting, value: str | None) -> str:
    """Give the file's text with another value for a key, or without the key.

    Comments and all other lines stay.
    """
    table, _, name = key.name.rpartition(".")
    lines = text.splitlines()
    begin, end = _span(lines, table)
    pattern = re.compile(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=")
    at = next((at for at in range(begin, end) if pattern.match(lines[at])), None)
    if at is not None:
        lines[at : at + 1] = [] if value is None else [f"{name} = {value}"]
    elif value is not None:
        new = [f"{name} = {value}"]
        if table and begin == 0:
            new, end = ["", f"[{table}]", *new], len(lines)
        while end > begin and not lines[end - 1].strip():
            end -= 1
        lines[end:end] = new
    return "".join(f"{line}\n" for line in lines)


def _span(lines: list[str], table: str) -> tuple[int, int]:
    """The lines of a table, without its head; ``(0, 0)`` if it is not there."""
    heads = [at for at, line in enumerate(lines) if line.lstrip().startswith("[")]
    if not table:
        return 0, heads[0] if heads else len(lines)
    for at in heads:
        if re.match(rf"\s*\[\s*{re.escape(table)}\s*\]", lines[at]):
            return at + 1, next((each for each in heads if each > at), len(lines))
    return 0, 0
