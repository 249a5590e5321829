"""Command lines in both languages: help that fits its screen, mistakes that name their place."""

import inspect

import pytest

from certrelay.errors import Detail, ExitStatus, UsageError
from certrelay.safe_text import cell_width
from certrelay.texts import LANGUAGES, Texts
from client_mobile_sim import cli as phone
from client_pc import centre, cli
from client_pc import parser as pc
from client_pc.commands import COMMAND_NAMES, CommandFile, load
from client_pc.shell_integration import grammars
from relay import __main__ as relay

MAKERS = (pc.make_parser, relay.make_parser, phone.make_parser)


def mistake(*arguments: str) -> tuple[str, dict[str, Detail]]:
    with pytest.raises(UsageError) as raised:
        pc.make_parser(Texts("en")).parse_args(arguments)
    return raised.value.code, raised.value.details


@pytest.mark.parametrize(
    ("line", "code", "argument", "typed"),
    [
        ("", "missing_arguments", "COMMAND", None),
        ("restore", "missing_arguments", "TARGET", None),
        ("lst", "unknown_command", None, "'lst'"),
        ("list --foo", "unknown_arguments", None, "--foo"),
        ("list --js", "unknown_arguments", None, "--js"),
        ("import --relay", "missing_value", "--relay", None),
        ("import --listen", "missing_value", "--listen", None),
        ("remind --days x", "bad_value", "--days", "'x'"),
        ("remind --days -5", "bad_value", "--days", "'-5'"),
        ("convert 1 --to zip", "bad_value", "--to", "'zip'"),
        ("completion tcsh", "bad_value", "shell", "'tcsh'"),
        ("list --json=yes", "usage", None, None),
    ],
)
def test_a_mistake_names_its_argument_and_what_was_typed(
    line: str, code: str, argument: str | None, typed: str | None
) -> None:
    found, details = mistake(*line.split())
    assert (found, details.get("argument"), details.get("typed")) == (code, argument, typed)


@pytest.mark.parametrize("name", COMMAND_NAMES)
def test_a_command_has_a_file_of_the_form_that_the_parser_takes(name: str) -> None:
    file = load(name)
    for wanted in (CommandFile.add_options, CommandFile.run):
        there = inspect.signature(getattr(file, wanted.__name__), eval_str=True)
        meant = inspect.signature(wanted, eval_str=True)
        ours = [each.annotation for each in there.parameters.values()]
        assert ours == [each.annotation for each in meant.parameters.values()][1:]  # without self
        assert there.return_annotation in (meant.return_annotation, None)


def test_a_slip_is_told_the_word_that_was_meant() -> None:
    assert mistake("improt")[1]["near"] == "import"
    assert mistake("import", "--qrpng", "x")[1]["near"] == "--qr-png"
    assert mistake("frobnicate")[1]["near"] is None
    assert mistake("list", "소리")[1]["near"] is None


def test_a_suggestion_is_an_option_of_this_command_and_not_what_was_typed() -> None:
    assert mistake("list", "--yes")[1]["near"] is None
    assert mistake("list", "--all-place")[1]["near"] == "--all-places"


def test_a_wrong_value_is_told_the_right_ones() -> None:
    assert mistake("convert", "1", "--to", "zip")[1]["choices"] == ("p12", "npki")
    assert Texts("en").hint(UsageError("bad_value", choices=("p12",))) == "It can be: p12"
    assert "--help" in Texts("en").hint(UsageError("bad_value", choices=()))
    assert mistake("remind", "--days", "x")[1]["choices"] == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_fits_its_screen_in_cells(
    language: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    texts = Texts(language)
    for make in MAKERS:
        parser = make(texts)
        for command in parser._subparsers._group_actions[0].choices.values():  # type: ignore[union-attr]
            own = command.format_help().partition("\n\n")[2].split(texts.say("relay.examples"))[0]
            wide = [line for line in own.splitlines() if cell_width(line) > columns]
            assert wide == []


def test_korean_help_has_no_english_of_argparse() -> None:
    for make in MAKERS:
        shown = make(Texts("ko")).format_help()
        for word in ("usage:", "options:", "positional", "show this", "exit"):
            assert word not in shown


def test_the_language_may_stand_in_front_of_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    assert cli.main(["--lang", "ko", "list", "--store", str(tmp_path)]) == ExitStatus.OK
    assert "인증서가 없습니다" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["--lang", "en"], ["--lang=en"]])
@pytest.mark.parametrize(
    "where", [{}, {"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}]
)
def test_the_name_alone_shows_what_the_program_can_do_where_no_desktop_is(
    argv: list[str],
    where: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    on(monkeypatch, where)
    assert cli.main(argv) == ExitStatus.OK
    shown = capsys.readouterr().out
    assert all(command.name in shown for command in grammars(Texts("en"))["certrelay"].commands)
    assert shown.endswith(f"\n{Texts('en').say('pc.centre.needs_desktop')}\n")


@pytest.mark.parametrize("argv", [[], ["--lang", "ko"]])
def test_on_a_desktop_the_name_alone_opens_the_centre(
    argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    on(monkeypatch, {"WAYLAND_DISPLAY": "wayland-0"})
    opened: list[object] = []
    monkeypatch.setattr(centre, "run", lambda *_, **more: opened.append(more))
    assert cli.main(argv) == ExitStatus.OK
    assert len(opened) == 1


def on(monkeypatch: pytest.MonkeyPatch, where: dict[str, str]) -> None:
    """Be on a desktop, or not."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in where.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("environment", "platform", "is_one"),
    [
        ({}, "linux", False),
        ({"TERM": "dumb"}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"DISPLAY": ""}, "linux", False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "freebsd14", True),
        ({"DISPLAY": ":10.0", "SSH_TTY": "/dev/pts/1"}, "linux", False),
        ({}, "win32", True),
        ({}, "darwin", True),
        ({"SSH_CONNECTION": "a b c d"}, "darwin", False),
        ({"SSH_CONNECTION": "a b c d"}, "win32", False),
    ],
)
def test_where_a_desktop_is(environment: dict[str, str], platform: str, is_one: bool) -> None:
    assert cli.has_desktop(environment, platform) is is_one


@pytest.mark.parametrize("main", [cli.main, phone.main, relay.main])
def test_version_is_the_program_and_its_number(
    main: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(main)
    with pytest.raises(SystemExit):
        main(["--version"])
    name, number = capsys.readouterr().out.split()
    assert name.startswith("certrelay")
    assert number.count(".") == 2
