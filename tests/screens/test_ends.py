"""What a person sees when a copy does not go well: every question left, every wrong answer."""

import pytest

from certrelay.limits import NUMBER_TRIES, PASSWORD_TRIES
from tests.certificates import PASSWORD
from tests.flows.conftest import fill
from tests.screens.desk import SIZES, Desk, issued

PAIR = ("홍길동", 1, 200)


@pytest.fixture(params=SIZES[:1], ids=["80x24"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """One size: the widths of all these sentences are those of any other."""
    made: tuple[int, int] = request.param
    return made


def test_an_export_that_ends_badly(desk: Desk) -> None:
    say, window = desk.say, desk.terminal
    fill(desk.store, issued(*PAIR), issued("(주)한국상사", 2, -3))

    desk.begin("certrelay export --listen 127.0.0.1")
    shot = desk.take("export-choose", window.wait_for(say("story.ask.which")))
    assert shot.says(f"({say('state.expired')})")
    window.press("C-c")
    shot = desk.take("export-choose-stopped", window.wait_for_prompt())
    assert shot.says(say("error.interrupted"))

    desk.begin("certrelay export 홍길동 --listen 127.0.0.1")
    window.wait_for(say("story.ask.password"))
    window.press("C-c")
    shot = desk.take("export-password-stopped", window.wait_for_prompt())
    assert shot.says(say("error.interrupted"))

    desk.begin("certrelay export 홍길동 --listen 127.0.0.1")
    window.wait_for(say("story.ask.password"))
    for left in range(PASSWORD_TRIES - 1, 0, -1):
        window.type(f"qqqq{left}")
        again = say("story.password_wrong", tries_left=left) + say("story.ask.password")
        window.wait_for(again)
    window.type("qqqq")
    shot = desk.take("export-password-wrong", window.wait_for_prompt())
    assert shot.says(say("error.password_tries"))
    assert "qqqq" not in shot.text, "nothing typed is shown, not even between two questions"

    desk.begin("certrelay export 홍길동 --listen 127.0.0.1")
    window.wait_for(say("story.ask.password"))
    window.type(PASSWORD)
    desk.url("export-qr")
    window.press("C-c")
    shot = desk.take("export-qr-stopped", window.wait_for_prompt())
    assert shot.says(say("error.interrupted"))
    assert "█" not in shot.text

    desk.begin("certrelay export 홍길동 --listen 127.0.0.1")
    window.wait_for(say("story.ask.password"))
    window.type(PASSWORD)
    phone = desk.bench.phone_with_url(desk.url("export-qr"))
    right = phone.expect("number")["number"]
    wrong = "000000" if right != "000000" else "111111"
    window.wait_for(say("story.ask.number.phone"))
    window.type("12 ab")
    desk.take("export-number-none", window.wait_for(say("story.number_unreadable")))
    for tries in range(NUMBER_TRIES, 0, -1):
        window.type(wrong)
        if tries > 1:
            window.wait_for(say("story.number_wrong", tries_left=tries - 1))
    shot = desk.take("export-number-wrong", window.wait_for_prompt())
    assert shot.says(say("error.number_mismatch"))
    assert phone.finish() != 0

    desk.begin("certrelay export 홍길동 --listen 127.0.0.1")
    window.wait_for(say("story.ask.password"))
    window.type(PASSWORD)
    phone = desk.bench.phone_with_url(desk.url("export-qr"))
    number = phone.expect("number")["number"]
    window.wait_for(say("story.ask.number.phone"))
    window.type(number)
    phone.expect("save_wanted")
    phone.answer("n")
    shot = desk.take("export-declined", window.wait_for_prompt())
    assert shot.says(say("error.declined"))


def test_an_import_that_ends_badly(desk: Desk) -> None:
    say, window = desk.say, desk.terminal
    fill(desk.bench.phone_store, issued(*PAIR))

    desk.begin("certrelay import --listen 127.0.0.1")
    phone = desk.bench.phone_with_url(desk.url("import-qr"), "--send", "1")
    phone.expect("password_wanted")
    window.wait_for(say("story.step.choosing.phone"))
    phone.interrupt()
    shot = desk.take("import-left", window.wait_for_prompt())
    assert shot.says(say("error.cancelled"))

    for answer in ("n", "y", "y"):
        desk.begin("certrelay import --listen 127.0.0.1")
        phone = desk.bench.phone_with_url(desk.url("import-qr"), "--send", "1")
        phone.expect("password_wanted")
        phone.answer(PASSWORD)
        phone.expect("number_wanted")
        shot = window.wait_for(say("story.number.phone", number="@").rpartition("\n")[2])
        phone.answer(desk.number_on(shot))
        window.wait_for("[y/N]")
        window.type(answer)
        shot = window.wait_for_prompt()
        assert shot.says(say("error.declined")) == (answer == "n")
        phone.finish()
        if answer == "n":
            desk.take("import-declined", shot)
    desk.take("import-already-there", shot)
    assert shot.says(say("story.saved.duplicate", path="@").partition("@")[0])

    shot = desk.run("relay-away", "certrelay import --relay http://127.0.0.1:9/")
    assert shot.says(say("error.relay_unreachable"))
    shot = desk.run("doctor-bad", "certrelay doctor --listen 10.99.98.97 --store /dev/null/x")
    assert shot.says(say("error.unwell", count=2))
