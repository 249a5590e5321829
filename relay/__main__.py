"""``certrelay-relay``: the relay as a program.

Arguments, then work; the URL on standard output, words on standard error, and one place that
turns errors into exit statuses.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

from certrelay import __version__, standard_streams
from certrelay.errors import CertRelayError, ExitStatus, StorageError
from certrelay.texts import LANGUAGES, Texts, choose_language
from certrelay.texts.parser import Parser
from relay.environment import arguments_of

DEFAULT_PORT = 8765

MAX_DRAIN_S = 86_400.0
"""Seconds that a drain may take: a day."""

ADMIN_WORDS = ("status", "count", "drain", "suspend", "resume", "end-waiting")
"""What `relay.admin` takes."""

ADMIN_SOCKET = Path("/run/certrelay/admin.sock")
"""Where the shipped unit has the operator's socket."""

_HEALTH = ("--host", "--port", "--tls-cert")
"""The options of ``serve`` that ``health`` heeds."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its `ExitStatus`."""
    standard_streams.ensure()
    argv = list(sys.argv[1:] if argv is None else argv)
    texts = Texts(choose_language(_asked_language(argv)))
    try:
        _add_told(argv)
        texts = Texts(choose_language(_asked_language(argv)))
        arguments = make_parser(texts).parse_args(argv)
        match arguments.command:
            case "page":
                return _export(arguments)
            case "key":
                return _make_key(arguments)
            case "usage":
                return _report(arguments, texts)
            case "health":
                return _ask_health(arguments)
            case "check":
                return _check(arguments, texts)
            case "probe":
                return _probe(arguments)
            case "admin":
                return _administer(arguments, texts)
        return _serve(arguments)
    except CertRelayError as error:
        for words in (texts.error(error), texts.hint(error)):
            if words:
                sys.stderr.write(f"certrelay-relay: {words}\n")
        return error.exit_status
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED


def _add_told(argv: list[str]) -> None:
    """Put what the environment says in front of a command's own options.

    Raises:
        UsageError: As `relay.environment.arguments_of`.
    """
    if argv[:1] in (["serve"], ["check"]):
        argv[1:1] = arguments_of(os.environ)
    if argv[:1] == ["health"]:
        told = arguments_of(os.environ)
        argv[1:1] = [word for word in told if word.partition("=")[0] in _HEALTH]
    if argv[:1] == ["admin"]:
        told = arguments_of(os.environ)
        files = [word.partition("=")[2] for word in told if word.startswith("--admin=")]
        argv[1:1] = [f"--socket={file}" for file in files]


def _seconds(text: str) -> float:
    """Read seconds: a number from 0, and no endless one."""
    seconds = float(text)
    if not 0 <= seconds < MAX_DRAIN_S:
        raise ValueError(text)
    return seconds


def _serve(arguments: argparse.Namespace) -> int:
    from relay.serve import serve

    return serve(arguments, sys.stdout)


def _check(arguments: argparse.Namespace, texts: Texts) -> int:
    from relay.check import check

    return check(arguments, texts, sys.stdout)


def _probe(arguments: argparse.Namespace) -> int:
    from relay.probe import probe

    return probe(arguments)


def _administer(arguments: argparse.Namespace, texts: Texts) -> int:
    from relay.admin_command import administer

    return administer(arguments, texts, sys.stdout)


def _ask_health(arguments: argparse.Namespace) -> int:
    from relay.health import check

    check(arguments)
    return ExitStatus.OK


def _export(arguments: argparse.Namespace) -> int:
    from relay.page import export

    try:
        export(arguments.folder)
    except OSError:
        is_file = arguments.folder.exists() and not arguments.folder.is_dir()
        code = "not_a_folder" if is_file else "denied"
        raise StorageError(code, path=str(arguments.folder)) from None
    sys.stdout.write(f"{arguments.folder}\n")
    return ExitStatus.OK


def _make_key(arguments: argparse.Namespace) -> int:
    from relay.access_key import make_access_key

    sys.stdout.write(f"{make_access_key(arguments.file).hashed.hex}\n")
    return ExitStatus.OK


def _report(arguments: argparse.Namespace, texts: Texts) -> int:
    from relay.usage_report import report

    report(arguments.file, texts, sys.stdout, hourly=arguments.hours, as_json=arguments.json)
    return ExitStatus.OK


def _asked_language(argv: Sequence[str]) -> str | None:
    """Find ``--lang`` before the parser is made, for its help is in that language."""
    asked = None
    for word, following in pairwise([*argv, ""]):
        if word == "--lang":
            asked = following
        elif word.startswith("--lang="):
            asked = word.removeprefix("--lang=")
    return asked


