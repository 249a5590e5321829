"""``certrelay --browser``: whole copies on a page of the centre, which the terminal runs."""

import http.client
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from certrelay.bundle import Item
from certrelay.testkit.ca import Issued
from certrelay.texts import Texts
from tests.centre.desk import OPTIONS, Desk
from tests.flows.programs import Client
from tests.patience import PATIENCE_S
from tests.web_phone.conftest import PASSWORD, ROLES, files_below, write_files
from tests.web_phone.pc import Pc
from tests.web_phone.pc_page import Opener, PcPage, close_centre
from tests.web_phone.phone import ANDROID, Phone, say
from tests.web_phone.test_flows import give

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Start = Callable[..., PcPage]
EVENTS = "/v1/tasks/1/events?after=0"
NO = say("page.receive.decline")


def contents(item: Item) -> dict[str, bytes]:
    return {ROLES[file.role]: file.content for file in item.files}


@pytest.fixture
def new_desk(browser: "Browser") -> Iterator[Callable[[], Desk]]:
    """Tabs in a browser of a PC, checked at the end."""
    desks: list[Desk] = []

    def new() -> Desk:
        desks.append(Desk(browser.new_context(locale="ko-KR", **OPTIONS)))
        desks[-1].page.set_default_timeout(1000 * PATIENCE_S)
        return desks[-1]

    yield new
    for desk in desks:
        desk.check()
        desk.context.close()


