"""What people do with the page, each in every engine and on both kinds of address.

Long because it is a list of flows, each for three engines.
"""

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from certrelay.bundle import Item
from certrelay.limits import GRACE_S
from tests.engines.bench import Bench, contents
from tests.engines.handset import Handset
from tests.web_phone.conftest import PASSWORD
from tests.web_phone.pc import Pc

Flow = Callable[[Bench], None]
FLOWS: dict[str, Flow] = {}
"""Every flow by its name, in the order of docs/browsers.md."""


def flow(name: str) -> Callable[[Flow], Flow]:
    """Name a flow."""

    def keep(function: Flow) -> Flow:
        FLOWS[name] = function
        return function

    return keep


def scan(bench: Bench, *arguments: str | Path, say: tuple[str, ...] = ()) -> tuple[Pc, Handset]:
    """Start a PC and scan its code."""
    pc, url = bench.pc(*arguments, say=say)
    phone = bench.phone()
    phone.scan(url)
    return pc, phone


def choose(phone: Handset, *files: Path, count: int = 1) -> None:
    """Choose certificates, type their passwords, go on to the number."""
    phone.is_at("page.send.title")
    phone.pick(*files)
    phone.unlock_all(PASSWORD, count)
    phone.tap("page.send.next")
    phone.is_at("page.number.title")


def finish(bench: Bench, pc: Pc, phone: Handset, *items: Item) -> None:
    """Type the PC's number; see that all arrived, byte for byte."""
    phone.send(pc.wait_for("number")["number"])
    phone.is_at("page.sent.all.title")
    assert pc.status() == 0
    assert bench.stored == contents(*items)


def receive(bench: Bench, item: Item) -> tuple[Pc, Handset]:
    """Send an item from the PC until the phone asks whether to keep it."""
    bench.on_pc(item)
    pc, phone = scan(bench, "export", "1", say=(PASSWORD,))
    number = phone.number
    pc.wait_for("number_wanted")
    pc.say(number)
    phone.is_at("page.receive.ask")
    return pc, phone


def look(bench: Bench) -> Path:
    """Wait for the one file in the phone's downloads."""
    end = time.monotonic() + 30
    while True:
        names = [path.name for path in bench.browser.downloads.iterdir()]
        if len(names) == 1 and not names[0].endswith((".part", ".crdownload", ".wkdownload")):
            return bench.downloaded()
        assert time.monotonic() < end, names
        time.sleep(0.05)


@flow("the page opens")
def page_opens(bench: Bench) -> None:
    phone = bench.phone()
    phone.scan(bench.relay())
    phone.is_at("page.start.title")


@flow("the language changes without a network")
def language_without_network(bench: Bench) -> None:
    phone = bench.phone()
    phone.scan(bench.relay())
    phone.is_at("page.start.title")
    before = phone.language
    bench.cable.pull()
    phone.other_language()
    phone.is_at("page.start.title")
    assert phone.language != before


@flow("a typed code: a wrong one, a fresh one, and a copy")
def typed_code(bench: Bench) -> None:
    item = bench.item()
    pc, _ = bench.pc("import", "--yes", "--code")
    code = pc.wait_for("code")["code"]
    phone = bench.phone()
    phone.scan(bench.origin)
    phone.is_at("page.start.title")
    phone.type_code(f"{code[:-1]}{9 - int(code[-1])}")
    phone.sees("page.error.code_open")
    phone.type_code(pc.wait_for("code")["code"])
    phone.is_at("page.code.send")
    phone.tap("page.code.go_on")
    choose(phone, *bench.on_phone(item))
    finish(bench, pc, phone, item)


