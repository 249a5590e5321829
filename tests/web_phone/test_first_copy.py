"""docs/first-copy.md: a first copy in both directions, tap by tap, as the page has it."""

from collections.abc import Callable
from pathlib import Path

from certrelay.testkit.ca import Issued
from tests.web_phone import test_pc_page
from tests.web_phone.components import ROOT
from tests.web_phone.conftest import PASSWORD, write_files
from tests.web_phone.pc_page import PcPage
from tests.web_phone.phone import SECRET, Phone, say

new_desk, start = test_pc_page.new_desk, test_pc_page.start
Step = tuple[str, str, int, int]
"""Device, screen, taps, things typed."""


def written(direction: str) -> list[Step]:
    """The rows of one table."""
    text = (ROOT / "docs" / "first-copy.md").read_text("utf-8")
    part = text.split(f"## {direction}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    return [(row[0], row[1], int(row[3]), int(row[4])) for row in rows[2:]]


def outside(steps: list[Step]) -> list[Step]:
    """What happens outside the pages."""
    return [step for step in steps if step[1].startswith("*")]


class Hand:
    """Does what a person does, and counts it for each screen."""

    def __init__(self, **devices: Phone) -> None:
        self._devices = devices
        self.steps: list[Step] = []

    def is_at(self, device: str, key: str) -> None:
        self._devices[device].is_at(say(key))
        self.steps.append((device, say(key), 0, 0))

    def tap(self, device: str, key: str) -> None:
        self._devices[device].tap(say(key))
        self.count(taps=1)

    def tick(self, device: str, key: str) -> None:
        self._devices[device].page.get_by_label(say(key)).check()
        self.count(taps=1)

    def type(self, device: str, field: str, text: str) -> None:
        """Type into the field that has the focus already, and that can be seen."""
        page = self._devices[device].page
        page.wait_for_function(
            "(field) => document.activeElement === document.querySelector(field)", arg=field
        )
        box, button = page.locator(field), page.locator("button[type=submit]")
        for each in (box, button):
            place = each.bounding_box()
            assert place is not None
            assert place["y"] >= 0
            assert place["y"] + place["height"] <= page.evaluate("innerHeight")
        page.keyboard.type(text)
        self.count(typed=1)

    def count(self, taps: int = 0, typed: int = 0) -> None:
        device, screen, so_far, written_down = self.steps.pop()
        self.steps.append((device, screen, so_far + taps, written_down + typed))


def check(direction: str, hand: Hand) -> None:
    steps = written(direction)
    assert [step for step in steps if step not in outside(steps)] == hand.steps
    assert sum(step[2] for step in steps) <= 9
    assert sum(step[3] for step in steps) == 2
    text = (ROOT / "docs" / "first-copy.md").read_text("utf-8").split(f"## {direction}\n")[1]
    assert f"Together {sum(step[2] for step in steps)} taps, 2 things typed." in text


def test_the_way_from_the_phone_to_the_pc(
    start: Callable[..., PcPage],
    new_phone: Callable[..., Phone],
    issued: Issued,
    tmp_path: Path,
) -> None:
    phone = new_phone(viewport={"width": 360, "height": 640})
    pc = start("import")
    hand = Hand(PC=pc.tab, phone=phone)
    hand.is_at("PC", "browser.scan.title")
    phone.scan(pc.read_code())
    hand.is_at("phone", "page.send.title")
    with phone.page.expect_file_chooser() as chooser:
        phone.page.get_by_text(say("page.send.pick_files"), exact=True).click()
    hand.count(taps=1)
    chooser.value.set_files(write_files(issued.npki(PASSWORD), tmp_path / "phone")[:2])
    hand.is_at("phone", "page.send.password_title")
    hand.type("phone", SECRET, PASSWORD)
    hand.tap("phone", "page.send.check")
    hand.is_at("phone", "page.send.review_title")
    hand.tap("phone", "page.send.next")
    hand.is_at("PC", "browser.number.title")
    hand.is_at("phone", "page.number.title")
    hand.type("phone", "#number", pc.number)
    hand.tap("phone", "page.number.send")
    hand.is_at("PC", "page.receive.ask")
    hand.tap("PC", "page.receive.save")
    hand.is_at("phone", "page.sent.all.title")
    assert pc.pc.status() == 0
    check("From the phone to the PC", hand)


def test_the_way_from_the_pc_to_the_phone(
    start: Callable[..., PcPage],
    new_phone: Callable[..., Phone],
    issued: Issued,
    tmp_path: Path,
) -> None:
    phone = new_phone(viewport={"width": 360, "height": 640})
    write_files(issued.npki(PASSWORD), tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
    pc = start("export")
    hand = Hand(PC=pc.tab, phone=phone)
    hand.is_at("PC", "browser.choose.title")
    hand.tick("PC", "browser.choose.one")
    hand.tap("PC", "browser.choose.next")
    hand.is_at("PC", "browser.password.title")
    hand.type("PC", SECRET, PASSWORD)
    hand.tap("PC", "page.send.check")
    hand.is_at("PC", "browser.scan.title")
    phone.scan(pc.read_code())
    hand.is_at("phone", "page.receive.title")
    hand.is_at("PC", "browser.typing.title")
    hand.type("PC", "#number", phone.page.locator(".big-number [aria-hidden]").inner_text())
    hand.tap("PC", "page.number.send")
    hand.is_at("phone", "page.receive.ask")
    with phone.page.expect_download():
        hand.tap("phone", "page.receive.save")
    hand.is_at("phone", "page.seen.title")
    hand.tap("phone", "page.seen.yes")
    hand.is_at("phone", "page.saved.title")
    assert pc.pc.status() == 0
    check("From the PC to the phone", hand)
