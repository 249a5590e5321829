"""What a person sees from the first command to the last."""

from tests.certificates import PASSWORD
from tests.flows.conftest import fill
from tests.screens.desk import Desk, issued


def test_a_person_sees_every_step(desk: Desk) -> None:
    items = (issued("홍길동", 1, 200), issued("(주)한국상사", 2, -3))
    fill(desk.bench.phone_store, *items)
    say, window = desk.say, desk.terminal

    shot = desk.run("list-empty", "certrelay list")
    assert "certrelay import" in shot.text

    desk.begin("certrelay import --listen 127.0.0.1")
    phone = desk.bench.phone_with_url(desk.url("import-qr"), "--send", "1", "--send", "2")
    phone.expect("password_wanted")
    desk.take("import-paired", window.wait_for(say("story.step.choosing.phone")))
    phone.answer(PASSWORD)
    told = say("story.number.phone", number="@").partition("@")[0]
    shot = desk.take("import-number", window.wait_for(told))
    assert not shot.says(say("story.step.choosing.phone")), "an old step stays above"
    phone.expect("number_wanted")
    phone.answer("000000")
    number = desk.number_on(shot)
    phone.answer(number)
    shot = desk.take("import-save", window.wait_for("[y/N]"))
    assert say("state.expired") in shot.text
    window.type("y")
    shot = desk.take("import-done", window.wait_for_prompt())
    assert shot.says(say("pc.done.import", count=2))
    assert "█" not in shot.text.replace("████████████████████████", "")
    phone.finish()

    shot = desk.run("list", "certrelay list")
    assert shot.says("홍길동")
    assert shot.says("(주)한국상사")
    desk.run("show", "certrelay show 1")

    desk.begin("certrelay export 홍길동 --listen 127.0.0.1")
    desk.take("export-password", window.wait_for(say("story.ask.password")))
    window.type(PASSWORD)
    phone = desk.bench.phone_with_url(
        desk.url("export-qr"), "--platform", "ios", "--app", "I5.2", "--os", "17.1"
    )
    number = phone.expect("number")["number"]
    desk.take("export-number", window.wait_for(say("story.ask.number.phone")))
    window.type("000000")
    desk.take("export-wrong", window.wait_for(say("story.number_wrong", tries_left=2)))
    window.type(number)
    phone.expect("save_wanted")
    desk.take("export-asking", window.wait_for(say("story.step.asking.phone")))
    phone.answer("y")
    shot = desk.take("export-done", window.wait_for_prompt())
    assert shot.says(say("pc.done.export.phone", count=1))
    assert PASSWORD not in shot.text
    phone.finish()

    shot = desk.run("history", "certrelay history")
    assert shot.says(say("pc.history.import"))
    assert shot.says(say("pc.history.export"))
    shot = desk.run("remind", "certrelay remind")
    assert shot.says(say("error.expires_soon", days=30))
    desk.run("config", "certrelay config")
    shot = desk.run("doctor", "certrelay doctor --listen 127.0.0.1")
    assert shot.says(say("doctor.reach.note"))
    assert f"[{say('health.bad')}]" not in shot.text
    shot = desk.run("demo", "certrelay demo --keep demo")
    assert shot.says(say("demo.equal", count=4))