@flow("receive by a typed code")
def receive_by_code(bench: Bench) -> None:
    bench.on_pc(bench.pkcs12)
    pc, _ = bench.pc("export", "1", "--code", say=(PASSWORD,))
    phone = bench.phone()
    phone.scan(bench.origin)
    phone.is_at("page.start.title")
    phone.type_code(pc.wait_for("code")["code"])
    phone.is_at("page.code.receive")
    phone.tap("page.code.go_on")
    number = phone.number
    pc.wait_for("number_wanted")
    pc.say(number)
    phone.is_at("page.receive.ask")
    phone.tap("page.receive.save")
    phone.is_at("page.seen.title")
    found = look(bench)
    phone.tap("page.seen.yes")
    phone.is_at("page.saved.title")
    assert pc.status() == 0
    assert found.read_bytes() == bench.pkcs12.files[0].content


@flow("send a sign pair")
def send_pair(bench: Bench) -> None:
    item = bench.item(with_km=False)
    pc, phone = scan(bench, "import", "--yes")
    choose(phone, *bench.on_phone(item))
    finish(bench, pc, phone, item)


@flow("send both pairs")
def send_both_pairs(bench: Bench) -> None:
    item = bench.item()
    pc, phone = scan(bench, "import", "--yes")
    choose(phone, *bench.on_phone(item))
    finish(bench, pc, phone, item)


@flow("send a .p12")
def send_p12(bench: Bench) -> None:
    item = bench.pkcs12
    pc, phone = scan(bench, "import", "--yes")
    choose(phone, *bench.on_phone(item))
    finish(bench, pc, phone, item)


@flow("send two pairs, picked one after the other")
def send_two(bench: Bench) -> None:
    one, other = bench.item(0), bench.item(1)
    pc, phone = scan(bench, "import", "--yes")
    phone.is_at("page.send.title")
    for at, item in enumerate((one, other)):
        phone.pick(*bench.on_phone(item, f"phone-{at}"))
        phone.unlock_all(PASSWORD, 1)
    phone.tap("page.send.next")
    finish(bench, pc, phone, one, other)


@flow("send four files, picked one by one")
def send_one_by_one(bench: Bench) -> None:
    item = bench.item()
    pc, phone = scan(bench, "import", "--yes")
    phone.is_at("page.send.title")
    for file in bench.on_phone(item):
        phone.pick(file)
    phone.unlock_all(PASSWORD, 1)
    phone.tap("page.send.next")
    finish(bench, pc, phone, item)


@flow("receive a zip, once more, and send it back")
def receive_zip(bench: Bench) -> None:
    item = bench.item()
    pc, phone = receive(bench, item)
    phone.tap("page.receive.save")
    phone.is_at("page.seen.title")
    first = look(bench)
    phone.tap("page.seen.again")
    again = look(bench)
    phone.tap("page.seen.yes")
    phone.is_at("page.saved.title")
    assert pc.status() == 0
    assert first.read_bytes() == again.read_bytes()
    archive = zipfile.ZipFile(io.BytesIO(first.read_bytes()))
    assert sorted(archive.read(name) for name in archive.namelist()) == contents(item)

    bench.empty_store()
    pc, phone = scan(bench, "import", "--yes")
    choose(phone, first)
    finish(bench, pc, phone, item)


@flow("receive a .p12")
def receive_p12(bench: Bench) -> None:
    item = bench.pkcs12
    pc, phone = receive(bench, item)
    phone.tap("page.receive.save")
    phone.is_at("page.seen.title")
    found = look(bench)
    phone.tap("page.seen.yes")
    phone.is_at("page.saved.title")
    assert pc.status() == 0
    assert found.suffix == ".p12"
    assert found.read_bytes() == item.files[0].content


@flow("receive, and not see the file")
def receive_unseen(bench: Bench) -> None:
    pc, phone = receive(bench, bench.pkcs12)
    phone.tap("page.receive.save")
    phone.is_at("page.seen.title")
    phone.tap("page.seen.no")
    phone.tap("page.unseen.give_up")
    phone.is_at("page.unconfirmed.title")
    assert pc.status() == 12
    assert bench.stored
    look(bench)


