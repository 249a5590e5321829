"""The centre in every engine: each screen's main way, and what goes wrong there most."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certrelay.testkit.ca import Issued
from tests.centre import certificates
from tests.centre.certificates import HONG, KIM, LEE
from tests.centre.running import Centre, running
from tests.engines.bench import Bench
from tests.engines.desk import Desk
from tests.engines.flows import look
from tests.engines.network import LOOPBACK, Network
from tests.patience import PATIENCE_S
from tests.web_phone.conftest import PASSWORD

NEW_PASSWORD = "Qw7#mP2$xz"


@pytest.fixture(scope="session")
def owners() -> dict[str, Issued]:
    return certificates.people()


@pytest.fixture
def bench(new_bench: Callable[[str], Bench]) -> Bench:
    bench = new_bench(LOOPBACK)
    bench.relay()
    return bench


@pytest.fixture
def centre(
    network: Network, bench: Bench, tmp_path: Path, owners: dict[str, Issued]
) -> Iterator[Centre]:
    """A centre whose PC has certificates, in the browser's network."""
    certificates.fill_store(tmp_path / "home" / "NPKI", owners)
    more = {"CERTRELAY_RELAY": bench.origin, "CERTRELAY_LANGUAGE": "ko"}
    with running(tmp_path, network.command(), **more) as centre:
        yield centre


@pytest.fixture
def desk(bench: Bench, centre: Centre) -> Iterator[Desk]:
    desk = Desk(bench.browser.new_tab())
    desk.scan(centre.address())
    desk.is_at("centre.home.title")
    yield desk
    desk.check()
    desk.tab.close()


def test_a_copy_from_the_phone_after_one_that_was_declined(
    bench: Bench, centre: Centre, desk: Desk
) -> None:
    item = bench.item()
    before = len(list((centre.home / "NPKI").rglob("signCert.der")))
    for answer in ("page.receive.decline", "page.receive.save"):
        desk.click("button.door.import, .content > button:not(.text)")
        phone = bench.phone()
        phone.scan(desk.read_code())
        phone.is_at("page.send.title")
        phone.pick(*bench.on_phone(item))
        phone.unlock_all(PASSWORD, 1)
        phone.tap("page.send.next")
        phone.send(desk.shown_number)
        desk.is_at("page.receive.ask")
        desk.tap(answer)
        if answer == "page.receive.decline":
            desk.is_at("page.ended.declined")
    desk.is_at("browser.saved.title")
    assert (desk.path / "signCert.der").read_bytes() == item.get("signCert")
    assert len(list((centre.home / "NPKI").rglob("signCert.der"))) == before + 1


def test_a_copy_to_the_phone_after_a_wrong_password_and_a_wrong_number(
    bench: Bench, desk: Desk
) -> None:
    desk.follow("#/list")
    desk.open_certificate(KIM)
    desk.tap("centre.door.export")
    desk.is_at("browser.password.title")
    desk.unlock("wrong")
    desk.sees("page.send.password_wrong", left=4)
    desk.unlock(PASSWORD)
    phone = bench.phone()
    phone.scan(desk.read_code())
    number = phone.number
    desk.is_at("browser.typing.title")
    desk.send(f"{(int(number) + 1) % 1_000_000:06}")
    desk.sees("page.number.wrong", left=2)
    desk.send(number)
    phone.is_at("page.receive.ask")
    phone.tap("page.receive.save")
    phone.is_at("page.seen.title")
    look(bench)  # it is there, and moved away: the next flow waits for one file
    phone.tap("page.seen.yes")
    desk.is_at("browser.sent.title")
    desk.follow("#/history")
    desk.has(".timeline li")
    desk.reads(KIM)


def test_a_list_with_nothing_found_and_something_deleted_and_put_back(
    centre: Centre, desk: Desk
) -> None:
    place = centre.home / "NPKI" / "yessign" / "USER" / "cn=이영희"
    desk.follow("#/list")
    desk.reads(HONG)
    desk.fill("#search", "nobody")
    desk.sees("pc.list.none")
    desk.fill("#search", LEE)
    desk.open_certificate(LEE)
    desk.follow("/delete")
    desk.click("button.main.danger:not(:disabled)")
    desk.sees("centre.delete.done", count=1)
    assert not place.exists()
    desk.follow("#/trash")
    desk.click(".lines button")
    desk.sees("centre.trash.restored")
    assert (place / "signCert.der").exists()


