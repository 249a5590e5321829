"""Which settings count, and what a fault in them looks like."""

import json
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from certrelay.errors import ExitStatus
from certrelay.texts import LANGUAGES, Texts
from client_pc import cli
from client_pc.folders import config_file, data_folder
from client_pc.settings import KEYS, Setting, Settings, read
from client_pc.words import SETTING_NAMES

WHOLE = """
relay = "https://relay.example.kr"
access_key_file = "~/relay.key"
store = "~/certificates"
language = "ko"
name = "거실 PC"
history = false
directions = "import"
plain = true
pcs = false
letters = 125

[timeouts]
number_s = 60
save_question_s = 30.5
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("CERTRELAY_CONFIG", str(path))
    return path


def test_a_file_sets_everything(file: Path) -> None:
    file.write_text(WHOLE, "utf-8")
    settings = read()
    assert settings.error is None
    assert settings.relay == "https://relay.example.kr/"
    assert settings.access_key_file == Path.home() / "relay.key"
    assert settings.store == Path.home() / "certificates"
    assert (settings.language, settings.name) == ("ko", "거실 PC")
    assert (settings.history, settings.plain, settings.directions) == (False, True, "import")
    assert not settings.pcs
    assert settings.letters == 125
    assert (settings.number_s, settings.save_question_s) == (60, 30.5)
    assert set(settings.origins) == {key.name for key in KEYS}
    assert set(settings.origins.values()) == {str(file)}


def test_the_environment_counts_more_than_the_file(file: Path) -> None:
    file.write_text(WHOLE, "utf-8")
    settings = read(
        {"CERTRELAY_CONFIG": str(file), "CERTRELAY_LANGUAGE": "en", "CERTRELAY_HISTORY": "yes"}
    )
    assert (settings.language, settings.history, settings.name) == ("en", True, "거실 PC")
    assert settings.origins["language"] == "CERTRELAY_LANGUAGE"


def test_a_table_with_nothing_in_it_sets_nothing(file: Path) -> None:
    file.write_text("[timeouts]\n# number_s = 60\n")
    assert read() == Settings()


def test_an_empty_variable_sets_nothing() -> None:
    assert read({"CERTRELAY_CONFIG": "", "CERTRELAY_RELAY": ""}) == Settings()


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"relay = x", "line 1"),
        (b"rely = 'https://relay.example.kr/'", "rely"),
        (b"relay = 'relay..kr'", "relay"),
        (b"relay = 1", "relay"),
        (b"name = ' '", "name"),
        (b"language = 'fr'", "language"),
        (b"history = 'perhaps'", "history"),
        (b"plain = 1", "plain"),
        (b"directions = 'none'", "directions"),
        (b"store = ''", "store"),
        (b"store = '~nobody-has-this-name/x'", "store"),
        (b"[timeouts]\nnumber_s = 1", "timeouts.number_s"),
        (b"[timeouts]\nnumber_s = 121", "timeouts.number_s"),
        (b"[timeouts]\nnumber_s = true", "timeouts.number_s"),
        (b"[timeouts]\nnumber = 60", "timeouts.number"),
        (b"[timeout]\nnumber_s = 60", "timeout.number_s"),
        (b"[timeout]", "timeout"),
        (b"history = {}", "history"),
        (b"name = '\xff'", "UTF-8"),
        (b"#" * 70_000, "config.toml"),
        (b"relay = " + b"[" * 3000, "config.toml"),
        (b"relay = " + b"1" * 5000, "config.toml"),
    ],
)
def test_a_fault_is_told_with_its_place_and_no_setting_counts(
    file: Path, content: bytes, where: str
) -> None:
    file.write_bytes(content)
    settings = read()
    assert settings.error is not None
    assert settings.error.code == "bad_settings"
    assert where in str(settings.error.details["where"])
    assert str(file) in str(settings.error.details["where"])
    assert (settings.history, settings.origins) == (True, {})


def test_a_variable_with_a_fault_is_named() -> None:
    error = read({"CERTRELAY_CONFIG": "", "CERTRELAY_NUMBER_S": "soon"}).error
    assert error is not None
    assert error.details["where"] == "CERTRELAY_NUMBER_S"


def test_a_file_that_is_named_must_be_there_and_the_usual_one_need_not(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read().error is not None
    monkeypatch.delenv("CERTRELAY_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))
    monkeypatch.setenv("HOME", str(tmp_path / "nothing"))
    assert read() == Settings()


def test_the_places_follow_the_variables() -> None:
    assert config_file({"CERTRELAY_CONFIG": ""}) is None
    assert config_file({"CERTRELAY_CONFIG": "~/x"}) == Path.home() / "x"
    assert data_folder({"CERTRELAY_DATA": "/y"}) == Path("/y")
    usual = config_file({})
    assert usual is not None
    assert (usual.parent.name, usual.name) == ("certrelay", "config.toml")
    assert data_folder({}).name == "certrelay"


@pytest.mark.parametrize("base", [None, "/somewhere", "relative", ""])
def test_the_usual_places_are_those_of_platformdirs(
    base: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
        if base is not None:
            monkeypatch.setenv(variable, base)
    theirs = platformdirs.PlatformDirs("certrelay", appauthor=False)
    assert config_file({}) == theirs.user_config_path / "config.toml"
    assert data_folder({}) == theirs.user_data_path


# --- the commands ---


def events(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_config_shows_what_is_in_force_and_why(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(WHOLE, "utf-8")
    monkeypatch.setenv("CERTRELAY_NAME", "PC")
    assert cli.main(["config", "--json"]) == ExitStatus.OK
    first, *rest = events(capsys.readouterr().out)
    assert (first["path"], first["exists"]) == (str(file), True)
    shown = {event["key"]: (event["value"], event["origin"]) for event in rest}
    assert shown["name"] == ("PC", "CERTRELAY_NAME")
    assert shown["history"] == (False, str(file))
    assert shown["timeouts.number_s"] == (60.0, str(file))
    assert set(shown) == {key.name for key in KEYS}
    allowed = {event["key"]: (event["choices"], event["range"]) for event in rest}
    assert allowed["letters"] == (["100", "125", "150"], [])
    assert allowed["timeouts.number_s"] == ([], [10, 120])
    assert allowed["name"] == ([], [])


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("language", "fr", "ko, en"),
        ("history", "maybe", "true, false"),
        ("letters", "200", "100, 125, 150"),
        ("timeouts.number_s", "3", "10–120"),
    ],
)
def test_a_value_that_cannot_be_set_is_told_with_those_that_can(
    file: Path, name: str, value: str, allowed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["config", "set", name, value, "--lang", "en"]) == ExitStatus.USAGE
    assert allowed in capsys.readouterr().err
    assert not file.exists()


def test_what_is_not_set_is_shown_with_what_then_happens(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["config", "--lang", "ko"]) == ExitStatus.OK
    out = capsys.readouterr().out
    assert "(이 PC가 직접 중계)" in out
    assert "NPKI" in out
    assert out.count("기본값") == len(KEYS)


def test_a_fault_stops_every_command_but_the_one_that_shows_it(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("language = 1", "utf-8")
    assert cli.main(["list", "--store", str(tmp_path), "--lang", "en"]) == ExitStatus.USAGE
    assert f"cannot be used: {file}: language" in capsys.readouterr().err
    assert cli.main(["config", "--json"]) == ExitStatus.USAGE
    told = events(capsys.readouterr().out)
    assert told[-1]["code"] == "bad_settings"
    assert len(told) == len(KEYS) + 2


def test_a_fault_is_told_in_the_language_that_is_asked_for(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {language: Texts(language).say("hint.bad_settings") for language in LANGUAGES}
    file.write_text("langauge = 'en'\nlanguage = 'ko'", "utf-8")
    cli.main(["list", "--store", str(tmp_path)])
    assert said["ko"] in capsys.readouterr().err
    monkeypatch.setenv("CERTRELAY_LANGUAGE", "en")
    cli.main(["list", "--store", str(tmp_path)])
    assert said["en"] in capsys.readouterr().err
    cli.main(["list", "--store", str(tmp_path), "--lang", "ko"])
    assert said["ko"] in capsys.readouterr().err


def test_the_command_line_counts_more_than_everything(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"language = 'ko'\nstore = {json.dumps(str(tmp_path / 'set'))}", "utf-8")
    for name in ("set", "named"):
        (tmp_path / name).mkdir()
    assert cli.main(["list"]) == ExitStatus.OK
    words = capsys.readouterr().err
    assert str(tmp_path / "set") in words
    assert "인증서가 없습니다" in words
    assert cli.main(["list", "--store", str(tmp_path / "named"), "--lang", "en"]) == ExitStatus.OK
    words = capsys.readouterr().err
    assert str(tmp_path / "named") in words
    assert "There are no certificates" in words


@pytest.mark.parametrize(("allowed", "closed"), [("import", "export"), ("export", "import")])
def test_a_direction_that_the_settings_leave_out_is_refused_with_the_place(
    file: Path, capsys: pytest.CaptureFixture[str], allowed: str, closed: str
) -> None:
    file.write_text(f"directions = '{allowed}'", "utf-8")
    assert cli.main([closed, "--json"]) == ExitStatus.USAGE
    (told,) = events(capsys.readouterr().out)
    assert told["code"] == "direction_closed"
    assert closed in told["text"]
    assert str(file) in told["text"]


# --- config set ---


def test_the_parser_knows_the_names_of_all_settings() -> None:
    assert tuple(key.name for key in KEYS) == SETTING_NAMES


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_setting_can_be_set_and_taken_out(file: Path, key: Setting) -> None:
    values = {
        "relay": "Relay.Example.KR",
        "language": "ko",
        "directions": "import",
        "letters": "125",
    }
    switches = {"history", "pcs", "plain"}
    value = "false" if key.name in switches else values.get(key.name, "45")
    assert cli.main(["config", "set", key.name, value]) == ExitStatus.OK
    settings = read()
    assert settings.origins == {key.name: str(file)}
    assert getattr(settings, key.attribute) == key.read(value)
    assert cli.main(["config", "unset", key.name]) == ExitStatus.OK
    assert read() == Settings()


def test_comments_and_other_lines_stay(file: Path) -> None:
    file.write_text("# mine\nname = 'A' # here\n\n[timeouts]\nnumber_s = 60\n", "utf-8")
    for name, value in (
        ("language", "ko"),
        ("name", 'B "quoted" \\ 거실'),
        ("timeouts.save_question_s", "30"),
        ("timeouts.number_s", "45.5"),
    ):
        assert cli.main(["config", "set", name, value]) == ExitStatus.OK
    lines = file.read_text("utf-8").splitlines()
    assert lines[0] == "# mine"
    assert lines.index('language = "ko"') < lines.index("[timeouts]")
    settings = read()
    assert settings.name == 'B "quoted" \\ 거실'
    assert (settings.number_s, settings.save_question_s) == (45.5, 30)
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("set", "frobnicate", "1"), "bad_value"),
        (("set", "language", "fr"), "bad_value"),
        (("set", "timeouts.number_s", "3"), "bad_value"),
        (("set", "name"), "missing_arguments"),
        (("set",), "missing_arguments"),
        (("unset", "name", "x"), "unknown_arguments"),
        (("frobnicate",), "bad_value"),
    ],
)
def test_what_cannot_be_set_changes_nothing(
    file: Path, arguments: tuple[str, ...], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(WHOLE, "utf-8")
    assert cli.main(["config", *arguments, "--json"]) == ExitStatus.USAGE
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["code"] == code
    assert file.read_text("utf-8") == WHOLE


def test_a_file_that_cannot_be_used_is_not_written_to(file: Path) -> None:
    for text in ("name = ", 'name = """a\nb"""\n'):
        file.write_text(text, "utf-8")
        assert cli.main(["config", "set", "name", "B"]) == ExitStatus.USAGE
        assert file.read_text("utf-8") == text


def test_a_variable_that_counts_more_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CERTRELAY_NAME", "A")
    assert cli.main(["config", "set", "name", "B", "--lang", "en"]) == ExitStatus.OK
    assert "CERTRELAY_NAME" in capsys.readouterr().err