@flow("a wrong number, then the right one")
def wrong_number(bench: Bench) -> None:
    item = bench.item()
    pc, phone = scan(bench, "import", "--yes")
    choose(phone, *bench.on_phone(item))
    number = pc.wait_for("number")["number"]
    phone.send(f"{(int(number) + 1) % 1_000_000:06}")
    phone.sees("page.number.wrong", left=2)
    phone.send(number)
    phone.is_at("page.sent.all.title")
    assert pc.status() == 0
    assert bench.stored == contents(item)


@flow("three wrong numbers")
def wrong_numbers(bench: Bench) -> None:
    pc, phone = scan(bench, "import", "--yes")
    choose(phone, *bench.on_phone(bench.item()))
    number = pc.wait_for("number")["number"]
    wrong = f"{(int(number) + 1) % 1_000_000:06}"
    for left in (2, 1):
        phone.send(wrong)
        phone.sees("page.number.wrong", left=left)
    phone.send(wrong)
    phone.sees("page.error.number_mismatch")
    assert pc.status() == 6
    assert bench.stored == []


@flow("five wrong passwords")
def wrong_passwords(bench: Bench) -> None:
    _, phone = scan(bench, "import", "--yes")
    phone.is_at("page.send.title")
    phone.pick(*bench.on_phone(bench.item()))
    for left in (4, 3, 2, 1):
        phone.unlock("wrong")
        phone.sees("page.send.password_wrong", left=left)
    phone.unlock("wrong")
    phone.sees("page.send.tries_over")


@flow("declined on the PC")
def declined_on_pc(bench: Bench) -> None:
    pc, phone = scan(bench, "import")
    choose(phone, *bench.on_phone(bench.item()))
    phone.send(pc.wait_for("number")["number"])
    pc.wait_for("save_wanted")
    phone.is_at("page.moving.asking")
    pc.say("n")
    phone.is_at("page.sent.none.title")
    assert pc.status() == 12
    assert bench.stored == []


@flow("declined on the phone")
def declined_on_phone(bench: Bench) -> None:
    pc, phone = receive(bench, bench.item())
    phone.tap("page.receive.decline")
    phone.is_at("page.ended.declined")
    assert pc.status() == 12
    assert list(bench.browser.downloads.iterdir()) == []


@flow("a second device scans the code")
def second_scan(bench: Bench) -> None:
    pc, url = bench.pc("import", "--yes")
    phone = bench.phone()
    phone.scan(url)
    phone.is_at("page.send.title")
    bench.stranger_scans(url)
    phone.sees("error.second_scan")
    assert pc.wait_for("renewed")["reason"] == "second_scan"
    assert pc.wait_for("waiting")["url"] != url


@flow("the code is opened in a second tab")
def second_tab(bench: Bench) -> None:
    item = bench.item()
    pc, url = bench.pc("import", "--yes")
    phone = bench.phone()
    phone.scan(url)
    phone.is_at("page.send.title")
    second = bench.phone(beside=phone)
    second.scan(url)
    second.is_at("page.open_elsewhere.title")
    choose(phone, *bench.on_phone(item))
    finish(bench, pc, phone, item)


@flow("an expired code")
def expired(bench: Bench) -> None:
    bench.relay(unclaimed_s=1)
    pc, url = bench.pc("import", "--yes")
    assert pc.wait_for("renewed")["reason"] == "expired"
    pc.wait_for("waiting")
    phone = bench.phone()
    phone.scan(url)
    phone.sees("error.expired")


def _arrive(phone: Handset) -> None:
    phone.is_at("page.send.title")


def _leaves_and_scans_again(bench: Bench, leave: Callable[[Handset], None], *others: str) -> None:
    """Leave at each step until the number; each time the PC shows a fresh code by itself.

    Args:
        bench: Where.
        leave: How.
        others: Reasons for the fresh code beside that the page said that it goes.
    """
    item = bench.item()
    files = bench.on_phone(item)
    pc, url = bench.pc("import", "--yes")
    steps: list[Callable[[Handset], None]] = [
        _arrive,
        lambda phone: phone.pick(*files),
        lambda phone: choose(phone, *files),
    ]
    for step in steps:
        phone = bench.phone()
        phone.opens_another_page(bench.origin)
        phone.scan(url)
        step(phone)
        leave(phone)
        assert pc.wait_for("renewed")["reason"] in ("page_closed", "left", *others)
        url = str(pc.wait_for("waiting")["url"])
    phone = bench.phone()
    phone.scan(url)
    choose(phone, *files)
    finish(bench, pc, phone, item)


