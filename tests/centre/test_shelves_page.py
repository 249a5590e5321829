"""What other devices and other places of this PC hold, on the centre's page."""

from datetime import UTC, datetime, timedelta

from certrelay.testkit.ca import Issued
from client_pc.history import CopiedItem, Copy, History
from tests.centre.certificates import FIRM, HONG, KIM, LEE
from tests.centre.desk import Desk
from tests.centre.running import Centre
from tests.web_phone.conftest import PASSWORD, write_files
from tests.web_phone.phone import say

NEW_PASSWORD = "Qw7#mP2$xz"


def copied(centre: Centre, issued: Issued, *, older: bool = False) -> None:
    """Put a copy to a phone into the history: of this very one, or of the one before it."""
    own = issued.sign.certificate
    assert own.not_after is not None
    end = own.not_after - timedelta(days=365) if older else own.not_after
    fingerprint = "0" * 64 if older else own.fingerprint
    item = CopiedItem(own.cn, own.subject, fingerprint, end, "stored")
    at = datetime.now(UTC) - timedelta(days=1)
    History(centre.data).append(Copy(at, "export", "Galaxy S26", "android", (item,), None))


def test_old_copies_on_other_devices_stand_on_the_first_screen(
    filled: Centre, desk: Desk, people: dict[str, Issued]
) -> None:
    copied(filled, people[HONG], older=True)
    copied(filled, people[KIM])
    desk.open(filled.address())
    old = desk.page.locator(".notice:has(.old)")
    old.wait_for()
    assert HONG in old.inner_text()
    assert "Galaxy S26" in old.inner_text()
    assert KIM not in old.inner_text(), "its password is as it was"
    desk.certificate(KIM)
    desk.chore("password")
    desk.type_password(PASSWORD)
    desk.page.fill("#new-password", NEW_PASSWORD)
    desk.page.fill("#new-password-again", NEW_PASSWORD)
    desk.page.locator("button[form=new-password-form]").click()
    desk.sees(say("centre.password.done"))
    desk.page.locator("main", has_text="Galaxy S26").wait_for()
    desk.go("")
    old.filter(has_text=KIM).wait_for()
    old.get_by_role("link", name=say("centre.old.again")).first.click()
    desk.page.locator("h1", has_text=HONG).wait_for()
    assert FIRM not in desk.page.locator("main").inner_text()


def test_a_stick_that_is_pulled_out_is_said_and_loses_nothing(
    filled: Centre, desk: Desk, people: dict[str, Issued]
) -> None:
    stick = filled.home / "PKI"  # one of the places where programs look
    users = stick / "NPKI" / "yessign" / "USER"
    for name in (HONG, LEE):
        write_files(people[name].npki(PASSWORD), users / f"cn={name}")
    (filled.home / "NPKI" / "yessign" / "USER" / "cn=이영희").rename(filled.home / "away")
    desk.open(filled.address())
    desk.go("list")
    lines, results = desk.lines(), desk.page.locator(".results")
    results.get_by_text(str(stick / "NPKI"), exact=True).wait_for()
    assert lines.count() == 4, "the stick's 홍길동 is a second copy"
    desk.page.select_option("#place", str(stick / "NPKI"))
    assert lines.count() == 2, "on its own shelf it is what it is"
    desk.page.get_by_label(say("centre.list.choose", owner=LEE)).check()
    desk.picture("shelf")
    stick.rename(filled.home / "pulled")
    desk.tap(say("centre.list.again"))
    desk.sees(say("centre.list.gone"))
    assert str(stick / "NPKI") in desk.page.locator(".notice.warn").inner_text()
    lines.nth(2).wait_for()
    assert LEE not in results.inner_text()
    assert desk.page.locator(".picked").is_hidden()
    (filled.home / "pulled").rename(stick)
    desk.tap(say("centre.list.again"))
    desk.page.get_by_label(say("centre.list.choose", owner=LEE)).wait_for()
    assert desk.page.get_by_label(say("centre.list.choose", owner=LEE)).is_checked()
    assert desk.page.get_by_text(say("centre.list.gone")).count() == 0
