"""`certrelay doctor --phone`: only what was seen is told."""

import json
import urllib.error
import urllib.request
from contextlib import closing

import pytest

from certrelay.errors import NotConfirmed
from client_pc.doctor import phone
from tests.flows.programs import Client

AT_HOME = ("--listen", "127.0.0.1")


def ask(url: str) -> tuple[int, str, str]:
    """Status, policy and text of what a device is answered."""
    try:
        with urllib.request.urlopen(url) as answer:
            policy = answer.headers["content-security-policy"]
            return answer.status, policy, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, "", refused.read().decode()


def test_the_request_for_the_page_is_told_and_no_other() -> None:
    client = Client("client_pc", "doctor", "--phone", *AT_HOME)
    with closing(client) as pc:
        url = pc.expect("waiting")["url"]
        origin, _, path = url.rpartition("/")
        for other in ("", "x", f"{path}x", "index.html", "v1/ws"):
            assert path not in ask(f"{origin}/{other}")[2]
        assert "reached" not in json.dumps(pc.names()), "nobody has asked for it"
        status, policy, page = ask(url)
        assert status == 200
        assert policy.startswith("default-src 'none'")
        assert "<script" not in page
        assert pc.expect("reached")["address"] == "127.0.0.1"
        assert pc.finish() == 0


def test_nobody_comes_and_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    from random import uniform

    from certrelay.client.flow.session import Shell
    from certrelay.client.terminal.interrupts import Interrupts
    from certrelay.client.terminal.json_report import JsonReport
    from certrelay.client.terminal.lines import Lines
    from certrelay.texts import Texts

    monkeypatch.setattr(phone, "LIFE_S", 0.1)
    told = io.StringIO()
    lines = Lines(io.StringIO(), Interrupts())
    shell = Shell(JsonReport(Texts("en"), told), lines, uniform)
    with closing(lines), pytest.raises(NotConfirmed, match="phone_not_seen"):
        phone.try_phone(None, "127.0.0.1", shell)
    names = [json.loads(line)["event"] for line in told.getvalue().splitlines()]
    assert names == ["waiting", "burnt"]


def test_a_pc_that_copies_through_a_relay_has_nothing_to_try() -> None:
    relay = ("--relay", "https://relay.example/")
    with closing(Client("client_pc", "doctor", "--phone", *relay)) as pc:
        error = pc.expect("error")
        assert (error["code"], error["relay"]) == ("phone_needs_no_pc", relay[1])
        assert pc.finish() == 2
