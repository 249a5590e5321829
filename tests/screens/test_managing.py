"""What a person sees who looks after certificates: verify, passwd, convert, delete, and more."""

from pathlib import Path

from tests.certificates import PASSWORD
from tests.flows.conftest import fill
from tests.screens.desk import Desk, issued

NEW = "Newpw!8274xz"


def test_certificates_are_looked_after(desk: Desk) -> None:
    say, window = desk.say, desk.terminal
    fill(desk.store, issued("홍길동", 1, 200), issued("(주)한국상사", 2, -3))

    desk.run("help", "certrelay")
    shot = desk.run("list-all-places", f"certrelay list --all-places --store {desk.store}")
    assert shot.says(str(desk.store))

    desk.begin("certrelay verify 홍길동")
    desk.take("verify-password", window.wait_for(say("story.ask.password")))
    window.type(PASSWORD)
    shot = desk.take("verify", window.wait_for_prompt())
    assert shot.says(say("pc.verify.holds"))
    assert PASSWORD not in shot.text

    desk.begin("certrelay verify 한국")
    window.wait_for(say("story.ask.password"))
    window.type(PASSWORD)
    shot = desk.take("verify-expired", window.wait_for_prompt())
    assert shot.says(say("error.expired_but_sound"))

    desk.begin("certrelay passwd 홍길동")
    window.wait_for(say("story.ask.password"))
    window.type("wrong")
    again = say("story.password_wrong", tries_left=4) + say("story.ask.password")
    window.wait_for(again)
    window.type(PASSWORD)
    desk.take("passwd-new", window.wait_for(say("pc.ask.new_password")))
    window.type(NEW)
    window.wait_for(say("pc.ask.new_password_again"))
    window.type(NEW)
    shot = desk.take("passwd", window.wait_for_prompt())
    assert shot.says(say("pc.passwd.done"))
    assert NEW not in shot.text

    desk.begin("certrelay passwd 홍길동")
    window.wait_for(say("story.ask.password"))
    window.type(NEW)
    window.wait_for(say("pc.ask.new_password"))
    window.type("abc12")
    shot = desk.take("passwd-weak", window.wait_for_prompt())
    assert shot.says(say("fault.too_short"))

    desk.begin("certrelay convert 홍길동 --to p12 --style modern")
    window.wait_for(say("story.ask.password"))
    window.type(NEW)
    shot = desk.take("convert", window.wait_for_prompt())
    (made,) = (desk.store / "PKCS12").iterdir()
    assert shot.says(say("story.saved.stored", path=str(made)))
    shot = desk.run("list-p12", "certrelay list")
    assert shot.says(say("use.sealed"))

    desk.begin("certrelay delete 한국")
    desk.take("delete-ask", window.wait_for(say("pc.ask.delete")))
    window.type("")
    shot = desk.take("delete-no", window.wait_for_prompt())
    assert shot.says(say("error.not_deleted"))
    desk.begin("certrelay delete 한국")
    window.wait_for(say("pc.ask.delete"))
    window.type("y")
    shot = desk.take("delete", window.wait_for_prompt())
    assert shot.says(say("pc.trashed", path="@", days=30).partition("@")[0])
    assert not list(desk.store.glob("*/USER/*한국*"))

    shot = desk.run("remind-nothing", "certrelay remind")
    assert "certrelay unlock" in " ".join(shot.text.split()), "the encrypted file is not judged"
    shot = desk.run("history", "certrelay history")
    assert "한국상사" in shot.text, "what was deleted stands there"
    shot = desk.run("slip", "certrelay lsit")
    assert shot.says(say("usage.near", word="list"))
    Path(desk.store.parent / "config.toml").write_text("langauge = 'ko'\n", "utf-8")
    shot = desk.run(
        "config-fault", f"CERTRELAY_CONFIG={desk.store.parent}/config.toml certrelay list"
    )
    assert shot.says("langauge")
