"""The locks hold everything that pyproject.toml asks for, and name no place it came from."""

import re
import tomllib
from collections.abc import Iterator

import pytest

from tests.supply.licences import PAGE
from tests.supply.locks import EXTRAS, GROUPS, LOCKS, ROOT, read

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
ALL = (*EXTRAS, *GROUPS)


def asked_for(lock: str) -> Iterator[tuple[str, str]]:
    """Name and bounds of each direct requirement of a lock."""
    if lock in GROUPS:
        wanted = [*PYPROJECT["dependency-groups"][GROUPS[lock]]]
        waiting = []
    else:
        wanted = [*PROJECT["dependencies"]]
        waiting = list(EXTRAS[lock])
    while waiting:
        for requirement in PROJECT["optional-dependencies"][waiting.pop()]:
            if own := re.fullmatch(r"certrelay\[(.+)\]", requirement):
                waiting += own[1].split(",")
            else:
                wanted.append(requirement)
    for requirement in wanted:
        found = re.match(r"([A-Za-z0-9._-]+)([^;]*)", requirement)
        assert found is not None
        yield found[1].lower().replace("_", "-"), found[2].strip()


@pytest.mark.parametrize("lock", ALL)
def test_a_lock_holds_every_requirement_in_its_bounds(lock: str) -> None:
    from packaging.specifiers import SpecifierSet

    locked = {package.name: package.version for package in read(lock)}
    for name, bounds in asked_for(lock):
        assert name in locked, f"{name}: python -m tests.supply lock"
        assert locked[name] in SpecifierSet(bounds), name


@pytest.mark.parametrize("lock", ALL)
def test_every_package_has_hashes_and_nothing_tells_where_it_came_from(lock: str) -> None:
    assert all(package.hashes for package in read(lock))
    text = (LOCKS / f"{lock}.txt").read_text("utf-8")
    assert "://" not in text
    assert "index" not in text
    assert len(read(lock)) >= len(list(asked_for(lock)))


def test_the_locks_agree() -> None:
    developers = {package.name: package for package in read("dev")}
    assert {package.name for package in read("run")} <= developers.keys()
    for lock in ("run", "build"):
        for package in read(lock):
            same = developers.get(package.name, package)
            assert (same.version, same.hashes) == (package.version, package.hashes)


def test_every_package_that_is_shipped_with_has_its_licence_listed() -> None:
    listed = dict(
        re.findall(r"^\| ([a-z0-9.-]+)[^|]*\| ([^ |]+) \|", PAGE.read_text("utf-8"), re.M)
    )
    assert listed == {package.name: package.version for package in read("run")}
    page = PAGE.read_text("utf-8")
    assert "| ? |" not in page
    assert "GPL" not in page.replace("LGPL", ""), (
        "nothing that would bind the project's own licence"
    )
