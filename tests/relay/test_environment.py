import pytest

from certrelay.texts import Texts
from relay.__main__ import main, make_parser
from relay.environment import arguments_of


def test_variables_become_the_arguments_of_serve() -> None:
    environment = {
        "CERTRELAY_RELAY_PUBLIC_URL": "https://relay.example.kr/",
        "CERTRELAY_RELAY_TRUST_PROXY": "10.0.0.1 10.1.0.0/16",
        "CERTRELAY_RELAY_PAGE": "yes",
        "CERTRELAY_RELAY_SHARE_PORT": "0",
        "CERTRELAY_RELAY_PORT": "",
        "CERTRELAY_RELAY": "https://this.is.the.clients.example/",
        "PATH": "/bin",
    }
    parsed = make_parser(Texts("en")).parse_args(["serve", *arguments_of(environment)])
    assert parsed.public_url == "https://relay.example.kr/"
    assert parsed.trust_proxy == ["10.0.0.1", "10.1.0.0/16"]
    assert (parsed.page, parsed.share_port, parsed.port) == (True, False, 8765)


@pytest.mark.parametrize(
    ("value", "is_on"), [("on", True), ("True", True), ("off", False), ("no", False)]
)
def test_a_switch_is_on_or_off_by_any_usual_word(value: str, is_on: bool) -> None:
    told = arguments_of({"CERTRELAY_RELAY_PAGE": value})
    assert make_parser(Texts("en")).parse_args(["serve", *told]).page is is_on


def test_a_switch_that_is_neither_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CERTRELAY_RELAY_PAGE", "please")
    assert main(["serve", "--lang", "en"]) == 2
    told = capsys.readouterr().err
    assert "CERTRELAY_RELAY_PAGE" in told
    assert "off" in told, "and what it may be"


@pytest.mark.parametrize("seconds", ["-5", "nan", "inf", "1e9"])
def test_a_drain_takes_a_time_that_can_pass(
    seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--lang", "en", f"--drain-s={seconds}", "--public-url", "b"]) == 2
    assert "--drain-s" in capsys.readouterr().err


def test_the_command_line_counts_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A bad value shows which of the two is in force: serving would not end by itself.
    monkeypatch.setenv("CERTRELAY_RELAY_PUBLIC_URL", "http://a")
    monkeypatch.setenv("CERTRELAY_RELAY_OPERATE", "nonsense")
    assert main(["serve", "--lang", "en", "--public-url", "b"]) == 2
    assert "--public-url" in capsys.readouterr().err
    monkeypatch.setenv("CERTRELAY_RELAY_PORT", "many")
    assert main(["serve", "--lang", "en"]) == 2
    assert "--port" in capsys.readouterr().err


def test_a_variable_that_is_no_option_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CERTRELAY_RELAY_PUBLIC_ADDRESS", "x")
    assert main(["serve"]) == 2
    assert "--public-address" in capsys.readouterr().err