@flow("reload at each step")
def reloads(bench: Bench) -> None:
    def reload(phone: Handset) -> None:
        phone.tab.reload()
        phone.is_at("page.scan_again.title")

    _leaves_and_scans_again(bench, reload)


@flow("back and forward at each step")
def back_and_forward(bench: Bench) -> None:
    def leave(phone: Handset) -> None:
        phone.tab.back()
        phone.is_at_another_page()
        phone.tab.forward()
        # Loaded again, or as it was, out of the browser's cache of pages.
        phone.is_at("page.scan_again.title")

    _leaves_and_scans_again(bench, leave)


@flow("close at each step")
def closes(bench: Bench) -> None:
    # A busy WebKitGTK may end its page's process before the last words are out.  Then the PC waits
    # for a phone that could come back, which is made short here.
    may_lose_words = bench.browser.name == "WebKitGTK"
    if may_lose_words:
        bench.relay(grace_s=5)
    _leaves_and_scans_again(bench, bench.close_tab, *(("grace",) if may_lose_words else ()))


@flow("close when asked to save")
def close_when_asked(bench: Bench) -> None:
    pc, phone = receive(bench, bench.pkcs12)
    phone.tap("page.receive.save")
    phone.is_at("page.seen.title")
    look(bench)
    bench.close_tab(phone)
    assert pc.status() == 12
    assert bench.stored


@flow("the network is cut, and comes back")
def cut(bench: Bench) -> None:
    item = bench.item()
    pc, phone = scan(bench, "import")
    choose(phone, *bench.on_phone(item))
    number = pc.wait_for("number")["number"]
    bench.cable.pull()
    phone.sees("page.waiting.lost")
    phone.send(number)
    bench.cable.mend()
    pc.wait_for("save_wanted")
    bench.cable.pull()
    phone.sees("page.waiting.lost")
    pc.say("y")
    pc.wait_for("saved")
    bench.cable.mend()
    phone.is_at("page.sent.all.title")
    assert pc.status() == 0
    assert bench.stored == contents(item)


@flow("the network is cut for good")
def cut_for_good(bench: Bench) -> None:
    bench.relay(grace_s=2)
    pc, phone = scan(bench, "import", "--yes")
    choose(phone, *bench.on_phone(bench.item()))
    pc.wait_for("number")
    bench.cable.pull()
    phone.sees("page.waiting.lost")
    assert pc.wait_for("renewed")["reason"] == "grace"
    phone.put_the_clock_forward(GRACE_S)
    phone.is_at("page.ended.title")


@flow("a whole copy at 320×568 with letters at 200 %")
def small_screen(bench: Bench) -> None:
    item = bench.item()
    pc, phone = scan(bench, "import")
    phone.is_at("page.send.title")
    phone.tab.resize(320, 568)
    phone.enlarge_letters()
    assert phone.overflow() == []
    phone.pick(*bench.on_phone(item))
    phone.sees("page.send.check")
    assert phone.overflow() == []
    phone.unlock_all(PASSWORD, 1)
    assert phone.overflow() == []
    phone.tap("page.send.next")
    phone.is_at("page.number.title")
    assert phone.overflow() == []
    phone.send(pc.wait_for("number")["number"])
    pc.wait_for("save_wanted")
    phone.is_at("page.moving.asking")
    assert phone.overflow() == []
    pc.say("y")
    phone.is_at("page.sent.all.title")
    assert phone.overflow() == []
    assert pc.status() == 0
