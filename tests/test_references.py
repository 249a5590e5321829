"""Modules and paths that comments and pages name are there: files move, and words stay behind."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.sources import PACKAGES, ROOT

_TOP = "|".join((*PACKAGES, "bench", "tests"))
_MODULE = re.compile(rf"`((?:{_TOP})(?:\.[A-Za-z_]\w*)+)`")
_PATH = re.compile(
    rf"(?<![\w/.])((?:{_TOP}|web_phone|docs|deploy)/[\w./-]*\.(?:py|js|mjs|md|json|toml|css|html))\b"
)
NO_MODULES = {"certrelay.pyz", "certrelay.v1"}
NO_PATHS = {"client_pc/commands/NAME.py"}


def is_module(name: str) -> bool:
    """Whether a dotted name is a module, or stands as words in the nearest one."""
    parts = name.split(".")
    for at in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:at])
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                text = file.read_text("utf-8")
                return at > 1 and all(
                    re.search(rf"\b{word}\b", text) for word in parts[at : at + 1]
                )
    return False


def stale(path: Path) -> Iterator[str]:
    """The modules and paths that a file names and that are not there."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        named = set(_MODULE.findall(text)) - NO_MODULES
        yield from (name for name in named if not is_module(name))
    for name in set(_PATH.findall(text)) - NO_PATHS:
        if not (ROOT / name).exists() and not (path.parent / name).exists():
            yield name


def test_what_is_named_is_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    sources = [path for top in PACKAGES for path in (ROOT / top).rglob("*.py")]
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted([*pages, *sources])
        if path.name != "CHANGELOG.md"
        for name in stale(path)
    }
    assert not found


def test_what_has_moved_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text(
        "`relay.nowhere` `relay.session.Nobody` `relay.session` `certrelay.e2e.qr` docs/no.md"
    )
    assert sorted(stale(file)) == ["docs/no.md", "relay.nowhere", "relay.session.Nobody"]