@pytest.fixture
def start(
    new_desk: Callable[[], Desk], origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    opener = Opener(tmp_path, monkeypatch)
    monkeypatch.setenv("CERTRELAY_DATA", str(tmp_path / "data"))
    with ExitStack() as stack:
        stack.callback(close_centre, tmp_path / "data")

        def run(*arguments: str, lan: bool = False) -> PcPage:
            way = ("--listen", "127.0.0.1") if lan else ("--relay", origin)
            store = ("--store", tmp_path / "NPKI")
            pc = Pc(*arguments, "--browser", *way, *store, home=tmp_path / "home")
            stack.callback(pc.stop)
            return PcPage(pc, opener.address(), new_desk())

        yield run


def ask_server(page: PcPage, path: str, **headers: str) -> tuple[int, bytes]:
    host = page.origin.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(host, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def token_of(page: PcPage) -> str:
    assert page.token
    return page.token


@pytest.mark.parametrize("lan", [True, False], ids=["own relay", "relay"])
def test_a_person_without_a_terminal_gets_a_certificate(
    start: Start, phone: Phone, issued: Issued, tmp_path: Path, lan: bool
) -> None:
    item = issued.npki(PASSWORD)
    pc_page = start("import", lan=lan)
    pc_page.pc.hang_up()
    tab = pc_page.tab
    tab.sees(say("browser.scan.import"))
    tab.sees("남은 시간 1:")
    phone.scan(pc_page.read_code())
    give(phone, write_files(item, tmp_path / "phone"))
    tab.sees(say("story.step.typing.phone"))
    phone.type_number(pc_page.number)
    tab.is_at(say("page.receive.ask"))
    phone.is_at(say("page.moving.asking"))
    tab.page.reload()  # a habit; nothing is lost by it
    tab.is_at(say("page.receive.ask"))
    owner = tab.page.locator("h2 .foreign").inner_text()
    assert owner.startswith("홍길동<b onclick=x>\ufffd")
    assert tab.page.locator("img, b").count() == 0
    assert files_below(tmp_path / "NPKI") == {}
    tab.tap(say("page.receive.save"))
    tab.is_at(say("browser.saved.title"))
    phone.is_at(say("page.sent.all.title"))
    assert pc_page.pc.status() == 0
    assert files_below(tmp_path / "NPKI") == contents(item)
    shown = Path(tab.page.locator(".path").inner_text())
    assert (shown / "signCert.der").read_bytes() == contents(item)["signCert.der"]


@pytest.mark.attack(56, 66)
def test_another_pc_types_the_code_that_a_click_has_asked_for(
    start: Start, issued: Issued, tmp_path: Path
) -> None:
    item = issued.npki(PASSWORD)
    write_files(item, tmp_path / "old" / "yessign" / "USER" / "cn=x")
    pc_page = start("import", lan=True)
    pc_page.pc.hang_up()
    tab = pc_page.tab
    tab.sees(say("browser.scan.import"))
    shown = tab.page.locator("#typed-code [aria-hidden]")
    assert shown.count() == 0, "no code stands there before somebody asks"
    tab.tap(say("browser.code.show"))
    code = shown.inner_text()
    tab.sees(say("browser.code.warning"))
    assert tab.page.locator(".code svg").count() == 1, "the QR code stays beside it"
    address = tab.page.locator(".typed-code").nth(1).inner_text()
    client = Client("client_pc", "join", address, "--store", tmp_path / "old", "--yes")
    with closing(client) as old:
        old.expect("code_wanted")
        old.answer(code)
        tab.is_at(say("browser.paired.title.other_pc"))
        assert shown.count() == 0, "with the knock it has left the page"
        old.expect("choose")
        old.answer("1")
        old.expect("password_wanted")
        old.answer(PASSWORD)
        tab.is_at(say("browser.number.title.other_pc"))
        old.expect("number_wanted")
        old.answer(pc_page.number)
        tab.is_at(say("page.receive.ask"))
        tab.tap(say("page.receive.save"))
        tab.is_at(say("browser.saved.title"))
        assert (old.finish(), pc_page.pc.status()) == (0, 0)
    assert files_below(tmp_path / "NPKI") == contents(item)


def test_a_person_without_a_terminal_gives_a_certificate(
    start: Start, phone: Phone, issued: Issued, tmp_path: Path
) -> None:
    item = issued.npki(PASSWORD)
    write_files(item, tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
    write_files(issued.pkcs12("other"), tmp_path / "NPKI" / "PKCS12")
    pc_page = start("export")
    pc_page.pc.hang_up()
    tab = pc_page.tab
    tab.is_at(say("browser.choose.title"))
    following = tab.page.get_by_role("button", name=say("browser.choose.next"))
    assert following.is_disabled()
    pair = tab.page.locator(".card").filter(has_not_text="PKCS#12")
    pair.get_by_label(say("browser.choose.one")).check()
    tab.tap("English")
    assert pair.get_by_label(Texts("en").say("browser.choose.one")).is_checked()
    tab.tap("한국어")
    following.click()
    tab.is_at(say("browser.password.title"))
    tab.unlock("wrong")
    tab.sees(say("page.send.password_wrong", left=4))
    tab.unlock(PASSWORD)
    phone.scan(pc_page.read_code())
    number = phone.page.locator(".big-number [aria-hidden]").inner_text()
    tab.is_at(say("browser.typing.title"))
    tab.sees(say("browser.typing.warning"))
    digits = number.replace(" ", "")
    tab.type_number(f"{(int(digits) + 1) % 1_000_000:06}")
    tab.sees(say("page.number.wrong", left=2))
    tab.type_number(number)
    phone.is_at(say("page.receive.ask"))
    tab.is_at(say("browser.moving.asking"))
    with phone.page.expect_download() as download:
        phone.tap(say("page.receive.save"))
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert {Path(n).name: archive.read(n) for n in archive.namelist()} == contents(item)
    phone.tap(say("page.seen.yes"))
    tab.is_at(say("browser.saved.title"))
    assert pc_page.pc.status() == 0
    told = json.dumps(pc_page.pc.seen, ensure_ascii=False)
    assert PASSWORD not in told
    assert "wrong" not in told.replace("password_wrong", "").replace("number_wrong", "")


@pytest.mark.attack(4)
def test_no_on_the_page_stores_nothing(
    start: Start, phone: Phone, issued: Issued, tmp_path: Path
) -> None:
    pc_page = start("import")
    phone.scan(pc_page.read_code())
    give(phone, write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    phone.type_number(pc_page.number)
    pc_page.tab.is_at(say("page.receive.ask"))
    pc_page.tab.tap(NO)
    phone.sees("PC에서 거절함")
    pc_page.tab.is_at(say("page.ended.declined"))
    assert pc_page.pc.status() == 12
    assert files_below(tmp_path / "NPKI") == {}


def test_either_of_page_and_terminal_may_answer(
    start: Start, phone: Phone, issued: Issued, tmp_path: Path
) -> None:
    write_files(issued.npki(PASSWORD), tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
    pc_page = start("export")
    tab = pc_page.tab
    tab.is_at(say("browser.choose.title"))
    pc_page.pc.say("1")
    tab.is_at(say("browser.password.title"))
    tab.unlock(PASSWORD)
    phone.scan(pc_page.read_code())
    number = phone.page.locator(".big-number [aria-hidden]").inner_text()
    tab.is_at(say("browser.typing.title"))
    pc_page.pc.say(number)
    phone.is_at(say("page.receive.ask"))
    tab.page.locator("#number").wait_for(state="detached")
    phone.tap(NO)
    tab.is_at(say("page.ended.declined"))
    assert pc_page.pc.status() == 12


def test_the_page_stops_the_copy_on_both_sides(start: Start, phone: Phone) -> None:
    pc_page = start("import")
    phone.scan(pc_page.read_code())
    pc_page.pc.wait_for("peer_step")
    pc_page.tab.tap(say("page.cancel"))
    pc_page.tab.sees(say("browser.error.interrupted"))
    phone.sees(say("page.error.cancelled.by_peer"))
    assert pc_page.pc.status() == 130


def test_a_closed_page_leaves_the_copy_to_the_terminal(
    start: Start, phone: Phone, issued: Issued, tmp_path: Path
) -> None:
    item = issued.npki(PASSWORD)
    pc_page = start("import")
    phone.scan(pc_page.read_code())
    give(phone, write_files(item, tmp_path / "phone"))
    pc_page.tab.is_at(say("browser.number.title"))
    number = pc_page.number
    pc_page.tab.page.close()
    while pc_page.pc.wait_for("browser")["state"] != "closed":
        pass
    phone.type_number(number)
    pc_page.pc.wait_for("save_wanted")
    pc_page.pc.say("y")
    phone.is_at(say("page.sent.all.title"))
    assert pc_page.pc.status() == 0
    assert files_below(tmp_path / "NPKI") == contents(item)


def test_without_page_and_terminal_a_question_ends_it(
    start: Start, phone: Phone, issued: Issued, tmp_path: Path
) -> None:
    pc_page = start("import")
    pc_page.pc.hang_up()
    phone.scan(pc_page.read_code())
    give(phone, write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    number = pc_page.number
    pc_page.tab.page.close()
    while pc_page.pc.wait_for("browser")["state"] != "closed":
        pass
    phone.type_number(number)
    assert pc_page.pc.wait_for("error")["code"] == "input_ended"
    assert pc_page.pc.status() == 2
    assert files_below(tmp_path / "NPKI") == {}


def test_where_no_browser_opens_the_terminal_goes_on(
    start_pc: Callable[..., tuple[Pc, str]],
    phone: Phone,
    origin: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CERTRELAY_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("BROWSER", raising=False)
    pc, url = start_pc("import", origin, "--browser")
    states = [event["state"] for event in pc.seen if event["event"] == "browser"]
    while "failed" not in states:
        states.append(pc.wait_for("browser")["state"])
    assert states == ["opening", "failed"]
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    phone.tap(say("page.cancel"))
    assert pc.status() == 12
    close_centre(tmp_path / "data")


@pytest.mark.attack(8)
def test_a_burnt_code_is_gone_from_page_and_server(start: Start, phone: Phone) -> None:
    pc_page = start("import")
    url = pc_page.read_code()
    token = token_of(pc_page)
    phone.scan(url)
    pc_page.pc.wait_for("peer_step")
    pc_page.tab.page.locator(".code svg").wait_for(state="detached")
    status, told = ask_server(pc_page, EVENTS, authorization=f"Bearer {token}")
    assert status == 200
    assert b"paired" in told
    assert b"rows" not in told
    assert url.partition("#")[2].encode() not in told


@pytest.mark.attack(9)
def test_a_second_scan_is_said_and_the_code_renewed(
    start: Start, phone: Phone, new_phone: Callable[[], Phone]
) -> None:
    pc_page = start("import")
    url = pc_page.read_code()
    phone.scan(url)
    pc_page.pc.wait_for("peer_step")
    second = new_phone()
    second.scan(url)
    pc_page.tab.sees(say("pc.renewed.second_scan"))
    second.sees(say("error.already_claimed"))
    phone.sees(say("error.second_scan"))
    assert pc_page.read_code() != url


@pytest.mark.attack(39, 40, 51)
def test_the_story_is_told_to_the_page_only(start: Start) -> None:
    pc_page = start("import")
    pc_page.read_code()
    token = {"authorization": f"Bearer {token_of(pc_page)}"}
    assert ask_server(pc_page, EVENTS, **token)[0] == 200
    host = pc_page.origin.removeprefix("http://").rstrip("/")
    refused: list[tuple[int, dict[str, str]]] = [
        (403, {}),
        (403, {"authorization": "Bearer "}),
        (403, {"authorization": "Bearer x"}),
        (403, {"authorization": f"Basic {token_of(pc_page)}"}),
        (403, {"cookie": f"token={token_of(pc_page)}"}),
        (403, {"authorization": f"Bearer {pc_page.address.partition('#')[2]}"}),
        (403, {**token, "origin": "http://evil.example"}),
        (403, {**token, "origin": "null"}),
        (403, {**token, "sec-fetch-site": "cross-site"}),
        (403, {**token, "sec-fetch-site": "same-site"}),  # another port of this computer
        (421, {**token, "host": "evil.example"}),
        (421, {**token, "host": host.replace("127.0.0.1", "localhost")}),
        (421, {**token, "host": "127.0.0.1"}),
    ]
    for status, headers in refused:
        got, told = ask_server(pc_page, EVENTS, **headers)
        assert (got, told) == (status, b""), headers
    for path in ("/../pyproject.toml", "/client_pc/centre/server.py", "/texts/fr.json"):
        assert ask_server(pc_page, path)[0] == 404, path


@pytest.mark.attack(51)
def test_what_the_browser_may_write_down_is_no_token_and_good_for_one_reload(start: Start) -> None:
    pc_page = start("import")
    pc_page.read_code()
    token, page = token_of(pc_page), pc_page.tab.page
    kept = page.evaluate("JSON.stringify([history.state, {...localStorage}, {...sessionStorage}])")
    assert token not in kept
    assert page.evaluate("document.cookie") == ""
    page.reload()
    pc_page.read_code()
    assert token_of(pc_page) != token
    assert ask_server(pc_page, EVENTS, authorization=f"Bearer {token}")[0] == 403
    assert page.evaluate("JSON.stringify(history.state)") not in kept


@pytest.mark.attack(51)
def test_a_tab_without_the_token_sees_nothing(start: Start, new_desk: Callable[[], Desk]) -> None:
    pc_page = start("import")
    pc_page.read_code()
    other = new_desk().open(pc_page.origin)
    other.is_at(say("centre.elsewhere.title"))
    assert other.page.locator(".code svg").count() == 0
    second = pc_page.tab.context.new_page()  # the same browser, which has no cookie to send
    second.goto(pc_page.origin)
    second.locator("h1", has_text=say("centre.elsewhere.title")).wait_for()
    second.close()
    pc_page.read_code()


@pytest.mark.attack(51)
def test_an_address_that_is_opened_twice_is_shut_for_both(
    start: Start, new_desk: Callable[[], Desk]
) -> None:
    pc_page = start("import")
    pc_page.read_code()
    token = token_of(pc_page)
    other = new_desk().open(pc_page.address)
    other.is_at(say("centre.shut.title"))
    pc_page.tab.is_at(say("centre.shut.title"))
    for tab in (other, pc_page.tab):
        assert tab.page.locator(".code svg").count() == 0
        tab.complaints.clear()  # the refusals
    while pc_page.pc.wait_for("browser")["state"] != "twice":
        pass
    assert ask_server(pc_page, EVENTS, authorization=f"Bearer {token}")[0] == 403


@pytest.mark.attack(46)
def test_the_token_stands_in_no_argument_and_no_event(start: Start) -> None:
    pc_page = start("import")
    pc_page.read_code()
    secrets = [token_of(pc_page), pc_page.address.partition("#")[2]]
    arguments = Path(f"/proc/{pc_page.pc.number}/cmdline").read_bytes()
    pc_page.tab.tap(say("page.cancel"))
    assert pc_page.pc.status() == 130
    told = json.dumps(pc_page.pc.seen)
    for secret in secrets:
        assert secret.encode() not in arguments
        assert secret not in told
    assert pc_page.tab.page.url == f"{pc_page.origin}#/copy"


@pytest.mark.attack(36)
def test_a_phones_name_is_text(start: Start, new_phone: Callable[..., Phone]) -> None:
    name = "<b onclick=x>A52"
    phone = new_phone(user_agent=ANDROID.replace("10; K", f"10; {name}"))
    pc_page = start("import")
    phone.scan(pc_page.read_code())
    pc_page.tab.sees(name)
    assert pc_page.tab.page.locator("b").count() == 0


def test_the_page_goes_on_after_the_network_between_phone_and_relay_broke(
    start: Start, phone: Phone, cable: Any, issued: Issued, tmp_path: Path
) -> None:
    item = issued.npki(PASSWORD)
    pc_page = start("import")
    phone.scan(pc_page.read_code())
    give(phone, write_files(item, tmp_path / "phone"))
    number = pc_page.number
    cable.pull()
    pc_page.tab.sees("연결이 끊겼습니다")
    cable.mend()
    pc_page.tab.sees(say("story.connection_back"))
    phone.type_number(number)
    pc_page.tab.tap(say("page.receive.save"))
    phone.is_at(say("page.sent.all.title"))
    assert pc_page.pc.status() == 0
    assert files_below(tmp_path / "NPKI") == contents(item)
