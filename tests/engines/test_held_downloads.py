"""Nothing is called stored while the phone's browser holds the file back.

At home the page comes by plain http from a private address, and Chromium does not store what such
a page downloads until a person presses "Keep".  Automation that takes downloads over hides that,
so this is a Chromium with a window, started as a person starts it, whose downloads nobody touches.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certrelay.testkit.ca import Issued
from tests.engines.bench import Bench, contents
from tests.engines.chromium import Chromium
from tests.engines.handset import Handset
from tests.engines.network import LOOPBACK, PRIVATE, Network
from tests.engines.screen import Screen
from tests.patience import PATIENCE_S
from tests.web_phone.conftest import PASSWORD
from tests.web_phone.pc import Pc

_HELD = ".crdownload"


@pytest.fixture(scope="module")
def window(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A Chromium with a window on a screen that nobody looks at."""
    with Screen() as screen:
        browser = Chromium(network, tmp_path_factory.mktemp("window"), screen.name)
        yield browser
        browser.close()


@pytest.fixture
def on(
    network: Network, window: Chromium, people: list[Issued], tmp_path: Path
) -> Iterator[Callable[[str], Bench]]:
    made: list[Bench] = []

    def new(host: str) -> Bench:
        for left in window.downloads.iterdir():
            left.unlink()
        made.append(Bench(network, window, host, tmp_path, people))
        return made[-1]

    yield new
    for bench in made:
        bench.close()


def send_to_phone(bench: Bench, *options: str) -> tuple[Pc, Handset]:
    """Send a .p12 until the phone has been told to keep it."""
    item = bench.pkcs12
    bench.on_pc(item)
    pc, url = bench.pc("export", "1", *options, say=(PASSWORD,))
    phone = bench.phone()
    phone.scan(url)
    number = phone.number
    pc.wait_for("number_wanted")
    pc.say(number)
    phone.is_at("page.receive.ask")
    phone.tap("page.receive.save")
    return pc, phone


def names(window: Chromium, is_there: Callable[[list[str]], bool]) -> list[str]:
    """Wait for what the folder of downloads must have; give its names."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = [path.name for path in window.downloads.iterdir()]
        if is_there(found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.05)


def is_held(found: list[str]) -> bool:
    return len(found) == 1 and found[0].endswith(_HELD)


def test_a_file_that_is_held_back_is_not_called_stored_and_the_pc_keeps_its_own(
    window: Chromium, on: Callable[[str], Bench]
) -> None:
    bench = on(PRIVATE)
    pc, phone = send_to_phone(bench, "--also-delete", "--yes")
    names(window, is_held)
    phone.is_at("page.seen.title")
    phone.sees("page.seen.blocked")
    phone.tap("page.seen.no")
    phone.tap("page.unseen.give_up")
    phone.is_at("page.unconfirmed.title")
    assert [each["status"] for each in pc.wait_for("receipt")["items"]] == ["unconfirmed"]
    assert pc.status() == 12
    assert is_held([path.name for path in window.downloads.iterdir()])
    assert bench.stored == contents(bench.pkcs12)


def test_nobody_deletes_on_the_word_of_a_page_even_when_its_person_sees_the_file(
    window: Chromium, on: Callable[[str], Bench]
) -> None:
    bench = on(LOOPBACK)
    pc, phone = send_to_phone(bench, "--also-delete", "--yes")
    names(window, lambda found: len(found) == 1 and found[0].endswith(".p12"))
    phone.tap("page.seen.yes")
    phone.is_at("page.saved.title")
    assert pc.status() == 0
    assert bench.stored == contents(bench.pkcs12)


def test_a_file_that_the_browser_refuses_is_not_called_stored(
    window: Chromium, on: Callable[[str], Bench]
) -> None:
    bench = on(LOOPBACK)
    window.calls.call("Browser.setDownloadBehavior", {"behavior": "deny"})
    pc, phone = send_to_phone(bench, "--also-delete", "--yes")
    phone.tap("page.seen.no")
    phone.tap("page.seen.again")
    phone.tap("page.seen.no")
    phone.tap("page.unseen.give_up")
    phone.is_at("page.unconfirmed.title")
    window.calls.call("Browser.setDownloadBehavior", {"behavior": "default"})
    assert pc.status() == 12
    assert list(window.downloads.iterdir()) == []
    assert bench.stored == contents(bench.pkcs12)


KAKAOTALK = (
    "Mozilla/5.0 (Linux; Android 15; SM-S931N; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/156.0.0.0 Mobile Safari/537.36;KAKAOTALK 2611200"
)


def test_inside_kakaotalk_nothing_is_received_and_the_code_stays_unused(
    window: Chromium, on: Callable[[str], Bench]
) -> None:
    bench = on(PRIVATE)
    bench.on_pc(bench.pkcs12)
    pc, url = bench.pc("export", "1", "--also-delete", "--yes", say=(PASSWORD,))
    inside = Handset(window.new_tab(user_agent=KAKAOTALK))
    inside.scan(url)
    inside.is_at("page.in_app.title")
    inside.sees("page.in_app.no_receiving")
    inside.tab.close()
    phone = bench.phone()  # the same code, in the real browser
    phone.scan(url)
    number = phone.number
    pc.wait_for("number_wanted")
    pc.say(number)
    phone.is_at("page.receive.ask")
    phone.tap("page.receive.decline")
    assert pc.status() == 12
    assert bench.stored == contents(bench.pkcs12)