def make_parser(texts: Texts) -> Parser:
    """Make the parser of all commands."""
    parser = Parser(texts=texts, prog="certrelay-relay", description=texts.say("relay.about"))
    parser.add_common(f"certrelay-relay {__version__}")
    commands = parser.add_commands()
    words = texts.say("relay.serve")
    commands.add_parser(
        "serve",
        help=words,
        description=words,
        epilog=texts.say("relay.examples"),
        fill=partial(_add_serving, texts=texts),
    )
    words = texts.say("relay.export")
    commands.add_parser(
        "page", help=words, description=words, fill=partial(_add_exporting, texts=texts)
    )
    words = texts.say("relay.key")
    commands.add_parser(
        "key", help=words, description=words, fill=partial(_add_making_keys, texts=texts)
    )
    words = texts.say("relay.health")
    commands.add_parser(
        "health", help=words, description=words, fill=partial(_add_asking, texts=texts)
    )
    words = texts.say("relay.check")
    commands.add_parser(
        "check",
        help=words,
        description=words,
        epilog=texts.say("relay.check_examples"),
        fill=partial(_add_serving, texts=texts),
    )
    words = texts.say("relay.probe")
    commands.add_parser(
        "probe", help=words, description=words, fill=partial(_add_probing, texts=texts)
    )
    words = texts.say("relay.administer")
    commands.add_parser(
        "admin",
        help=words,
        description=words,
        epilog=texts.say("relay.admin_examples"),
        fill=partial(_add_administering, texts=texts),
    )
    words = texts.say("relay.history")
    commands.add_parser(
        "usage", help=words, description=words, fill=partial(_add_reporting, texts=texts)
    )
    return parser


def _add_serving(serve: Parser, texts: Texts) -> None:
    def option(name: str, metavar: str, **more: object) -> None:
        key = f"relay.{name.removeprefix('--').replace('-', '_')}"
        serve.add_argument(name, metavar=metavar, help=texts.say(key), **more)  # type: ignore[arg-type]

    option("--host", "H", default="127.0.0.1")
    option("--port", "P", type=int, default=DEFAULT_PORT)
    option("--policy", "FILE", type=Path)
    option("--limits", "FILE", type=Path)
    option("--public-url", "URL")
    option("--tls-cert", "FILE", type=Path)
    option("--tls-key", "FILE", type=Path)
    option("--allow-origin", "URL", action="append", default=[])
    option("--trust-proxy", "NET", action="append", default=[])
    option("--redis", "URL|@FILE")
    serve.add_argument("--share-port", action="store_true", help=texts.say("relay.share_port"))
    option("--operate", "HOST:PORT")
    option("--operate-name", "NAME", action="append", default=[])
    option("--admin", "FILE", type=Path)
    option("--usage", "FILE", type=Path)
    option("--drain-s", "S", type=_seconds, default=60.0)
    option("--log-format", "FORM", choices=("text", "json"), default="text")
    option("--log-level", "LEVEL", choices=("debug", "info", "warning", "error"), default="warning")
    serve.add_argument("--page", action="store_true", help=texts.say("relay.page"))
    words = texts.say("relay.page_elsewhere")
    serve.add_argument("--page-elsewhere", action="store_true", help=words)
    option("--app-links", "FILE", type=Path)
    option("--lang", "ko|en", choices=LANGUAGES)


def _add_asking(health: Parser, texts: Texts) -> None:
    words = {name: texts.say(f"relay.{name}") for name in ("host", "port", "tls_cert", "lang")}
    health.add_argument("--host", metavar="H", default="127.0.0.1", help=words["host"])
    health.add_argument("--port", metavar="P", type=int, default=DEFAULT_PORT, help=words["port"])
    health.add_argument("--tls-cert", metavar="FILE", type=Path, help=words["tls_cert"])
    health.add_argument("--lang", metavar="ko|en", choices=LANGUAGES, help=words["lang"])


def _add_making_keys(key: Parser, texts: Texts) -> None:
    key.add_argument("file", type=Path, metavar="FILE", help=texts.say("relay.key_file"))
    key.add_argument("--lang", metavar="ko|en", choices=LANGUAGES, help=texts.say("relay.lang"))


def _add_probing(probe: Parser, texts: Texts) -> None:
    probe.add_argument("relay", metavar="URL", help=texts.say("relay.probe_url"))
    words = texts.say("relay.probe_metrics")
    probe.add_argument("--metrics", action="store_true", help=words)
    probe.add_argument("--lang", metavar="ko|en", choices=LANGUAGES, help=texts.say("relay.lang"))


def _add_administering(admin: Parser, texts: Texts) -> None:
    words = texts.say("relay.admin_act")
    admin.add_argument("act", metavar="|".join(ADMIN_WORDS), choices=ADMIN_WORDS, help=words)
    words = texts.say("relay.admin_socket")
    admin.add_argument("--socket", metavar="FILE", type=Path, default=ADMIN_SOCKET, help=words)
    admin.add_argument("--json", action="store_true", help=texts.say("relay.admin_json"))
    admin.add_argument("--lang", metavar="ko|en", choices=LANGUAGES, help=texts.say("relay.lang"))


def _add_exporting(page: Parser, texts: Texts) -> None:
    page.add_argument("folder", type=Path, metavar="DIR", help=texts.say("relay.folder"))
    page.add_argument("--lang", metavar="ko|en", choices=LANGUAGES, help=texts.say("relay.lang"))


def _add_reporting(usage: Parser, texts: Texts) -> None:
    words = texts.say("relay.usage_file")
    usage.add_argument("file", type=Path, nargs="+", metavar="FILE", help=words)
    usage.add_argument("--hours", action="store_true", help=texts.say("relay.hourly"))
    usage.add_argument("--json", action="store_true", help=texts.say("relay.json"))
    usage.add_argument("--lang", metavar="ko|en", choices=LANGUAGES, help=texts.say("relay.lang"))


if __name__ == "__main__":
    sys.exit(main())
