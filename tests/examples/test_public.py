"""The public names of docs/app-makers.md: all there, all explained."""

import enum
import importlib
import inspect
from types import ModuleType

import pytest

from tests.examples.public import named


def members(value: object) -> list[tuple[str, object]]:
    """A name's own public functions and properties."""
    if not inspect.isclass(value) or issubclass(value, enum.Enum):
        return []
    return [
        (name, member)
        for name, member in vars(value).items()
        if not name.startswith("_")
        and (
            inspect.isfunction(member) or isinstance(member, property | classmethod | staticmethod)
        )
    ]


@pytest.mark.parametrize(("module", "name"), sorted(named()), ids=str)
def test_a_public_name_is_there_and_explained(module: str, name: str) -> None:
    value = getattr(importlib.import_module(module), name)
    described = [(name, value), *members(value)]
    if isinstance(value, ModuleType):
        described += [(n, v) for n, v in vars(value).items() if inspect.isclass(v)]
    for each, member in described:
        if inspect.isclass(member) or callable(member) or isinstance(member, property | ModuleType):
            assert (inspect.getdoc(member) or "").strip(), f"{module}.{name}: {each}"


def test_the_page_names_enough() -> None:
    assert len(named()) >= 40
