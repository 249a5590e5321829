"""What a test needs beyond Python and the project's own packages.

On a desk a test without it is skipped, and the closing line says so; in CI, which has
everything, tests/conftest.py turns every skip into a failure.
"""

import shutil
from typing import NoReturn

import pytest


def program(*names: str) -> str:
    """The path of the first of those programs that is installed."""
    for name in names:
        if found := shutil.which(name):
            return found
    return missing(names[0])


def missing(what: str) -> NoReturn:
    """Leave the test out, because ``what`` is not there."""
    pytest.skip(f"{what} is missing")
