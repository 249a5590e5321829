"""Whole copies: a real browser, a real relay, a real ``certrelay`` process."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.testkit.ca import Issued
from certrelay.wire.release import ReleasePolicy
from tests.qr_pictures import read_png
from tests.web_phone.cable import Cable
from tests.web_phone.conftest import PASSWORD, ROLES, files_below, write_files
from tests.web_phone.pc import FAR, Pc
from tests.web_phone.phone import Phone, say

StartPc = Callable[..., tuple[Pc, str]]
StartRelay = Callable[..., str]


def contents(item: Item) -> dict[str, bytes]:
    return {ROLES[file.role]: file.content for file in item.files}


def give(phone: Phone, files: list[Path]) -> None:
    """Choose files on the phone, open them and go on to the number."""
    phone.is_at(say("page.send.title"))
    phone.pick(*files)
    phone.unlock(PASSWORD)
    phone.sees(say("page.send.checked"))
    phone.tap(say("page.send.next"))


@pytest.mark.parametrize("scheme", ["seed-pbes2", "seed-pbes1", "aes256"])
def test_both_pairs_reach_the_pc_byte_for_byte(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path, scheme: str
) -> None:
    item = issued.npki(PASSWORD, scheme)
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    give(phone, write_files(item, tmp_path / "phone"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0
    assert files_below(tmp_path / "NPKI") == contents(item)


def test_a_pc_in_its_own_network_serves_the_page_by_itself(
    phone: Phone, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    item = issued.npki(PASSWORD)
    pc, url = start_pc("import", None, "--yes")
    phone.scan(url)
    give(phone, write_files(item, tmp_path / "phone"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    phone.check()  # now, while the PC still serves
    assert pc.status() == 0
    assert files_below(tmp_path / "NPKI") == contents(item)


def test_a_pkcs12_file_reaches_the_pc_from_a_code_read_off_a_picture(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    item = issued.pkcs12(PASSWORD)
    picture = tmp_path / "qr.png"
    pc, url = start_pc("import", origin, "--yes", "--qr-png", picture)
    assert read_png(picture.read_bytes()) == [url]
    phone.scan(url)
    give(phone, write_files(item, tmp_path / "phone"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0
    assert list(files_below(tmp_path / "NPKI").values()) == [item.files[0].content]


def test_pairs_come_from_the_pc_as_a_zip_that_unpacks_into_npki(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    item = issued.npki(PASSWORD)
    write_files(item, tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
    pc, url = start_pc("export", origin, "1", say=(PASSWORD,))
    phone.scan(url)
    phone.is_at(say("page.receive.title"))
    number = phone.page.locator(".big-number [aria-hidden]").inner_text()
    pc.wait_for("number_wanted")
    pc.say(number)
    phone.is_at(say("page.receive.ask"))
    with phone.page.expect_download() as download:
        phone.tap(say("page.receive.save"))
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert {Path(n).name: archive.read(n) for n in archive.namelist()} == contents(item)
    assert all(name.startswith("NPKI/yessign/USER/cn=") for name in archive.namelist())
    phone.is_at(say("page.seen.title"))
    phone.tap(say("page.seen.yes"))
    phone.is_at(say("page.saved.title"))
    assert pc.status() == 0


def test_a_pkcs12_file_comes_from_the_pc_as_it_is(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    item = issued.pkcs12(PASSWORD)
    write_files(item, tmp_path / "NPKI" / "PKCS12")
    pc, url = start_pc("export", origin, "1", say=(PASSWORD,))
    phone.scan(url)
    number = phone.page.locator(".big-number [aria-hidden]").inner_text()
    pc.wait_for("number_wanted")
    pc.say(number)
    phone.is_at(say("page.receive.ask"))
    with phone.page.expect_download() as download:
        phone.tap(say("page.receive.save"))
    phone.tap(say("page.seen.yes"))
    assert download.value.suggested_filename.endswith(".p12")
    assert Path(download.value.path()).read_bytes() == item.files[0].content
    assert pc.status() == 0


def test_no_on_the_phone_is_told_to_the_pc_and_nothing_is_downloaded(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    write_files(issued.npki(PASSWORD), tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
    pc, url = start_pc("export", origin, "1", say=(PASSWORD,))
    phone.scan(url)
    number = phone.page.locator(".big-number [aria-hidden]").inner_text()
    pc.wait_for("number_wanted")
    pc.say(number)
    phone.is_at(say("page.receive.ask"))
    phone.tap(say("page.receive.decline"))
    phone.sees(say("page.error.declined"))
    assert pc.status() == 12


def test_no_on_the_pc_is_told_to_the_phone(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    pc, url = start_pc("import", origin)
    phone.scan(url)
    give(phone, write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    phone.type_number(pc.wait_for("number")["number"])
    pc.wait_for("save_wanted")
    phone.is_at(say("page.moving.asking"))
    pc.say("n")
    phone.is_at(say("page.sent.none.title"))
    phone.sees("PC에서 거절함")
    assert pc.status() == 12
    assert files_below(tmp_path / "NPKI") == {}


def test_a_plain_http_page_in_the_local_network_needs_no_web_crypto(
    phone: Phone, start_relay: StartRelay, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    item = issued.npki(PASSWORD)
    pc, url = start_pc("import", start_relay(FAR), "--yes")
    phone.scan(url)
    assert phone.page.evaluate("[isSecureContext, crypto.subtle === undefined]") == [False, True]
    give(phone, write_files(item, tmp_path / "phone"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0
    assert files_below(tmp_path / "NPKI") == contents(item)


def test_three_wrong_numbers_end_it_on_both_sides(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    give(phone, write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    number = pc.wait_for("number")["number"]
    wrong = f"{(int(number) + 1) % 1_000_000:06}"
    for left in (2, 1):
        phone.type_number(wrong)
        phone.sees(say("page.number.wrong", left=left))
    phone.type_number(wrong)
    phone.sees(say("page.error.number_mismatch"))
    assert pc.status() == 6
    assert files_below(tmp_path / "NPKI") == {}


def test_a_pulled_cable_is_survived_and_said(
    phone: Phone,
    cable: Cable,
    origin: str,
    start_pc: StartPc,
    issued: Issued,
    tmp_path: Path,
) -> None:
    item = issued.npki(PASSWORD)
    pc, url = start_pc("import", origin)
    phone.scan(url)
    give(phone, write_files(item, tmp_path / "phone"))
    number = pc.wait_for("number")["number"]
    cable.pull()
    phone.sees(say("page.waiting.lost"))
    phone.type_number(number)
    cable.mend()
    pc.wait_for("save_wanted")
    cable.pull()
    phone.context.set_offline(True)
    phone.sees(say("page.waiting.lost"))
    pc.say("y")
    pc.wait_for("saved")
    cable.mend()
    phone.context.set_offline(False)
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0
    assert files_below(tmp_path / "NPKI") == contents(item)


def test_a_phone_that_slept_comes_back_and_goes_on(
    phone: Phone, cable: Cable, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    item = issued.npki(PASSWORD)
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    give(phone, write_files(item, tmp_path / "phone"))
    number = pc.wait_for("number")["number"]
    session = phone.context.new_cdp_session(phone.page)
    session.send("Page.enable")
    session.send("Page.setWebLifecycleState", {"state": "frozen"})  # no timer, no event
    cable.pull()
    pc.wait_for("peer_lost")
    cable.mend()
    session.send("Page.setWebLifecycleState", {"state": "active"})
    pc.wait_for("peer_back")
    phone.type_number(number)
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0
    assert files_below(tmp_path / "NPKI") == contents(item)


def test_a_socket_is_not_trusted_after_a_long_time_out_of_sight(
    phone: Phone, origin: str, start_pc: StartPc
) -> None:
    _, url = start_pc("import", origin)
    sockets: list[str] = []
    phone.page.on("websocket", lambda socket: sockets.append(socket.url))
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    for away_ms, expected in ((100, 1), (3_100, 2)):
        phone.page.evaluate(
            """async (away) => {
              let state = "hidden";
              Object.defineProperty(document, "visibilityState",
                {configurable: true, get: () => state});
              document.dispatchEvent(new Event("visibilitychange"));
              await new Promise((resolve) => setTimeout(resolve, away));
              state = "visible";
              document.dispatchEvent(new Event("visibilitychange"));
            }""",
            away_ms,
        )
        if expected > len(sockets):
            phone.sees(say("page.waiting.back"))
        assert len(sockets) == expected


def test_a_folder_is_picked_whole(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    folder = tmp_path / "phone"
    first, second = issued.npki(PASSWORD), issued.npki("other")
    write_files(first, folder / "yessign" / "USER" / "cn=one")
    write_files(second, folder / "yessign" / "USER" / "cn=two")
    (folder / "holiday.jpg").write_bytes(b"x")
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    phone.page.set_input_files("input[webkitdirectory]", folder)
    for password in (PASSWORD, "other"):
        phone.unlock(password)
        phone.sees(say("page.send.checked"))
    phone.is_at(say("page.send.review_title"))
    assert phone.page.locator(".card").count() == 2
    phone.tap(say("page.send.next"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0
    stored = [path for path in (tmp_path / "NPKI").rglob("*") if path.is_file()]
    given = [file.content for item in (first, second) for file in item.files]
    assert sorted(path.read_bytes() for path in stored) == sorted(given)


@pytest.mark.attack(34)
def test_no_byte_of_the_code_is_on_the_line(
    phone: Phone, cable: Cable, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    give(phone, write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0
    heard = bytes(cable.heard)
    digits = url.partition("#")[2].encode()
    assert b"GET / HTTP/1.1" in heard
    assert b"Upgrade: websocket" in heard
    for at in range(len(digits) - 12):
        assert digits[at : at + 12] not in heard
    assert b"referer:" not in heard.lower()
    assert b"cookie:" not in heard.lower()


@pytest.mark.attack(9)
def test_a_second_tab_is_refused_and_both_sides_say_so(
    phone: Phone, new_phone: Callable[[], Phone], origin: str, start_pc: StartPc
) -> None:
    pc, url = start_pc("import", origin)
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    second = new_phone()
    second.scan(url)
    second.sees(say("error.already_claimed"))
    phone.sees(say("error.second_scan"))
    assert pc.wait_for("renewed")["reason"] == "second_scan"
    assert pc.wait_for("waiting")["url"] != url


@pytest.mark.attack(8, 34)
def test_a_used_code_says_that_it_was_used(
    phone: Phone,
    new_phone: Callable[[], Phone],
    origin: str,
    start_pc: StartPc,
    issued: Issued,
    tmp_path: Path,
) -> None:
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    give(phone, write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0
    again = new_phone()
    again.scan(url)
    again.sees(say("error.already_used"))


def test_a_reload_says_that_a_new_code_is_needed_and_the_pc_shows_one(
    phone: Phone, origin: str, start_pc: StartPc
) -> None:
    pc, url = start_pc("import", origin)
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    phone.page.reload()
    phone.is_at(say("page.scan_again.title"))
    assert pc.wait_for("renewed")["reason"] == "page_closed"
    again = pc.wait_for("waiting")["url"]
    assert again != url
    phone.scan(again)
    phone.is_at(say("page.send.title"))


def test_a_newer_page_is_asked_for_by_the_release_policy(
    phone: Phone, start_relay: StartRelay, start_pc: StartPc
) -> None:
    policy = ReleasePolicy.from_table({"web": {"app": "W2.0"}})
    _, url = start_pc("import", start_relay(policy=policy))
    phone.scan(url)
    phone.sees("W1.0")
    phone.sees("W2.0")


@pytest.mark.attack(36)
def test_strangers_names_are_text_and_nothing_else(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    name = "<img src=x onerror=alert(1)>"
    pc, url = start_pc("import", origin, "--name", name)
    phone.scan(url)
    phone.sees(name)
    phone.pick(*write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    owner = phone.page.locator("h2 .foreign").inner_text()
    assert owner.startswith("홍길동<b onclick=x>\ufffd")
    assert phone.page.locator("img, b").count() == 0
    phone.tap(say("page.cancel"))
    phone.is_at(say("page.ended.cancelled"))
    assert pc.status() == 12


def test_files_that_cannot_be_used_are_named(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    _, url = start_pc("import", origin)
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    files = write_files(issued.npki(PASSWORD), tmp_path / "phone")
    large, other = tmp_path / "large.p12", tmp_path / "holiday.jpg"
    large.write_bytes(bytes(65_537))
    other.write_bytes(b"x")
    phone.pick(files[0], large, other)
    phone.sees("large.p12")
    phone.sees(say("page.left_out.other_file", names="holiday.jpg"))
    phone.sees("holiday.jpg")
    phone.sees(say("page.half.missing", file="signPri.key"))
    phone.pick(*files[1:])
    phone.unlock(PASSWORD)
    phone.sees(say("page.send.checked"))
    phone.tap(say("page.send.next"))
    phone.is_at(say("page.number.title"))
