"""A code of digits, typed into the page: with real programs, from the field to the copy."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from certrelay.bundle import Item
from certrelay.testkit.ca import Issued
from tests.web_phone.conftest import PASSWORD, files_below, write_files
from tests.web_phone.pc import FAR, Pc
from tests.web_phone.phone import Phone, say
from tests.web_phone.test_entering import AGENTS

StartPc = Callable[..., tuple[Pc, str]]
NewPhone = Callable[..., Phone]


def open_page(phone: Phone, origin: str) -> list[str]:
    """Open the page by its address alone; give the sockets that it will open."""
    sockets: list[str] = []
    phone.page.on("websocket", lambda socket: sockets.append(socket.url))
    phone.scan(origin)
    phone.is_at(say("page.start.title"))
    return sockets


def go_on(phone: Phone, direction: str = "send") -> None:
    phone.is_at(say(f"page.code.{direction}"))
    phone.tap(say("page.code.go_on"))


def send(phone: Phone, pc: Pc, item: Item, folder: Path) -> None:
    phone.is_at(say("page.send.title"))
    phone.pick(*write_files(item, folder))
    phone.unlock(PASSWORD)
    phone.sees(say("page.send.checked"))
    phone.tap(say("page.send.next"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0


def contents(item: Item) -> list[bytes]:
    return sorted(file.content for file in item.files)


def wrong(code: str) -> str:
    """The code with another last digit."""
    return f"{code[:-1]}{(int(code[-1]) + 1) % 10}"


@pytest.mark.parametrize("host", ["127.0.0.1", FAR])
@pytest.mark.attack(56)
def test_a_typed_code_leads_to_a_copy_and_nothing_is_joined_before_the_persons_yes(
    phone: Phone,
    start_relay: Callable[..., str],
    start_pc: StartPc,
    issued: Issued,
    tmp_path: Path,
    host: str,
) -> None:
    origin = start_relay(host)
    pc, _ = start_pc("import", origin, "--yes", "--code")
    code = pc.wait_for("code")
    assert origin.startswith(f"http://{code['address']}")
    open_page(phone, origin)
    phone.sees(say("page.code.warning"))
    phone.sees(code["address"])
    phone.type_code(code["code"].replace(" ", "-"))
    phone.is_at(say("page.code.send"))
    pc.wait_for("code_withdrawn")
    assert not any(event["event"] == "paired" for event in pc.seen)
    go_on(phone)
    item = issued.npki(PASSWORD)
    send(phone, pc, item, tmp_path / "phone")
    assert sorted(files_below(tmp_path / "NPKI").values()) == contents(item)


def test_at_the_pcs_own_address_a_certificate_is_received(
    phone: Phone, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    write_files(issued.npki(PASSWORD), tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
    pc, url = start_pc("export", None, "1", "--code", say=(PASSWORD,))
    open_page(phone, url.partition("#")[0])
    phone.type_code(pc.wait_for("code")["code"])
    go_on(phone, "receive")
    phone.is_at(say("page.receive.title"))
    number = phone.page.locator(".big-number [aria-hidden]").inner_text()
    pc.say(number)
    phone.is_at(say("page.receive.ask"))
    phone.tap(say("page.receive.decline"))
    assert pc.status() == 12


def test_digits_stand_in_three_groups_as_they_are_typed(phone: Phone, origin: str) -> None:
    sockets = open_page(phone, origin)
    field = phone.page.locator("#code")
    assert field.get_attribute("inputmode") == "numeric"
    field.press_sequentially("482177301946")
    assert field.input_value() == "4821 7730 1946"
    phone.tap("English")
    assert field.input_value() == "4821 7730 1946"
    assert sockets == []


@pytest.mark.parametrize("typed", ["", "4821 7730 194", "4821 7730 1946 000", "4821 7730 194a"])
def test_what_is_no_code_is_said_at_once_and_not_sent(
    phone: Phone, origin: str, typed: str
) -> None:
    sockets = open_page(phone, origin)
    phone.type_code(typed)
    phone.sees(say("error.code_shape"))
    phone.sees(say("page.hint.code_shape"))
    assert phone.page.locator("#code").evaluate("each => each === document.activeElement")
    assert sockets == []


def test_a_wrong_digit_is_said_and_the_fresh_code_succeeds(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    pc, _ = start_pc("import", origin, "--yes", "--code")
    code = pc.wait_for("code")["code"]
    open_page(phone, origin)
    phone.type_code(wrong(code))
    phone.sees(say("page.error.code_open"))
    phone.sees(say("page.hint.code_open"))
    assert phone.page.locator("#code").input_value() == ""
    phone.type_code(code)  # used up by the wrong one
    phone.sees(say("error.no_such_code"))
    fresh = pc.wait_for("code")
    assert fresh["renewed"]
    phone.type_code(fresh["code"])
    go_on(phone)
    send(phone, pc, issued.npki(PASSWORD), tmp_path / "phone")


def test_five_wrong_codes_leave_the_qr_code_as_it_was(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    pc, url = start_pc("import", origin, "--yes", "--code")
    open_page(phone, origin)
    for _ in range(5):
        phone.type_code(wrong(pc.wait_for("code")["code"]))
        phone.sees(say("page.error.code_open"))
    assert pc.wait_for("code_unavailable")["why"] == "used_up"
    phone.page.goto("about:blank")
    phone.scan(url)
    send(phone, pc, issued.npki(PASSWORD), tmp_path / "phone")


@pytest.mark.attack(55)
def test_the_qr_code_is_scanned_while_the_code_is_typed(
    phone: Phone, new_phone: NewPhone, origin: str, start_pc: StartPc
) -> None:
    pc, url = start_pc("import", origin, "--code")
    code = pc.wait_for("code")["code"]
    open_page(phone, origin)
    phone.page.fill("#code", code)
    scanner = new_phone()
    scanner.scan(url)
    scanner.is_at(say("page.send.title"))
    phone.tap(say("page.code.connect"))
    phone.sees(say("error.no_such_code"))
    phone.sees(say("page.hint.no_such_code"))
    scanner.tap(say("page.cancel"))
    assert pc.status() == 12


@pytest.mark.attack(55)
def test_the_code_has_been_typed_when_the_qr_code_is_scanned(
    phone: Phone, new_phone: NewPhone, origin: str, start_pc: StartPc
) -> None:
    pc, url = start_pc("import", origin, "--code")
    open_page(phone, origin)
    phone.type_code(pc.wait_for("code")["code"])
    go_on(phone)
    phone.is_at(say("page.send.title"))
    scanner = new_phone()
    scanner.scan(url)
    scanner.sees(say("error.already_claimed"))
    phone.sees(say("error.second_scan"))
    assert pc.wait_for("renewed")["reason"] == "second_scan"


def test_whoever_says_no_at_the_direction_has_joined_nothing(
    phone: Phone, origin: str, start_pc: StartPc
) -> None:
    pc, url = start_pc("import", origin, "--code")
    sockets = open_page(phone, origin)
    phone.type_code(pc.wait_for("code")["code"])
    phone.is_at(say("page.code.send"))
    phone.tap(say("page.cancel"))
    phone.is_at(say("page.start.title"))
    assert len(sockets) == 1
    phone.type_code(pc.wait_for("code")["code"])
    go_on(phone)
    phone.is_at(say("page.send.title"))
    phone.page.reload()  # the keys are gone, and no address leads back to them
    phone.is_at(say("page.start.title"))
    assert pc.wait_for("waiting")["url"] != url


def test_inside_an_app_the_code_leads_to_the_browser_as_a_scan_does(
    new_phone: NewPhone, phone: Phone, origin: str, start_pc: StartPc
) -> None:
    pc, url = start_pc("import", origin, "--code")
    inside = new_phone(user_agent=AGENTS["KakaoTalk on Android"][0])
    open_page(inside, origin)
    inside.type_code(pc.wait_for("code")["code"])
    go_on(inside)
    inside.is_at(say("page.in_app.title"))
    link = inside.page.locator("main a").get_attribute("href") or ""
    assert url.partition("#")[2] in unquote(link)
    inside.page.close()
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    phone.tap(say("page.cancel"))
    assert pc.status() == 12


def test_after_a_reload_a_code_can_be_typed_in_place_of_a_scan(
    phone: Phone, origin: str, start_pc: StartPc
) -> None:
    pc, url = start_pc("import", origin, "--code")
    pc.wait_for("code")
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    phone.page.reload()
    phone.is_at(say("page.scan_again.title"))
    phone.tap(say("page.code.instead"))
    phone.type_code(pc.wait_for("code")["code"])
    go_on(phone)
    phone.is_at(say("page.send.title"))