def test_a_new_password_that_breaks_the_rule_at_first(desk: Desk) -> None:
    desk.follow("#/list")
    desk.open_certificate(KIM)
    desk.follow("/password")
    desk.unlock("wrong")
    desk.sees("page.send.password_wrong", left=4)
    desk.unlock(PASSWORD)
    for text in ("abc", NEW_PASSWORD):
        desk.fill("#new-password", text)
        desk.fill("#new-password-again", text)
        desk.click("button[form=new-password-form]")
        if text == "abc":
            desk.sees("centre.rule.broken")
    desk.sees("centre.password.done")
    desk.tap("centre.back")
    desk.follow("/verify")
    desk.tap("centre.verify.go")
    desk.unlock(NEW_PASSWORD)
    desk.sees("pc.verify.holds")


def test_a_file_that_is_made_of_a_pair_and_an_expired_one_that_is_verified(desk: Desk) -> None:
    desk.follow("#/list")
    desk.open_certificate(KIM)
    desk.follow("/convert")
    desk.tap("centre.convert.go")
    desk.unlock(PASSWORD)
    desk.sees("centre.saved.stored")
    assert desk.path.suffix == ".p12"
    desk.follow("#/list")
    desk.open_certificate(LEE)
    desk.follow("/verify")
    desk.tap("centre.verify.go")
    desk.unlock(PASSWORD)
    desk.has(".finding.fails")
    desk.sees("centre.todo.expired")


def test_places_that_only_look_back_and_reload(desk: Desk) -> None:
    desk.follow("#/health")
    desk.has(".finding")
    desk.follow("#/settings")
    desk.has(".setting")
    desk.follow("#/help")
    desk.is_at("centre.menu.help")
    desk.tab.back()
    desk.is_at("centre.menu.settings")
    desk.tab.reload()
    desk.is_at("centre.menu.settings")
    desk.has(".setting")


def test_files_that_hold_no_certificate_and_a_pair_that_does(
    bench: Bench, centre: Centre, desk: Desk, tmp_path: Path
) -> None:
    before = len(list((centre.home / "NPKI").rglob("signCert.der")))
    text, archive = tmp_path / "memo.txt", tmp_path / "torn.zip"
    text.write_text("no certificate")
    archive.write_bytes(b"PK\3\4torn")
    desk.follow("#/files")
    desk.pick(text)
    desk.has(".notice")
    desk.pick(archive)
    desk.sees("centre.files.zip")
    desk.pick(*bench.on_phone(bench.item()))
    desk.tap("centre.files.save")
    desk.sees("centre.saved.stored")
    assert len(list((centre.home / "NPKI").rglob("signCert.der"))) == before + 1


def test_a_setting_that_cannot_be_and_one_that_is_saved(centre: Centre, desk: Desk) -> None:
    button = "form:has({}) button[type=submit]"
    desk.follow("#/settings")
    for value, sentence in (("3", "centre.setting.range"), ("60", "centre.setting.saved")):
        desk.fill("#setting-timeouts-number_s", value)
        desk.click(button.format("#setting-timeouts-number_s"))
        desk.sees(sentence, least=10, most=120)
    desk.fill("#setting-name", "C:/x")
    desk.click(button.format("#setting-name"))
    desk.sees("centre.setting.name.bad")
    desk.tab.complaints.clear()  # of the values that are not even tried
    assert "number_s = 60" in (centre.home / "config.toml").read_text("utf-8")


def test_another_pc_whose_code_is_mistyped_and_a_code_that_is_withdrawn(desk: Desk) -> None:
    desk.click("button.door.pc")
    desk.tap("centre.pc.join")
    for typed, sentence in (("123", "code_shape"), ("482177301946", "no_such_code")):
        desk.fill("#code", typed)
        desk.click("button[form=code-form]")
        desk.sees(f"error.{sentence}")
    desk.tap("page.cancel")
    desk.is_at("page.ended.cancelled")
    desk.follow("#/")
    desk.click("button.door.pc")
    desk.tap("centre.pc.import")
    desk.has("#typed-code [aria-hidden]")
    desk.tap("page.cancel")
    desk.is_at("page.ended.cancelled")


def test_it_is_closed_by_its_button(centre: Centre, desk: Desk) -> None:
    desk.tap("centre.close")
    desk.is_at("centre.closed.title")
    assert centre.process.wait(PATIENCE_S) == 0
    desk.tab.complaints.clear()  # of the connection that is gone


def test_a_program_that_was_killed(centre: Centre, desk: Desk) -> None:
    centre.process.kill()
    desk.is_at("centre.gone.title")
    desk.tab.complaints.clear()  # of the connection that is gone
