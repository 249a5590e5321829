"""설정: what is in force is shown with where it comes from, and is changed on the page."""

import tomllib
from pathlib import Path
from typing import Any

from certrelay.testkit.ca import Issued
from tests.centre import certificates
from tests.centre.certificates import KIM
from tests.centre.desk import PLACES, Desk
from tests.centre.running import Centre, eventually, running
from tests.web_phone.phone import say
from tests.web_phone.test_screens import CUT_OFF

_ROW = "div.setting"
_SIZE = "() => parseFloat(getComputedStyle(document.documentElement).fontSize)"


def kept(centre: Centre) -> dict[str, Any]:
    """What stands in the settings file."""
    return tomllib.loads((centre.home / "config.toml").read_text("utf-8"))


def at_settings(desk: Desk) -> None:
    desk.go("settings")
    desk.at("centre.menu.settings")
    desk.page.locator(_ROW).nth(2).wait_for()


def save(desk: Desk, name: str, text: str) -> None:
    """Type into a setting's field and save."""
    desk.page.fill(f"#setting-{name}", text)
    desk.page.locator(f"form:has(#setting-{name}) button").click()


def test_each_kind_of_setting_is_changed_and_taken_back(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    at_settings(desk)
    save(desk, "name", "거실 PC")
    assert eventually(lambda: kept(filled).get("name") == "거실 PC")
    desk.page.locator("#setting-directions-import").check()
    assert eventually(lambda: kept(filled).get("directions") == "import")
    desk.page.get_by_label(say("centre.setting.history")).uncheck()
    assert eventually(lambda: kept(filled).get("history") is False)
    save(desk, "timeouts-number_s", "60")
    assert eventually(lambda: kept(filled).get("timeouts") == {"number_s": 60})
    desk.sees(say("centre.setting.saved"))
    desk.page.reload()
    desk.page.locator("#setting-name").wait_for()
    assert desk.page.input_value("#setting-name") == "거실 PC"
    assert desk.page.input_value("#setting-timeouts-number_s") == "60"
    assert desk.page.locator("#setting-directions-import").is_checked()
    row = desk.page.locator(_ROW).filter(has=desk.page.locator("#setting-name"))
    assert say("centre.setting.origin.file") in row.inner_text()
    row.get_by_role("button", name=say("centre.setting.unset")).click()
    assert eventually(lambda: "name" not in kept(filled))


def test_a_bad_value_is_told_beside_its_field_and_nothing_is_lost(
    filled: Centre, desk: Desk
) -> None:
    file = filled.home / "config.toml"
    file.write_text("# mine\nname = 'A'\n", "utf-8")
    desk.open(filled.address())
    at_settings(desk)
    desk.page.fill("#setting-name", "거실")  # not saved yet
    save(desk, "timeouts-number_s", "3")
    row = desk.page.locator(_ROW).filter(has=desk.page.locator("#setting-timeouts-number_s"))
    row.get_by_role("alert").wait_for()
    assert say("centre.setting.range", least=10, most=120) in row.inner_text()
    assert desk.page.input_value("#setting-timeouts-number_s") == "3"
    assert desk.page.input_value("#setting-name") == "거실"
    for text in ("soon", ""):
        save(desk, "timeouts-number_s", text)
        row.get_by_role("alert").wait_for()
    save(desk, "name", "")
    desk.sees(say("centre.setting.name.bad"))
    save(desk, "name", "C:/거실")
    desk.sees(say("centre.setting.name.bad"))
    desk.complaints.clear()  # of the values that the program does not even try
    assert file.read_text("utf-8") == "# mine\nname = 'A'\n"
    save(desk, "name", "거실")
    desk.sees(say("centre.setting.saved"))
    assert kept(filled) == {"name": "거실"}
    assert desk.page.locator(f"{_ROW} [role=alert]").count() == 1, "the other field's"


def test_what_the_environment_says_and_where_things_lie_is_not_changed_here(
    tmp_path: Path, desk: Desk
) -> None:
    with running(tmp_path, CERTRELAY_NAME="사무실", CERTRELAY_LANGUAGE="ko") as centre:
        desk.open(centre.address())
        at_settings(desk)
        desk.sees(say("centre.setting.origin.variable", variable="CERTRELAY_NAME"))
        assert desk.page.locator("#setting-name").count() == 0
        shown = desk.page.locator("main").inner_text()
        for name in ("relay", "store", "access_key_file"):
            assert say(f"centre.setting.{name}") in shown
            assert desk.page.locator(f"[id^=setting-{name}]").count() == 0
        assert str(centre.home / "config.toml") in shown


def test_settings_that_cannot_be_used_are_told_with_their_file(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    (filled.home / "config.toml").write_text("name = \n", "utf-8")
    desk.go("settings")
    desk.sees(say("centre.hint.bad_settings"))
    assert str(filled.home / "config.toml") in desk.page.locator("p.path").inner_text()
    (filled.home / "config.toml").write_text("name = 'B'\n", "utf-8")
    desk.tap(say("centre.again"))
    desk.page.locator("#setting-name").wait_for()
    assert desk.page.input_value("#setting-name") == "B"


def test_another_language_is_spoken_at_once(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    at_settings(desk)
    desk.page.locator("#setting-language-en").check()
    desk.page.locator("html[lang=en]").wait_for()
    assert eventually(lambda: kept(filled).get("language") == "en")


def test_larger_letters_stay_and_nothing_is_cut_off(
    tmp_path: Path, origin: str, people: dict[str, Issued], desk: Desk
) -> None:
    certificates.fill_store(tmp_path / "home" / "NPKI", people)
    with running(tmp_path, CERTRELAY_RELAY=origin) as centre:
        desk.open(centre.address())
        usual = desk.page.evaluate(_SIZE)
        at_settings(desk)
        for letters in (125, 150):
            desk.page.locator(f"#setting-letters-{letters}").check()
            desk.page.wait_for_function(f"() => ({_SIZE})() === {usual * letters / 100}")
        desk.page.set_viewport_size({"width": 360, "height": 740})
        desk.page.reload()
        desk.page.locator(_ROW).first.wait_for()
        assert desk.page.evaluate(_SIZE) == usual * 1.5
        desk.certificate(KIM)
        address = str(desk.page.evaluate("() => location.hash")).removeprefix("#/")
        chores = [f"{address}/{each}" for each in ("verify", "password", "delete", "convert")]
        cut = {}
        for place in (*PLACES, address, *chores):
            desk.go(place)
            desk.page.locator("main:not(:has(.busy)) h1").wait_for()
            if found := desk.page.evaluate(CUT_OFF):
                cut[place] = found
        assert cut == {}
