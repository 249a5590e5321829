"""How the page is opened and left: inside apps, twice, reloaded, back and forward, closed."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from certrelay.testkit.ca import Issued
from certrelay.texts import Texts
from tests.web_phone.conftest import PASSWORD, files_below, write_files
from tests.web_phone.pc import FAR, Pc
from tests.web_phone.phone import ANDROID, Phone

StartPc = Callable[..., tuple[Pc, str]]
NewPhone = Callable[..., Phone]

say = Texts("ko").say
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML) "
AGENTS = {
    "KakaoTalk on Android": (f"{ANDROID};KAKAOTALK 2410620", "kakaotalk://web/openExternal"),
    "Naver on Android": (f"{ANDROID} NAVER(inapp; search; 1200; 12.5.1)", "intent://"),
    "LINE on an iPhone": (f"{IPHONE}Mobile/15E148 Safari Line/14.8.0", "http://"),
    "Instagram on an iPhone": (f"{IPHONE}Mobile/15E148 Instagram 333.0", None),
    "an unknown WebView": (
        "Mozilla/5.0 (Linux; Android 14; SM-S928N Build/UP1A; wv) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36",
        "intent://",
    ),
}


def is_choosing(phone: Phone) -> None:
    phone.page.locator("input[type=file]").first.wait_for(state="attached")


def send(phone: Phone, pc: Pc, files: list[Path]) -> None:
    phone.pick(*files)
    phone.unlock(PASSWORD)
    phone.sees(say("page.send.checked"))
    phone.tap(say("page.send.next"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0


@pytest.mark.parametrize("app", AGENTS)
def test_inside_an_app_the_code_is_not_used_up(
    new_phone: NewPhone, phone: Phone, origin: str, start_pc: StartPc, app: str
) -> None:
    agent, beginning = AGENTS[app]
    inside = new_phone(user_agent=agent)
    sockets: list[str] = []
    inside.page.on("websocket", lambda socket: sockets.append(socket.url))
    pc, url = start_pc("import", origin)
    inside.scan(url)
    inside.is_at(say("page.in_app.title"))
    assert inside.page.url == url  # what "open in the browser" hands on
    assert sockets == []
    link = inside.page.locator("main a")
    if beginning is None:
        assert link.count() == 0
    else:
        target = link.get_attribute("href") or ""
        assert target.startswith(beginning)
        assert url.partition("#")[2] in unquote(target)
    phone.scan(inside.page.url)  # the phone's own browser
    is_choosing(phone)
    inside.page.close()
    phone.tap(say("page.cancel"))
    assert pc.status() == 12


def test_inside_an_app_it_can_go_on_when_it_sends(
    new_phone: NewPhone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    inside = new_phone(user_agent=AGENTS["KakaoTalk on Android"][0])
    pc, url = start_pc("import", origin, "--yes")
    inside.scan(url)
    inside.tap(say("page.in_app.stay"))
    is_choosing(inside)
    assert inside.page.url == origin
    item = issued.npki(PASSWORD)
    send(inside, pc, write_files(item, tmp_path / "phone"))
    assert sorted(files_below(tmp_path / "NPKI").values()) == sorted(f.content for f in item.files)


def test_inside_an_app_nothing_can_be_received(
    new_phone: NewPhone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    write_files(issued.npki(PASSWORD), tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
    pc, url = start_pc("export", origin, "1", say=(PASSWORD,))
    inside = new_phone(user_agent=AGENTS["KakaoTalk on Android"][0])
    inside.scan(url)
    inside.sees(say("page.in_app.no_receiving"))
    assert inside.page.get_by_role("button", name=say("page.in_app.stay")).count() == 0
    assert not any(event["event"] == "peer" for event in pc.seen)
    inside.page.close()


def test_a_damaged_code_is_told_inside_an_app_too(
    new_phone: NewPhone, origin: str, start_pc: StartPc
) -> None:
    _, url = start_pc("import", origin)
    inside = new_phone(user_agent=AGENTS["Naver on Android"][0])
    inside.scan(url[:-1])
    inside.sees(say("error.qr_damaged"))
    assert inside.page.url == origin


def test_line_brings_the_code_into_the_browser(
    phone: Phone, origin: str, start_pc: StartPc
) -> None:
    pc, url = start_pc("import", origin)
    phone.scan(url.replace("/#", "/?openExternalBrowser=1#"))
    is_choosing(phone)
    phone.tap(say("page.cancel"))
    assert pc.status() == 12


@pytest.mark.parametrize("host", ["127.0.0.1", FAR])
def test_a_second_tab_gives_way_and_the_first_goes_on(
    phone: Phone,
    start_relay: Callable[..., str],
    start_pc: StartPc,
    issued: Issued,
    tmp_path: Path,
    host: str,
) -> None:
    pc, url = start_pc("import", start_relay(host), "--yes")
    phone.scan(url)
    is_choosing(phone)
    second = phone.context.new_page()
    sockets: list[str] = []
    second.on("websocket", lambda socket: sockets.append(socket.url))
    second.goto(url)
    second.locator("h1", has_text=say("page.open_elsewhere.title")).wait_for()
    phone.sees(say("page.opened_again"))
    assert sockets == []
    second.close()
    item = issued.npki(PASSWORD)
    send(phone, pc, write_files(item, tmp_path / "phone"))
    assert not any(event["event"] == "renewed" for event in pc.seen)


def leave_by_reload(phone: Phone) -> None:
    phone.page.reload()


def leave_and_come_back(phone: Phone) -> None:
    phone.page.goto("about:blank")
    phone.page.go_back()


LEAVES = {"reload": leave_by_reload, "back and forward": leave_and_come_back}


@pytest.mark.parametrize("way", LEAVES)
def test_a_page_that_went_away_says_to_scan_the_new_code_and_there_is_one(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path, way: str
) -> None:
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    is_choosing(phone)
    LEAVES[way](phone)
    renewed = pc.wait_for("renewed")
    assert renewed["reason"] == "page_closed"
    fresh = pc.wait_for("waiting")["url"]
    phone.is_at(say("page.scan_again.title"))
    phone.scan(fresh)
    is_choosing(phone)
    send(phone, pc, write_files(issued.npki(PASSWORD), tmp_path / "phone"))


def test_a_closed_tab_is_told_to_the_pc_at_once(
    phone: Phone, origin: str, start_pc: StartPc
) -> None:
    pc, url = start_pc("import", origin)
    phone.scan(url)
    is_choosing(phone)
    phone.page.close(run_before_unload=False)
    assert pc.wait_for("renewed")["reason"] in ("page_closed", "left")
