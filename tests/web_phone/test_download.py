"""From the person's "save" to a file that somebody has seen: what the page may call stored."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from certrelay.testkit.ca import Issued
from tests.web_phone.conftest import PASSWORD, ROLES, write_files
from tests.web_phone.pc import FAR, Pc
from tests.web_phone.phone import Phone, say

StartPc = Callable[..., tuple[Pc, str]]
StartRelay = Callable[..., str]
PICKER = """window.showSaveFilePicker = async ({suggestedName}) => {
  const folder = await navigator.storage.getDirectory();
  window.picked = await folder.getFileHandle(suggestedName, {create: true});
  return window.picked;
}"""
"""A real file of the browser's own; only the dialog that chooses it is left out."""
PICKED = """async () => {
  const file = await window.picked.getFile();
  return [file.name, Array.from(new Uint8Array(await file.arrayBuffer()))];
}"""


@pytest.fixture
def export(start_pc: StartPc, issued: Issued, tmp_path: Path) -> Callable[[Phone, str], Pc]:
    """Bring a pair from the PC to the phone's question whether to save it."""

    def bring(phone: Phone, origin: str) -> Pc:
        item = issued.npki(PASSWORD)
        write_files(item, tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
        pc, url = start_pc("export", origin, "1", say=(PASSWORD,))
        phone.scan(url)
        phone.is_at(say("page.receive.title"))
        pc.wait_for("number_wanted")
        pc.say(phone.page.locator(".big-number [aria-hidden]").inner_text())
        phone.is_at(say("page.receive.ask"))
        return pc

    return bring


def save(phone: Phone) -> bytes:
    """Say yes; give what the browser downloaded."""
    with phone.page.expect_download() as download:
        phone.tap(say("page.receive.save"))
    phone.is_at(say("page.seen.title"))
    return Path(download.value.path()).read_bytes()


@pytest.mark.attack(68)
def test_nothing_is_stored_until_the_person_sees_the_file(
    phone: Phone, origin: str, export: Callable[[Phone, str], Pc]
) -> None:
    pc = export(phone, origin)
    first = save(phone)
    with phone.page.expect_download() as download:
        phone.tap(say("page.seen.again"))
    assert Path(download.value.path()).read_bytes() == first
    phone.is_at(say("page.seen.title"))
    assert not any(event["event"] == "receipt" for event in pc.seen)
    phone.tap(say("page.seen.yes"))
    phone.is_at(say("page.saved.title"))
    assert [each["status"] for each in pc.wait_for("receipt")["items"]] == ["stored"]
    assert pc.status() == 0


@pytest.mark.attack(68)
def test_a_double_tap_on_save_does_not_say_that_the_file_is_seen(
    phone: Phone, origin: str, export: Callable[[Phone, str], Pc]
) -> None:
    pc = export(phone, origin)
    save(phone)
    yes = phone.page.get_by_role("button", name=say("page.seen.yes"))
    yes.dispatch_event("click", {"detail": 2})  # the second of two taps, begun on "save"
    phone.is_at(say("page.seen.title"))
    phone.tap(say("page.seen.no"))
    phone.is_at(say("page.unseen.title"))
    phone.tap(say("page.unseen.give_up"))
    assert pc.status() == 12


@pytest.mark.attack(68)
def test_a_file_that_is_not_seen_is_not_stored(
    phone: Phone, origin: str, export: Callable[[Phone, str], Pc], tmp_path: Path
) -> None:
    pc = export(phone, origin)
    save(phone)
    phone.tap(say("page.seen.no"))
    phone.is_at(say("page.unseen.title"))
    phone.tap(say("page.unseen.give_up"))
    phone.is_at(say("page.unconfirmed.title"))
    assert phone.page.locator(".notice.warn").inner_text() == say("page.error.unconfirmed")
    assert [each["status"] for each in pc.wait_for("receipt")["items"]] == ["unconfirmed"]
    assert pc.status() == 12
    assert (tmp_path / "NPKI" / "yessign" / "USER" / "cn=x" / "signPri.key").exists()


@pytest.mark.attack(68)
def test_a_page_that_is_closed_at_the_question_leaves_it_unconfirmed(
    phone: Phone, origin: str, export: Callable[[Phone, str], Pc]
) -> None:
    pc = export(phone, origin)
    save(phone)
    phone.page.close()
    assert [each["status"] for each in pc.wait_for("receipt")["items"]] == ["unconfirmed"]
    assert pc.status() == 12


def test_a_browser_that_writes_the_file_itself_needs_no_question(
    phone: Phone, origin: str, export: Callable[[Phone, str], Pc], issued: Issued
) -> None:
    phone.context.add_init_script(PICKER)
    pc = export(phone, origin)
    phone.sees(say("page.before.picker"))
    phone.tap(say("page.receive.save"))
    phone.is_at(say("page.saved.title"))
    assert pc.status() == 0
    name, written = phone.page.evaluate(PICKED)
    archive = zipfile.ZipFile(io.BytesIO(bytes(written)))
    given = {ROLES[file.role]: file.content for file in issued.npki(PASSWORD).files}
    assert set(map(len, given.values())) == {len(archive.read(n)) for n in archive.namelist()}
    assert name.endswith(".zip")


def test_the_dialog_may_be_closed_and_opened_again(
    phone: Phone, origin: str, export: Callable[[Phone, str], Pc]
) -> None:
    phone.context.add_init_script(
        "window.showSaveFilePicker = async () => { throw new DOMException('', 'AbortError'); }"
    )
    pc = export(phone, origin)
    phone.tap(say("page.receive.save"))
    phone.is_at(say("page.receive.ask"))
    phone.page.evaluate(f"() => {{ {PICKER} }}")
    phone.tap(say("page.receive.save"))
    phone.is_at(say("page.saved.title"))
    assert pc.status() == 0


def test_a_browser_that_may_hold_the_file_back_is_spoken_of_before_and_after(
    phone: Phone, start_relay: StartRelay, export: Callable[[Phone, str], Pc]
) -> None:
    pc = export(phone, start_relay(FAR))
    phone.sees(say("page.before.keep"))
    phone.tap(say("page.receive.save"))
    phone.is_at(say("page.seen.title"))
    phone.sees(say("page.seen.blocked"))
    phone.tap(say("page.seen.yes"))
    assert pc.status() == 0
