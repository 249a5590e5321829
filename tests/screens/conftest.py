"""A desk in each language and each size."""

from collections.abc import Iterator

import pytest

from certrelay.texts import Texts
from tests.flows.programs import bench
from tests.screens.desk import SIZES, Desk, home
from tests.screens.tmux import terminal


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    made: tuple[int, int] = request.param
    return made


@pytest.fixture(params=["ko", "en"])
def desk(request: pytest.FixtureRequest, size: tuple[int, int]) -> Iterator[Desk]:
    language = request.param
    with home() as folder:
        variables = {
            "CERTRELAY_LANGUAGE": language,
            "CERTRELAY_STORE": str(folder / "NPKI"),
            "CERTRELAY_DATA": str(folder / "data"),
            "CERTRELAY_NAME": "거실 PC",
        }
        kind = "screen" if size == SIZES[0] else "tmux-256color"
        with terminal(folder, size, kind, **variables) as window, bench(folder) as made:
            made.pc_store = folder / "NPKI"
            made.pc_store.mkdir()
            texts = Texts(language)
            yield Desk(window, made, texts, f"{language}-{size[0]}x{size[1]}")
