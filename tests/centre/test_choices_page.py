"""Files that are chosen for a verification, and the form in which a certificate is sent."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from certrelay.pki.pkcs12 import open_file
from certrelay.testkit.ca import Authority, Issued, Owner, new_key
from tests.centre.certificates import HONG, KIM
from tests.centre.desk import Desk
from tests.centre.running import Centre, running
from tests.web_phone.conftest import PASSWORD, write_files
from tests.web_phone.phone import Phone, say

NOW = datetime.now(UTC).replace(microsecond=0)


def begin(desk: Desk) -> None:
    """Go to the certificate's verification, with what can be chosen for it open."""
    desk.certificate(HONG)
    desk.chore("verify")
    desk.page.locator("#verify-files summary").click()


def line(desk: Desk, question: str) -> str:
    """What the verification says of one question."""
    desk.tap(say("centre.verify.go"))
    desk.type_password(PASSWORD)
    found = desk.page.locator(".finding", has_text=say(f"verify.{question}"))
    found.wait_for()
    return str(found.get_attribute("class"))


def test_a_certificate_is_verified_with_an_authority_and_a_list_of_revoked_ones(
    tmp_path: Path, desk: Desk
) -> None:
    authority = Authority(NOW - timedelta(days=800), key=new_key(1024))
    made = authority.issue(
        Owner(HONG, 7),
        NOW - timedelta(days=10),
        NOW + timedelta(days=355),
        sign_key=new_key(1024),
        km=False,
    )
    write_files(made.npki(PASSWORD), tmp_path / "home" / "NPKI" / "yessign" / "USER" / "cn=홍길동")
    top, other, good, revoked = (tmp_path / name for name in ("a.der", "b.der", "a.crl", "b.crl"))
    top.write_bytes(made.authority.der)
    other.write_bytes(b"no certificate")
    good.write_bytes(authority.revocations([], NOW - timedelta(hours=1)))
    serial = made.sign.certificate.serial
    revoked.write_bytes(authority.revocations([serial], NOW - timedelta(hours=1)))
    with running(tmp_path, CERTRELAY_LANGUAGE="ko") as centre:
        desk.open(centre.address())
        begin(desk)
        assert "skipped" in line(desk, "chain"), "without an authority nothing is claimed"
        begin(desk)
        desk.page.set_input_files("#verify-ca input", [top])
        desk.sees("a.der")
        desk.page.set_input_files("#verify-crl input", [good])
        desk.sees("a.crl")
        desk.page.set_input_files("#verify-crl input", [revoked])
        desk.sees("b.crl")
        assert desk.page.get_by_text("a.crl").count() == 0, "one list"
        desk.picture("verify-files")
        assert "fails" in line(desk, "revocation")
        desk.sees(say("centre.todo.revoked"))
        assert "holds" in str(
            desk.page.locator(".finding", has_text=say("verify.chain")).get_attribute("class")
        )
        begin(desk)
        desk.page.set_input_files("#verify-ca input", [top, other])
        desk.page.locator("#verify-ca li", has_text="b.der").get_by_role("button").click()
        desk.page.set_input_files("#verify-crl input", [good])
        desk.sees("a.crl")
        assert "holds" in line(desk, "revocation")
        begin(desk)
        desk.page.set_input_files("#verify-ca input", [other])
        desk.sees("b.der")
        desk.tap(say("centre.verify.go"))
        desk.page.locator(".notice.bad").wait_for()
        assert "--ca" not in desk.page.locator("main").inner_text()


def test_a_certificate_is_sent_as_one_file(
    filled: Centre, desk: Desk, phone: Phone, people: dict[str, Issued]
) -> None:
    desk.open(filled.address())
    desk.certificate(KIM)
    desk.chore("send")
    desk.at("centre.send.form")
    desk.picture("form")
    desk.tap(say("centre.door.export"))
    desk.unlock(PASSWORD)
    phone.scan(desk.read_code())
    desk.type_number(phone.page.locator(".big-number [aria-hidden]").inner_text())
    phone.is_at(say("page.receive.ask"))
    with phone.page.expect_download() as download:
        phone.tap(say("page.receive.save"))
    content = Path(download.value.path()).read_bytes()
    if zipfile.is_zipfile(io.BytesIO(content)):
        archive = zipfile.ZipFile(io.BytesIO(content))
        (name,) = archive.namelist()
        content = archive.read(name)
    pair = open_file(content, PASSWORD).pairs[0]
    assert pair.certificate == people[KIM].sign.certificate
    phone.tap(say("page.seen.yes"))
    desk.at("browser.sent.title")


def test_several_are_sent_in_a_form_that_is_chosen(filled: Centre, desk: Desk) -> None:
    desk.open(filled.address())
    desk.go("list")
    for owner in (HONG, KIM):
        desk.page.get_by_label(say("centre.list.choose", owner=owner)).check()
    desk.tap(say("centre.send.form"))
    desk.page.locator("#form-npki").check()
    desk.sees(say("centre.send.as_is.text"))
    desk.tap(say("centre.door.export"))
    desk.at("browser.password.title")
