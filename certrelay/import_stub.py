"""Libraries without what they load and we never use: a program's start is mostly imports."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def stub_import(name: str, instead: ModuleType | None = None) -> Iterator[None]:
    """Keep what is imported meanwhile from loading a module, unless it is loaded already.

    Args:
        name: The module.
        instead: What is found in its place; ``None`` makes it count as not installed.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = instead  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
