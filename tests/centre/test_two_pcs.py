"""From PC to PC in the centre: two centres in two browsers, the typed code, both directions."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.centre.certificates import KIM
from tests.centre.desk import OPTIONS, Desk
from tests.centre.running import Centre, running
from tests.flows.test_join import wrong
from tests.patience import PATIENCE_S
from tests.web_phone.conftest import PASSWORD
from tests.web_phone.phone import say

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TYPED = "#typed-code [aria-hidden]"


@pytest.fixture
def new_desk(browser: "Browser") -> Iterator[Callable[[Centre], Desk]]:
    """A centre's page in a browser of its own PC, checked at the end."""
    desks: list[Desk] = []

    def new(centre: Centre) -> Desk:
        desks.append(Desk(browser.new_context(locale="ko-KR", **OPTIONS)))
        desks[-1].page.set_default_timeout(1000 * PATIENCE_S)
        return desks[-1].open(centre.address())

    yield new
    for desk in desks:
        desk.check()
        desk.context.close()


@pytest.fixture
def other(tmp_path: Path, origin: str) -> Iterator[Centre]:
    """The centre of another PC, which has no certificate."""
    folder = tmp_path / "other"
    folder.mkdir()
    with running(folder, CERTRELAY_RELAY=origin) as centre:
        yield centre


def type_code(desk: Desk, code: str) -> None:
    """Type a code, and send it off."""
    desk.page.fill("#code", code)
    desk.page.locator("button[form=code-form]").click()


def typed_wrong_then_right(shows: Desk, types: Desk) -> None:
    """Type the code that one PC shows on the other, first with a wrong digit."""
    digits = shows.page.locator(TYPED)
    first = digits.inner_text()
    types.at("centre.join.code")
    type_code(types, wrong(first))
    types.sees(say("centre.join.left", left=4))
    fresh = shows.page.locator(TYPED).filter(has_not_text=first)
    type_code(types, fresh.inner_text())
    types.tap(say("centre.join.go_on"))


def test_a_pc_types_the_code_of_one_that_receives_and_then_of_one_that_sends(
    filled: Centre, other: Centre, new_desk: Callable[[Centre], Desk]
) -> None:
    kims = kept(filled.home / "NPKI" / "yessign" / "USER" / f"cn={KIM}")
    full, bare = new_desk(filled), new_desk(other)
    # The new PC shows the code, the old one types it and sends.
    bare.go("pc")
    bare.tap(say("centre.pc.import"))
    bare.page.locator(TYPED).wait_for()
    full.go("pc")
    full.tap(say("centre.pc.join"))
    typed_wrong_then_right(bare, full)
    choose_kim(full)
    full.at("browser.typing.title.other_pc")
    full.type_number(bare.number)
    bare.at("page.receive.ask")
    bare.tap(say("page.receive.save"))
    bare.at("browser.saved.title")
    full.at("browser.sent.title")
    stored = other.home / "NPKI"
    assert kept(stored) == kims

    # Now the old PC shows the code, and the new one, which is emptied, types it and receives.
    for file in stored.rglob("*.*"):
        if file.is_file():
            file.unlink()
    full.go("pc")
    full.tap(say("centre.pc.export"))
    choose_kim(full)
    full.page.locator(TYPED).wait_for()
    bare.go("pc")
    bare.tap(say("centre.pc.join"))
    typed_wrong_then_right(full, bare)
    full.at("browser.typing.title.other_pc")
    full.type_number(bare.number)
    bare.at("page.receive.ask")
    bare.tap(say("page.receive.save"))
    bare.at("browser.saved.title")
    full.at("browser.sent.title")
    assert kept(stored) == kims


def choose_kim(desk: Desk) -> None:
    """Choose a certificate to send, and give its password."""
    desk.at("browser.choose.title")
    card = desk.page.locator(".card").filter(has_text=KIM)
    card.get_by_label(say("browser.choose.one")).check()
    desk.tap(say("browser.choose.next"))
    desk.at("browser.password.title")
    desk.unlock(PASSWORD)


def kept(store: Path) -> list[bytes]:
    """The content of every file of a store, in order of its bytes."""
    return sorted(path.read_bytes() for path in store.rglob("*") if path.is_file())
