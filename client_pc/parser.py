"""The commands and options of `certrelay`: a parser that knows everything and does nothing.

Completions, manual pages and tests read it too.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from certrelay.client.terminal.arguments import add_common, main_parser
from certrelay.limits import RENEWAL_DAYS
from certrelay.texts import LANGUAGES, Texts
from certrelay.texts.parser import Parser
from client_pc import commands
from client_pc.words import COLUMNS, DOORS, SETTING_NAMES, SORTS, STATES

PROGRAM: Final = "certrelay"
_COMPLETIONS: Final = ("bash", "zsh", "fish", "powershell", "targets")
_PROGRAMS: Final = (PROGRAM, "certrelay-relay", "certrelay-phone")


def make_parser(texts: Texts) -> Parser:
    """Make the parser; ``run`` of what it parses is the function of `client_pc.commands`."""
    parser = main_parser(PROGRAM, texts)
    parser.set_defaults(works_without_settings=False)
    group = parser.add_commands()
    for name in _COMMANDS:
        words = texts.say(f"help.{name}")
        group.add_parser(name, help=words, description=words, fill=_filler(name, texts))
    return parser


def _filler(name: str, texts: Texts) -> Callable[[Parser], None]:
    """What gives a command its options."""

    def fill(command: Parser) -> None:
        if name in _TARGETED:
            command.add_argument("target", metavar="TARGET", help=texts.say("help.target"))
        if name in _SEVERAL:
            command.add_argument(
                "targets", nargs="*", metavar="TARGET", help=texts.say("help.target")
            )
            _add_filter(command, texts)
        if name in _BATCHED:
            command.add_argument(
                "--from", dest="listed", metavar="FILE", help=texts.say("help.from")
            )
            command.add_argument(
                "--password-fd", type=int, metavar="N", help=texts.say("help.password_fd")
            )
            _flag(command, "--keep-going", "keep_going", texts)
        if name in _VERBOSE:
            _flag(command, "--verbose", "verbose", texts)
        if name in _OWN_OPTIONS:
            _OWN_OPTIONS[name](command, texts)
        if name in (*_SHELVES, "import", "add", "doctor"):
            command.add_argument(
                "--store",
                type=Path,
                action="append",
                default=[],
                metavar="DIR",
                help=texts.say("help.store"),
            )
        if name in _SHELVES:
            _flag(command, "--all-places", "all_places", texts)
        if name in _TELLS_EVENTS:
            add_common(command, texts)
        else:
            command.add_argument("--lang", choices=LANGUAGES, help=texts.say("help.lang"))
        command.set_defaults(run=_COMMANDS[name], works_without_settings=name in _WITHOUT_SETTINGS)

    return fill


_COMMANDS: Final[dict[str, commands.Run]] = {
    "import": commands.receive,
    "export": commands.send,
    "join": commands.join,
    "list": commands.list_all,
    "show": commands.show,
    "verify": commands.verify,
    "passwd": commands.passwd,
    "convert": commands.convert,
    "unlock": commands.unlock,
    "add": commands.add,
    "delete": commands.delete,
    "restore": commands.restore,
    "trash": commands.trash,
    "history": commands.history,
    "remind": commands.remind,
    "config": commands.config,
    "doctor": commands.doctor,
    "desktop": commands.desktop,
    "centre": commands.centre,
    "demo": commands.demo,
    "completion": commands.completion,
    "man": commands.man,
}
COMMAND_NAMES: Final = tuple(_COMMANDS)
"""The commands."""

_TARGETED: Final = ("restore",)
_BATCHED: Final = ("export", "verify", "passwd", "convert", "unlock")
_SEVERAL: Final = (*_BATCHED, "show", "delete")
"""Commands that take several certificates, by name or by conditions."""

_VERBOSE: Final = ("list", "verify", "passwd", "convert", "unlock")
"""Commands that can say more of each of several certificates."""

_SHELVES: Final = (
    "join",
    "list",
    *_TARGETED,
    *_SEVERAL,
    "trash",
    "history",
    "remind",
)
"""Commands that read stores."""

_WITHOUT_SETTINGS: Final = ("centre", "config", "doctor", "desktop", "completion", "man")
"""Commands that work where the settings cannot be used."""

_TELLS_EVENTS: Final = frozenset(_COMMANDS) - {"demo", "completion", "man"}


def _add_receiving(command: Parser, texts: Texts) -> None:
    _add_room_options(command, texts)
    _flag(command, "--yes", "yes", texts)


def _add_sending(command: Parser, texts: Texts) -> None:
    _add_room_options(command, texts)
    _flag(command, "--yes", "yes", texts)
    _add_form(command, texts)
    _flag(command, "--dry-run", "dry_run", texts)


def _add_form(command: Parser, texts: Texts) -> None:
    """In what form certificates are sent, and what becomes of the originals."""
    command.add_argument("--as", dest="form", choices=("p12",), help=texts.say("help.as"))
    _add_style(command, texts)
    _add_km(command, texts, None)
    _flag(command, "--also-delete", "also_delete", texts)


def _add_joining(command: Parser, texts: Texts) -> None:
    command.add_argument("address", nargs="?", metavar="ADDRESS|-", help=texts.say("help.address"))
    command.add_argument(
        "--picture", type=Path, metavar="FILE", help=texts.say("help.picture_file")
    )
    command.add_argument(
        "--send", action="append", default=[], metavar="TARGET", help=texts.say("help.send")
    )
    command.add_argument("--name", help=texts.say("help.name"))
    _flag(command, "--yes", "yes_join", texts)
    _add_form(command, texts)


def _add_places(command: Parser, texts: Texts) -> None:
    command.add_argument("places", nargs="+", metavar="FILE", help=texts.say("help.places"))


def _add_verifying(command: Parser, texts: Texts) -> None:
    _flag(command, "--idn", "idn", texts)
    command.add_argument(
        "--ca", type=Path, action="append", default=[], metavar="FILE", help=texts.say("help.ca")
    )
    command.add_argument("--crl", type=Path, metavar="FILE", help=texts.say("help.crl"))
    _flag(command, "--online", "online", texts)


def _add_converting(command: Parser, texts: Texts) -> None:
    command.add_argument("--to", choices=("p12", "npki"), required=True, help=texts.say("help.to"))
    _add_style(command, texts)
    _add_km(command, texts, "with")
    command.add_argument("-o", "--out", metavar="PLACE", help=texts.say("help.out"))
    command.add_argument("--name", metavar="NAME", help=texts.say("help.file_name"))
    _flag(command, "--new-password", "new_password", texts)
    _flag(command, "--dry-run", "dry_run", texts)


def _add_passwd(command: Parser, texts: Texts) -> None:
    _flag(command, "--better", "better", texts)
    _flag(command, "--dry-run", "dry_run", texts)


def _add_filter(command: Parser, texts: Texts) -> None:
    """Which of the list: the words of `certrelay.client.manage.inventory.Filter`."""

    def option(flag: str, **more: Any) -> None:
        key = flag.removeprefix("--").replace("-", "_")
        command.add_argument(flag, help=texts.say(f"help.{key}"), **more)

    option("--state", action="append", choices=STATES, default=[], metavar="STATE")
    option("--expires-within", type=_days, metavar="DAYS")
    option("--owner", metavar="TEXT")
    option("--issuer", metavar="TEXT")
    option("--holder", choices=("personal", "corporate", "institution"), metavar="HOLDER")
    option("--kind", choices=("npki", "p12"))
    option("--duplicates", action="store_true")
    option("--superseded", action="store_true")


def _add_listing(command: Parser, texts: Texts) -> None:
    _add_filter(command, texts)
    command.add_argument("--sort", choices=SORTS, help=texts.say("help.sort"))
    command.add_argument(
        "--columns",
        type=_columns,
        metavar="NAMES",
        help=texts.say("help.columns", names=", ".join(COLUMNS)),
    )
    _flag(command, "--csv", "csv", texts)


def _columns(text: str) -> tuple[str, ...]:
    columns = tuple(text.replace(" ", "").split(","))
    if not set(columns) <= set(COLUMNS):
        raise ValueError
    return columns


def _add_deleting(command: Parser, texts: Texts) -> None:
    _flag(command, "--yes", "yes_delete", texts)
    _flag(command, "--forever", "forever", texts)
    _flag(command, "--dry-run", "dry_run", texts)


def _add_trash(command: Parser, texts: Texts) -> None:
    _flag(command, "--empty", "empty", texts)
    _flag(command, "--yes", "yes_delete", texts)


def _add_history(command: Parser, texts: Texts) -> None:
    _flag(command, "--clear", "clear", texts)
    _flag(command, "--yes", "yes_delete", texts)


def _add_days(command: Parser, texts: Texts) -> None:
    _flag(command, "--not-expired", "not_expired", texts)
    _flag(command, "--notice", "notice", texts)
    command.add_argument(
        "--days", type=_days, default=RENEWAL_DAYS, metavar="N", help=texts.say("help.days")
    )


def _add_desktop(command: Parser, texts: Texts) -> None:
    command.add_argument("step", choices=("install", "remove"), help=texts.say("help.desktop_step"))
    _flag(command, "--remind", "desktop_remind", texts)


def _add_centre(command: Parser, texts: Texts) -> None:
    command.add_argument(
        "--port", type=_port, default=0, metavar="N", help=texts.say("help.centre_port")
    )
    command.add_argument("--door", choices=DOORS, default="home", help=texts.say("help.door"))


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError
    return port


def _add_keep(command: Parser, texts: Texts) -> None:
    command.add_argument("--keep", type=Path, metavar="DIR", help=texts.say("help.keep"))


def _add_shell(command: Parser, texts: Texts) -> None:
    command.add_argument("shell", choices=_COMPLETIONS, help=texts.say("help.shell"))
    command.add_argument("words", nargs="*", metavar="WORD", help=texts.say("help.words"))


def _add_setting(command: Parser, texts: Texts) -> None:
    command.add_argument(
        "act", nargs="?", choices=("set", "unset"), metavar="set|unset", help=texts.say("help.set")
    )
    command.add_argument(
        "setting", nargs="?", metavar="NAME", choices=SETTING_NAMES, help=texts.say("help.setting")
    )
    command.add_argument("value", nargs="?", metavar="VALUE", help=texts.say("help.value"))


def _add_program(command: Parser, texts: Texts) -> None:
    command.add_argument(
        "program",
        nargs="?",
        choices=_PROGRAMS,
        default=PROGRAM,
        metavar="PROGRAM",
        help=texts.say("help.program"),
    )


def _flag(parser: Parser, flag: str, key: str, texts: Texts) -> None:
    short = {"--yes": "-y", "--verbose": "-v"}.get(flag)
    names = (flag,) if short is None else (short, flag)
    parser.add_argument(*names, action="store_true", help=texts.say(f"help.{key}"))


def _add_way(parser: Parser, texts: Texts) -> None:
    parser.add_argument("--relay", metavar="URL", help=texts.say("help.relay"))
    parser.add_argument(
        "--access-key-file", type=Path, metavar="FILE", help=texts.say("help.access_key_file")
    )
    parser.add_argument("--listen", metavar="HOST[:PORT]", help=texts.say("help.listen"))


def _add_room_options(parser: Parser, texts: Texts) -> None:
    _add_way(parser, texts)
    _flag(parser, "--browser", "browser", texts)
    _flag(parser, "--code", "code", texts)
    parser.add_argument("--qr-png", type=Path, metavar="FILE", help=texts.say("help.qr_png"))
    parser.add_argument("--url-file", type=Path, metavar="FILE", help=texts.say("help.url_file"))
    parser.add_argument("--name", help=texts.say("help.name"))


def _add_style(parser: Parser, texts: Texts) -> None:
    parser.add_argument(
        "--style", choices=("field", "modern"), default="field", help=texts.say("help.style")
    )


def _add_km(parser: Parser, texts: Texts, default: str | None) -> None:
    parser.add_argument(
        "--km", choices=("with", "without"), default=default, help=texts.say("help.km")
    )


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= 36_500:
        raise ValueError
    return days


_OWN_OPTIONS: Final[dict[str, Callable[[Parser, Texts], None]]] = {
    "import": _add_receiving,
    "export": _add_sending,
    "join": _add_joining,
    "list": _add_listing,
    "show": lambda command, texts: _flag(command, "--open", "open", texts),
    "verify": _add_verifying,
    "passwd": _add_passwd,
    "convert": _add_converting,
    "add": _add_places,
    "delete": _add_deleting,
    "trash": _add_trash,
    "history": _add_history,
    "remind": _add_days,
    "doctor": _add_way,
    "desktop": _add_desktop,
    "centre": _add_centre,
    "demo": _add_keep,
    "config": _add_setting,
    "completion": _add_shell,
    "man": _add_program,
}
"""The options that a command has beside those that it shares."""
