"""What leads a person through the page: fields, order, questions and clocks."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certrelay.testkit.ca import Authority, Issued, Owner, new_key
from tests.web_phone.conftest import PASSWORD, write_files
from tests.web_phone.pc import Pc
from tests.web_phone.phone import SECRET, Phone, say

StartPc = Callable[..., tuple[Pc, str]]
LATER = """(seconds) => {
  const real = performance.now.bind(performance);
  performance.now = () => real() + 1000 * seconds;
}"""
PROMISES = {
    "type": "text",  # a "password" is offered to the browser's password manager
    "autocomplete": "off",
    "autocorrect": "off",
    "autocapitalize": "none",
    "spellcheck": "false",
}


@pytest.fixture
def choosing(phone: Phone, origin: str, start_pc: StartPc) -> Pc:
    """A PC, and the phone where certificates are chosen."""
    pc, url = start_pc("import", origin, "--yes")
    phone.scan(url)
    phone.is_at(say("page.send.title"))
    return pc


@pytest.mark.usefixtures("choosing")
def test_the_password_is_masked_and_nobody_keeps_corrects_or_translates_it(
    phone: Phone, issued: Issued, tmp_path: Path
) -> None:
    phone.pick(*write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    field = phone.page.locator(SECRET)
    assert {name: field.get_attribute(name) for name in PROMISES} == PROMISES
    masked = "(each) => getComputedStyle(each).webkitTextSecurity"
    assert field.evaluate(masked) == "disc"
    phone.page.get_by_label(say("page.send.show_password")).check()
    assert field.evaluate(masked) == "none"
    assert phone.page.locator("html[translate=no]").count() == 1
    assert phone.page.locator("input[type=password]").count() == 0


def test_what_has_expired_comes_last_and_is_confirmed(
    phone: Phone, choosing: Pc, issued: Issued, tmp_path: Path
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    authority = Authority(now - timedelta(days=900), key=new_key(1024))
    start, end = now - timedelta(days=800), now - timedelta(days=40)
    old = authority.issue(Owner("성춘향", 8), start, end, sign_key=new_key(1024), km=False)
    for at, item in enumerate((old.npki(PASSWORD), issued.npki(PASSWORD))):
        phone.pick(*write_files(item, tmp_path / f"phone{at}"))
        phone.unlock(PASSWORD)
        phone.is_at(say("page.send.review_title"))
    names = phone.page.locator(".card h2").all_inner_texts()
    assert names[0].startswith("홍길동")
    assert names[1] == "성춘향"
    assert phone.page.locator(".badge").all_inner_texts() == ["정상", "만료"]
    phone.tap(say("page.send.next"))
    phone.is_at(say("page.expired.title"))
    phone.tap(say("page.expired.leave_out"))
    phone.is_at(say("page.send.review_title"))
    assert phone.page.locator(".card").count() == 1
    phone.tap(say("page.send.next"))
    phone.type_number(choosing.wait_for("number")["number"])
    phone.is_at(say("page.sent.all.title"))
    assert choosing.status() == 0


def test_the_time_that_is_left_is_shown_and_can_be_prolonged(
    phone: Phone, choosing: Pc, issued: Issued, tmp_path: Path
) -> None:
    phone.pick(*write_files(issued.npki(PASSWORD), tmp_path / "phone"))
    phone.unlock(PASSWORD)
    phone.tap(say("page.send.next"))
    clock = phone.page.locator(".clock")
    clock.filter(has_text=re.compile(r"남은 시간 [12]:\d\d")).wait_for()
    phone.page.evaluate(LATER, 75)
    clock.filter(has_text=re.compile(r"남은 시간 0:\d\d")).wait_for()
    phone.tap(say("page.clock.prolong"))
    clock.filter(has_text=re.compile(r"남은 시간 [12]:\d\d")).wait_for()
    phone.tap(say("page.cancel"))
    phone.is_at(say("page.ended.cancelled"))
    assert phone.page.locator(".notice.bad").count() == 0
    assert choosing.status() == 12
