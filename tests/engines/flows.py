"""What people do with the page, each in every engine and on both kinds of address."""

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
    item = bench.pkcs12()
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
    phone.sees("error.number_mismatch")
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


@flow("an expired code")
def expired(bench: Bench) -> None:
    bench.relay(unclaimed_s=1)
    pc, url = bench.pc("import", "--yes")
    assert pc.wait_for("renewed")["reason"] == "expired"
    pc.wait_for("waiting")
    phone = bench.phone()
    phone.scan(url)
    phone.sees("error.expired")


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
