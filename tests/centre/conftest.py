"""A running centre with a page."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certrelay.testkit.ca import Issued
from tests.centre import certificates
from tests.centre.desk import OPTIONS, Desk
from tests.centre.running import Centre, Page, running
from tests.patience import PATIENCE_S
from tests.web_phone.conftest import browser, cable, new_phone, origin, phone, start_relay
from tests.web_phone.phone import Phone

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser", "cable", "new_phone", "origin", "phone", "start_relay"]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with running(tmp_path) as centre:
        yield centre


@pytest.fixture
def page(centre: Centre) -> Page:
    return centre.page()


@pytest.fixture(scope="session")
def people() -> dict[str, Issued]:
    return certificates.people()


@pytest.fixture
def desk(new_phone: Callable[..., Phone], browser: "Browser") -> Iterator[Desk]:
    """A tab in a browser of a PC, checked at the end."""
    desk = Desk(browser.new_context(locale="ko-KR", **OPTIONS))
    desk.page.set_default_timeout(1000 * PATIENCE_S)
    yield desk
    desk.check()
    desk.context.close()


@pytest.fixture
def bare(tmp_path: Path, origin: str) -> Iterator[Centre]:
    """A centre whose PC has no certificate, and a relay that both devices reach."""
    with running(tmp_path, CERTRELAY_RELAY=origin) as centre:
        yield centre


@pytest.fixture
def filled(tmp_path: Path, origin: str, people: dict[str, Issued]) -> Iterator[Centre]:
    """A centre whose PC has certificates, and a relay that both devices reach."""
    certificates.fill_store(tmp_path / "home" / "NPKI", people)
    with running(tmp_path, CERTRELAY_RELAY=origin) as centre:
        yield centre
