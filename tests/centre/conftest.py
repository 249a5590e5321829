"""A running centre with a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.centre.running import Centre, Page, running


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with running(tmp_path) as centre:
        yield centre


@pytest.fixture
def page(centre: Centre) -> Page:
    return centre.page()
