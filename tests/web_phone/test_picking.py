"""Choosing files in a real browser, as people do it, up to what arrives on the PC."""

from collections.abc import Callable
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.testkit.ca import Issued
from tests.certificates import person
from tests.web_phone.conftest import PASSWORD, files_below, write_files
from tests.web_phone.pc import Pc
from tests.web_phone.phone import SECRET, Phone, say

StartPc = Callable[..., tuple[Pc, str]]

OTHER_PASSWORD = "Other-pw99!x"


def contents(*items: Item) -> list[bytes]:
    return sorted(file.content for item in items for file in item.files)


def stored(root: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in root.rglob("*") if path.is_file())


@pytest.fixture
def choosing(phone: Phone, origin: str, start_pc: StartPc) -> Pc:
    """A PC, and the phone where certificates are chosen."""
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    phone.page.locator("input[type=file]").first.wait_for(state="attached")
    return pc


def unlock_next(phone: Phone, password: str) -> None:
    """Type a password into the first field that asks for one, and wait for the answer."""
    field = phone.page.locator(SECRET)
    field.wait_for()
    asked = field.get_attribute("id")
    field.fill(password)
    field.press("Enter")
    phone.page.locator(f"#{asked}").wait_for(state="detached")


def finish(phone: Phone, pc: Pc) -> None:
    phone.tap(say("page.send.next"))
    phone.type_number(pc.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert pc.status() == 0


def test_a_second_certificate_stands_beside_the_first(
    phone: Phone, choosing: Pc, tmp_path: Path
) -> None:
    first, second = person(1).npki(PASSWORD), person(2, "성춘향").npki(OTHER_PASSWORD)
    phone.pick(*write_files(first, tmp_path / "one"))
    unlock_next(phone, PASSWORD)
    phone.pick(*write_files(second, tmp_path / "two"))  # of the same names
    unlock_next(phone, OTHER_PASSWORD)
    finish(phone, choosing)
    assert stored(tmp_path / "NPKI") == contents(first, second)


def test_files_can_be_picked_one_by_one_in_any_order(
    phone: Phone, choosing: Pc, issued: Issued, tmp_path: Path
) -> None:
    item = issued.npki(PASSWORD)
    *others, last = reversed(write_files(item, tmp_path / "phone"))
    for path in others:
        phone.pick(path)
        phone.sees(path.name)
    phone.pick(last)
    phone.page.locator(SECRET).wait_for()
    unlock_next(phone, PASSWORD)
    finish(phone, choosing)
    assert stored(tmp_path / "NPKI") == contents(item)


def test_what_the_page_handed_over_it_takes_again(
    phone: Phone,
    new_phone: Callable[[], Phone],
    origin: str,
    start_pc: StartPc,
    tmp_path: Path,
) -> None:
    pair, file = person(1).npki(PASSWORD), person(2, "성춘향").pkcs12(PASSWORD)
    write_files(pair, tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
    write_files(file, tmp_path / "NPKI" / "PKCS12")
    pc, url = start_pc("export", origin, "1", "2", say=(PASSWORD,))
    phone.scan(url)
    number = phone.page.locator(".big-number [aria-hidden]").inner_text()
    pc.wait_for("number_wanted")
    pc.say(number)
    with phone.page.expect_download() as download:
        phone.tap(say("page.receive.save"))
    name = download.value.suggested_filename
    assert name == "인증서 2개.zip"
    archive = tmp_path / name
    download.value.save_as(archive)
    pc.stop()

    for path in sorted((tmp_path / "NPKI").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    again, url = start_pc("import", origin, "--yes")
    other = new_phone()
    other.scan(url)
    other.pick(archive)
    unlock_next(other, PASSWORD)
    finish(other, again)
    assert stored(tmp_path / "NPKI") == contents(pair, file)
    assert "성춘향_yessign_2027-01-01.p12" in files_below(tmp_path / "NPKI")


def test_a_sealed_pkcs12_file_shows_its_owner_once_it_is_open(
    phone: Phone, choosing: Pc, tmp_path: Path
) -> None:
    item = person(2, "성춘향").pkcs12(PASSWORD, "modern")
    (path,) = write_files(item, tmp_path / "phone")
    phone.pick(path)
    phone.sees(path.name)
    assert phone.page.get_by_text("성춘향").count() == 0
    unlock_next(phone, PASSWORD)
    phone.sees("성춘향")
    finish(phone, choosing)
    assert stored(tmp_path / "NPKI") == contents(item)


def test_a_wrong_pairing_is_said_when_the_password_opens_it(
    phone: Phone, choosing: Pc, tmp_path: Path
) -> None:
    folder = tmp_path / "phone"
    folder.mkdir()
    (folder / "signCert.der").write_bytes(person(1).npki(PASSWORD).files[0].content)
    (folder / "signPri.key").write_bytes(person(2).npki(PASSWORD).files[1].content)
    phone.pick(folder / "signCert.der")
    phone.sees(say("page.half.missing", file="signPri.key"))
    phone.pick(folder / "signPri.key")
    unlock_next(phone, PASSWORD)
    phone.sees(say("error.key_mismatch"))
    assert phone.page.get_by_role("button", name=say("page.send.next")).count() == 0
    assert choosing.number > 0
    phone.tap(say("page.cancel"))


def test_a_removed_file_can_be_picked_again(
    phone: Phone, choosing: Pc, issued: Issued, tmp_path: Path
) -> None:
    (path,) = write_files(issued.pkcs12(PASSWORD), tmp_path / "phone")
    for _ in range(3):
        phone.pick(path)
        phone.page.locator(SECRET).wait_for()
        phone.remove()
        phone.page.locator(SECRET).wait_for(state="detached")
    phone.tap(say("page.cancel"))
    assert choosing.status() == 12


def test_a_huge_pick_with_junk_does_no_harm(
    phone: Phone, choosing: Pc, issued: Issued, tmp_path: Path
) -> None:
    folder = tmp_path / "phone"
    item = issued.npki(PASSWORD)
    write_files(item, folder / "NPKI" / "yessign" / "USER" / "cn=x")
    for at in range(200):
        (folder / f"{at} <img src=x onerror=alert(1)>\u202egpj.txt").write_bytes(b"x" * at)
    (folder / "film.mp4").write_bytes(bytes(3_000_000))
    (folder / "large.zip").write_bytes(bytes(9_000_000))
    phone.page.set_input_files("input[webkitdirectory]", folder)
    unlock_next(phone, PASSWORD)
    phone.sees("외 195개")
    phone.sees("large.zip")
    assert phone.page.locator("img").count() == 0
    finish(phone, choosing)
    assert stored(tmp_path / "NPKI") == contents(item)


def test_two_taps_count_once(phone: Phone, choosing: Pc, issued: Issued, tmp_path: Path) -> None:
    phone.pick(*write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    field = phone.page.locator(SECRET)
    field.fill("wrong")
    phone.page.get_by_role("button", name=say("page.send.check")).dblclick()
    phone.sees(say("page.send.password_wrong", left=4))
    unlock_next(phone, PASSWORD)
    finish(phone, choosing)


_BLINDLY = """(name) => new MutationObserver((_, observer) => {
  const come = Array.from(document.querySelectorAll("button"))
    .find((each) => each.textContent.trim() === name);
  if (come === undefined) return;
  observer.disconnect();
  come.click();
  window.hasTappedBlindly = true;
}).observe(document.body, {childList: true, subtree: true})"""


def tap_blindly(phone: Phone, name: str) -> None:
    """Tap a button as soon as it has come under the finger, sooner than anybody can read it."""
    phone.page.evaluate(_BLINDLY, name)


def test_the_second_tap_of_a_double_tap_answers_no_question(
    phone: Phone, origin: str, start_pc: StartPc, issued: Issued, tmp_path: Path
) -> None:
    write_files(issued.npki(PASSWORD), tmp_path / "NPKI" / "yessign" / "USER" / "cn=x")
    pc, url = start_pc("export", origin, "1", say=(PASSWORD,))
    phone.scan(url)
    number = phone.page.locator(".big-number [aria-hidden]").inner_text()
    pc.wait_for("number_wanted")
    pc.say(number)
    tap_blindly(phone, say("page.seen.yes"))
    phone.tap(say("page.receive.save"))
    phone.page.wait_for_function("() => window.hasTappedBlindly")
    phone.page.wait_for_timeout(500)
    phone.is_at(say("page.seen.title"))
    phone.tap(say("page.seen.yes"))
    phone.is_at(say("page.saved.title"))
    assert pc.status() == 0
