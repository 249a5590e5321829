"""What the project's own source files say, for tests that compare them with the texts."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("certrelay", "relay", "client_pc", "client_mobile_sim")


@cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    """Every module of the shipped packages, parsed."""
    paths = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
    return tuple((path, ast.parse(path.read_text("utf-8"))) for path in paths)


@cache
def scripts() -> str:
    """The phone's page and the PC's, whose texts stand in the same catalogue."""
    paths = sorted((ROOT / "web_phone").glob("[cpu]*/*.js"))
    paths += sorted((ROOT / "client_pc").glob("*/page/*.js"))
    return "\n".join(path.read_text("utf-8") for path in paths)


def literals() -> frozenset[str]:
    """Every text that stands whole in the code."""
    return frozenset(
        node.value
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ) | frozenset(re.findall(r'"([^"\n]*)"', scripts()))


def prefixes() -> frozenset[str]:
    """The beginnings of f-strings that end with a full stop: ``f"step.{word}"`` gives ``step.``."""
    return _prefixes() | frozenset(re.findall(r"`([a-z_.]+\.)\$\{", scripts()))


def _prefixes() -> frozenset[str]:
    return frozenset(
        first.value
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) and node.values
        for first in node.values[:1]
        if isinstance(first, ast.Constant)
        and isinstance(first.value, str)
        and first.value.endswith(".")
    )


def calls(names: frozenset[str]) -> Iterator[tuple[Path, ast.Call, str]]:
    """Every call of a function or class of one of those names, with the name."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in names:
                    yield path, node, name
