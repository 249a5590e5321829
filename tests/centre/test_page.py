"""The centre's page in a browser, with the real program behind it and a real phone page.

With ``CERTRELAY_SCREENSHOTS=folder`` screens are also written there as pictures.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from certrelay.bundle import Item
from certrelay.pki.validity import days_left
from certrelay.testkit.ca import Issued
from client_pc.computer import lan_address
from tests.centre.certificates import FIRM, HONG, KIM, LEE
from tests.centre.desk import PLACES, Desk
from tests.centre.running import Centre, eventually
from tests.component import missing
from tests.web_phone import components
from tests.web_phone.conftest import PASSWORD, ROLES, files_below, write_files
from tests.web_phone.phone import Phone, say
from tests.web_phone.test_flows import give
from tests.web_phone.test_screens import AXE, CUT_OFF, SMALL_TARGETS, THEMES

NEW_PASSWORD = "Qw7#mP2$xz"
# Boxes and chips are clicked by their labels, too.
_LABELLED = ("label.tick", "label.chip")
TARGETS = SMALL_TARGETS.replace("label.check", ", ".join(("label.check", *_LABELLED))).replace(
    ".check input", ", ".join((".check input", ".tick input", ".chip input"))
)


def contents(item: Item) -> dict[str, bytes]:
    return {ROLES[file.role]: file.content for file in item.files}


def test_a_first_copy_from_the_phone(
    bare: Centre, desk: Desk, phone: Phone, people: dict[str, Issued], tmp_path: Path
) -> None:
    item = people[HONG].npki(PASSWORD)
    desk.open(bare.address())
    desk.at("centre.home.title")
    desk.sees(say("centre.home.none"))
    desk.page.locator("button.door.import").click()
    code = desk.read_code()
    desk.picture("import")
    phone.scan(code)
    give(phone, write_files(item, tmp_path / "phone"))
    phone.type_number(desk.number)
    desk.at("page.receive.ask")
    desk.page.reload()  # a habit; nothing is lost by it
    desk.at("page.receive.ask")
    desk.tap(say("page.receive.save"))
    desk.at("browser.saved.title")
    phone.is_at(say("page.sent.all.title"))
    assert (desk.path / "signCert.der").read_bytes() == contents(item)["signCert.der"]
    assert files_below(bare.home / "NPKI") == contents(item)
    desk.tap(say("centre.menu.home"))
    desk.at("centre.home.title")
    assert HONG in desk.lines().first.inner_text()


def test_an_empty_pc_is_told_what_to_do_here_and_of_no_command(bare: Centre, desk: Desk) -> None:
    desk.open(bare.address())
    for language in ("ko", "en"):
        desk.speak(language)
        for place in (*PLACES, "list/late", "certificate/none-1", "several/delete", "copy"):
            desk.go(place)
            desk.page.locator("main:not(:has(.busy)) h1").wait_for()
            shown = desk.page.locator("main").inner_text()
            assert re.search(r"certrelay [a-z]|(^|\s)--[a-z]", shown) is None, shown
    desk.speak("ko")
    desk.go("list")
    desk.sees(say("centre.home.none"))
    desk.go("")
    desk.page.locator("button.door.export").click()
    desk.sees(say("error.no_certificates"))
    assert "--" not in desk.page.locator("main").inner_text()


def test_sending_to_the_phone(
    filled: Centre, desk: Desk, phone: Phone, people: dict[str, Issued]
) -> None:
    desk.open(filled.address())
    desk.certificate(KIM)
    desk.tap(say("centre.door.export"))
    desk.at("browser.password.title")
    desk.unlock("wrong")
    desk.sees(say("page.send.password_wrong", left=4))
    desk.unlock(PASSWORD)
    phone.scan(desk.read_code())
    number = phone.page.locator(".big-number [aria-hidden]").inner_text()
    desk.type_number(f"{(int(number.replace(' ', '')) + 1) % 1_000_000:06}")
    desk.sees(say("page.number.wrong", left=2))
    desk.type_number(number)
    phone.is_at(say("page.receive.ask"))
    with phone.page.expect_download() as download:
        phone.tap(say("page.receive.save"))
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    item = people[KIM].npki(PASSWORD)
    assert {Path(n).name for n in archive.namelist()} == set(contents(item))
    phone.tap(say("page.seen.yes"))
    desk.at("browser.sent.title")
    desk.go("history")
    desk.at("centre.menu.history")
    desk.page.locator(".timeline li").first.wait_for()
    assert KIM in desk.page.locator(".timeline li").first.inner_text()
    desk.picture("history")


def test_no_stores_nothing_and_a_copy_can_be_stopped(
    bare: Centre, desk: Desk, phone: Phone, people: dict[str, Issued], tmp_path: Path
) -> None:
    desk.open(bare.address())
    desk.page.locator("button.door.import").click()
    phone.scan(desk.read_code())
    give(phone, write_files(people[HONG].npki(PASSWORD), tmp_path / "phone"))
    phone.type_number(desk.number)
    desk.at("page.receive.ask")
    desk.tap(say("page.receive.decline"))
    desk.at("page.ended.declined")
    assert files_below(bare.home / "NPKI") == {}
    desk.tap(say("centre.copy.again"))
    desk.page.locator(".code svg").wait_for()
    desk.tap(say("page.cancel"))
    desk.at("page.ended.cancelled")


def test_the_list_is_searched_filtered_and_folded(
    filled: Centre, desk: Desk, people: dict[str, Issued]
) -> None:
    desk.open(filled.address())
    desk.go("list")
    lines = desk.lines()
    lines.nth(3).wait_for()
    assert lines.count() == 4
    desk.page.fill("#search", "한빛")
    assert lines.count() == 1
    assert FIRM in lines.first.inner_text()
    desk.page.fill("#search", "nobody at all")
    desk.sees(say("pc.list.none"))
    desk.page.fill("#search", "")
    desk.page.locator("#filter-expiring").check()
    assert KIM in lines.first.inner_text()
    last = people[KIM].sign.certificate.not_after
    assert last is not None
    assert f"D-{days_left(last, datetime.now(UTC))}" in lines.first.inner_text()
    desk.page.locator("#filter-all").check()
    desk.page.locator("#folded summary").click()
    told = desk.page.locator("#folded").inner_text()
    assert "cn=copy" in told
    assert say("error.bad_certificate").partition("{")[0][:8] in told


def test_several_are_deleted_and_one_is_put_back(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    desk.go("list")
    for owner in (KIM, LEE):
        desk.page.get_by_label(say("centre.list.choose", owner=owner)).check()
    desk.tap(say("centre.delete"))
    desk.at("centre.delete.title")
    desk.sees("cn=김철수")
    desk.tap(say("centre.delete.go"))
    desk.sees(say("centre.delete.done", count=2))
    users = filled.home / "NPKI" / "yessign" / "USER"
    assert not (users / "cn=김철수").exists()
    desk.follow("centre.delete.trash")
    desk.page.locator(".lines > li").nth(1).wait_for()
    desk.picture("trash")
    card = desk.page.locator(".lines > li").filter(has_text=LEE)
    card.get_by_role("button", name=say("centre.trash.restore")).click()
    desk.sees(say("centre.trash.restored"))
    assert (users / "cn=이영희" / "signCert.der").exists()
    desk.go("list")
    desk.lines().nth(2).wait_for()
    assert LEE in desk.page.locator(".results").inner_text()


def test_not_deleted_where_somebody_turns_back(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    desk.certificate(HONG)
    desk.chore("delete")
    desk.page.locator(".danger.main").wait_for()
    # The other copy on this PC is named, whichever of the two is deleted.
    shown = desk.page.locator("main").inner_text()
    assert "cn=copy" in shown
    assert "cn=홍길동" in shown
    desk.page.go_back()
    desk.page.locator("h1", has_text=HONG).wait_for()
    assert (filled.home / "NPKI" / "yessign" / "USER" / "cn=홍길동").exists()


def test_a_new_password_rule_by_rule(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    desk.certificate(KIM)
    desk.chore("password")
    desk.type_password("wrong")
    desk.sees(say("page.send.password_wrong", left=4))
    desk.type_password(PASSWORD)
    kept = desk.page.locator(".rules .there")
    desk.page.fill("#new-password", "abc")
    assert kept.count() == 4, "a letter, and nothing that is forbidden but a run"
    desk.page.fill("#new-password", NEW_PASSWORD)
    assert kept.count() == 8
    desk.page.fill("#new-password", "Qw7#mP2")
    assert kept.count() == 7
    desk.picture("rules")
    desk.page.fill("#new-password", NEW_PASSWORD)
    desk.page.fill("#new-password-again", "another one")
    desk.page.locator("button[form=new-password-form]").click()
    desk.sees(say("error.passwords_differ"))
    desk.page.fill("#new-password-again", NEW_PASSWORD)
    desk.page.locator("button[form=new-password-form]").click()
    desk.sees(say("centre.password.done"))
    desk.tap(say("centre.back"))
    desk.chore("verify")
    desk.tap(say("centre.verify.go"))
    desk.type_password(NEW_PASSWORD)
    desk.page.locator(".finding.holds", has_text=say("verify.password")).wait_for()
    desk.sees(say("pc.verify.holds"))


def test_verifying_tells_what_is_wrong_and_what_to_do(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    desk.certificate(LEE)
    desk.chore("verify")
    desk.tap(say("centre.verify.go"))
    desk.type_password(PASSWORD)
    late = desk.page.locator(".finding.fails", has_text=say("verify.validity"))
    late.wait_for()
    assert say("centre.todo.expired") in late.inner_text()
    desk.picture("verified")


def test_a_file_is_made_and_a_second_one_is_not(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    for status in ("stored", "duplicate"):
        desk.certificate(KIM)
        desk.chore("convert")
        desk.tap(say("centre.convert.go"))
        desk.type_password(PASSWORD)
        desk.sees(say(f"centre.saved.{status}"))
        assert desk.path.suffix == ".p12"
        assert desk.path.is_file()


def test_a_phone_shows_that_it_reaches_this_pc(centre: Centre, desk: Desk, phone: Phone) -> None:
    if lan_address() is None:
        missing("a local network")
    desk.open(centre.address())
    desk.go("health")
    desk.follow("centre.phone_test")
    first = desk.read_code()
    desk.sees(say("centre.phone_test.todo.guest"))
    desk.page.reload()  # the code of a page that is gone opens nothing
    eventually(lambda: desk.read_code() != first, "a fresh code")
    desk.picture("phone-test")
    done = desk.page.get_by_text(say("centre.phone_test.done"))
    assert done.count() == 0, "nobody has been seen"
    phone.scan(desk.read_code())
    phone.is_at(say("doctor.phone.page.title"))
    done.wait_for()
    assert desk.page.locator(".code svg").count() == 0
    assert files_below(centre.home / "NPKI") == {}


def test_no_phone_comes_and_what_to_do_is_said(centre: Centre, desk: Desk) -> None:
    if lan_address() is None:
        missing("a local network")
    late = '{"event": "end", "status": 12, "code": "phone_not_seen", "text": "", "details": {}}'
    # The end that comes after two minutes comes now.
    desk.page.route(
        "**/events?after=1",
        lambda route: route.fulfill(json={"events": [json.loads(late)], "is_over": True}),
    )
    desk.open(centre.address())
    desk.go("health/phone")
    desk.sees(say("error.phone_not_seen"))
    for why in ("network", "guest", "firewall"):
        desk.sees(say(f"centre.phone_test.todo.{why}"))
    desk.page.unroute("**/events?after=1")
    desk.tap(say("centre.phone_test.again"))
    desk.page.locator(".code svg").wait_for()


def test_a_pc_with_a_relay_needs_no_such_test(bare: Centre, desk: Desk) -> None:
    desk.open(bare.address())
    desk.go("health/phone")
    desk.sees(say("hint.phone_needs_no_pc"))
    assert desk.page.locator(".code svg").count() == 0


def test_the_folder_is_opened(filled: Centre, desk: Desk, tmp_path: Path) -> None:
    desk.open(filled.address())
    desk.certificate(KIM)
    with desk.page.expect_response("**/v1/open") as answer:
        desk.tap(say("centre.open_folder"))
    assert answer.value.status in (204, 503)


@pytest.mark.parametrize(
    ("place", "shown"),
    [("health", ".finding"), ("settings", ".setting"), ("help", "details")],
)
def test_what_only_looks(filled: Centre, desk: Desk, place: str, shown: str) -> None:
    desk.open(filled.address())
    desk.go(place)
    desk.at(f"centre.menu.{place}")
    desk.page.locator(shown).nth(2).wait_for()


def test_reload_and_back_at_each_place(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    titles = {}
    for place in PLACES:
        desk.go(place)
        desk.page.wait_for_timeout(100)
        titles[place] = desk.page.locator("h1").inner_text()
        desk.page.reload()
        desk.is_at(titles[place])
    for place in reversed(PLACES[:-1]):
        desk.page.go_back()
        desk.is_at(titles[place])
    desk.page.reload()
    desk.is_at(titles[""])


def test_a_second_start_and_a_killed_program(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    assert filled.start().wait(60) == 0
    desk.open(filled.address(1))
    desk.at("centre.home.title")
    filled.process.kill()
    desk.at("centre.gone.title")


def test_it_is_closed_by_its_button(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    desk.at("centre.home.title")
    desk.tap(say("centre.close"))
    desk.at("centre.closed.title")
    assert eventually(lambda: filled.process.poll() is not None, "its end")


def test_a_store_that_changes_under_it(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    desk.certificate(LEE)
    where = filled.home / "NPKI" / "yessign" / "USER" / "cn=이영희"
    for file in where.iterdir():
        file.unlink()
    where.rmdir()
    desk.chore("verify")
    desk.tap(say("centre.verify.go"))
    desk.page.locator(".notice.bad").wait_for()
    desk.tap(say("centre.back"))
    desk.at("centre.missing.title")


def test_a_dropped_zip_is_looked_into(
    filled: Centre, desk: Desk, people: dict[str, Issued], tmp_path: Path
) -> None:
    path = tmp_path / "인증서.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents(people[LEE].npki(PASSWORD)).items():
            archive.writestr(f"cn=x/{name}", content)
    desk.open(filled.address())
    desk.go("files")
    desk.pick(path)
    card = desk.page.locator("section.card", has_text=LEE)
    card.get_by_role("button", name=say("centre.files.save")).click()
    desk.sees(say("centre.saved.duplicate"))
    desk.sees("cn=이영희")
    desk.tap(say("centre.back"))
    desk.go("files")
    nothing = tmp_path / "nothing.txt"
    nothing.write_text("nothing")
    desk.pick(nothing)
    desk.page.locator(".notice").first.wait_for()


def each_screen(desk: Desk) -> Iterator[str]:
    """Go to every screen that asks nobody anything; gives where it is."""
    desk.go("list")
    desk.lines().first.wait_for()
    address = str(desk.lines().first.get_attribute("href")).removeprefix("#/")
    chores = [f"{address}/{each}" for each in ("verify", "password", "delete", "convert")]
    for place in (*PLACES, address, *chores):
        desk.go(place)
        desk.page.locator("main:not(:has(.busy)) h1").wait_for()
        if place == "list":
            desk.page.get_by_label(desk.texts.say("centre.list.choose", owner=KIM)).check()
        yield place


def test_nothing_is_cut_off_nor_with_letters_twice_as_large(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    desk.page.set_viewport_size({"width": 320, "height": 640})
    cut = {}
    for place in each_screen(desk):
        found = desk.page.evaluate(CUT_OFF)
        desk.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        found += desk.page.evaluate(CUT_OFF)
        desk.page.evaluate("() => { document.documentElement.style.fontSize = ''; }")
        if found:
            cut[place] = found
    assert cut == {}


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_no_fault(filled: Centre, desk: Desk, theme: Literal["light", "dark"]) -> None:
    axe = components.build_tools() / "node_modules" / "axe-core" / "axe.min.js"
    desk.open(filled.address())
    desk.page.emulate_media(color_scheme=theme)
    desk.page.evaluate(axe.read_text("utf-8"))
    faults = {}
    for place in each_screen(desk):
        found = desk.page.evaluate(TARGETS) + desk.page.evaluate(AXE[theme])
        if found:
            faults[place] = found
    assert faults == {}


def test_a_keyboard_is_enough(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    desk.at("centre.home.title")
    desk.lines().first.wait_for()

    def tab_to(selector: str) -> None:
        for _ in range(60):
            desk.page.keyboard.press("Tab")
            if desk.page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"no way to {selector}")

    tab_to("a[href='#/list']")
    desk.page.keyboard.press("Enter")
    desk.at("centre.list.title")
    tab_to("#search")
    desk.page.keyboard.type("김철수")
    tab_to("a.line")
    desk.page.keyboard.press("Enter")
    desk.page.locator("h1", has_text=KIM).wait_for()
    tab_to("a[href$='/verify']")
    desk.page.keyboard.press("Enter")
    desk.at("centre.verify")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_screen_in_its_language(
    filled: Centre, desk: Desk, language: Literal["ko", "en"]
) -> None:
    desk.open(filled.address())
    desk.speak(language)
    for place in each_screen(desk):
        title = desk.page.locator("h1").inner_text()
        assert (language == "en") == title.isascii() or title == HONG, place
        name = "certificate" if place.count("/") == 1 else place.rpartition("/")[2]
        if name not in ("history", "trash"):  # empty here
            desk.picture(name or "home")
