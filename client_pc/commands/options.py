"""Options that several commands have. Completions, manual pages and tests read them too."""

from pathlib import Path
from typing import Any

from certrelay.texts import LANGUAGES, Texts
from certrelay.texts.parser import Parser
from client_pc.words import STATES


def add_flag(command: Parser, texts: Texts, flag: str, words: str | None = None) -> None:
    """Add an option without a value.

    Args:
        command: The command's parser.
        texts: The language of its help.
        flag: Its name, like ``--dry-run``.
        words: The key of its help, if that is not the name's.
    """
    short = {"--yes": "-y", "--verbose": "-v"}.get(flag)
    names = (flag,) if short is None else (short, flag)
    words = words or flag.removeprefix("--").replace("-", "_")
    command.add_argument(*names, action="store_true", help=texts.say(f"help.{words}"))


def add_target(command: Parser, texts: Texts) -> None:
    """One certificate."""
    command.add_argument("target", metavar="TARGET", help=texts.say("help.target"))


def add_targets(command: Parser, texts: Texts) -> None:
    """Several certificates, by name or by conditions."""
    command.add_argument("targets", nargs="*", metavar="TARGET", help=texts.say("help.target"))
    add_filter(command, texts)


def add_filter(command: Parser, texts: Texts) -> None:
    """Which of the list: the words of `certrelay.client.manage.inventory.Filter`."""

    def option(flag: str, **more: Any) -> None:
        key = flag.removeprefix("--").replace("-", "_")
        command.add_argument(flag, help=texts.say(f"help.{key}"), **more)

    option("--state", action="append", choices=STATES, default=[], metavar="STATE")
    option("--expires-within", type=days, metavar="DAYS")
    option("--owner", metavar="TEXT")
    option("--issuer", metavar="TEXT")
    option("--holder", choices=("personal", "corporate", "institution"), metavar="HOLDER")
    option("--kind", choices=("npki", "p12"))
    option("--duplicates", action="store_true")
    option("--superseded", action="store_true")


def add_batch(command: Parser, texts: Texts) -> None:
    """How a command is run on several certificates: from a list, without a person."""
    command.add_argument("--from", dest="listed", metavar="FILE", help=texts.say("help.from"))
    command.add_argument("--password-fd", type=int, metavar="N", help=texts.say("help.password_fd"))
    add_flag(command, texts, "--keep-going")


def add_store(command: Parser, texts: Texts) -> None:
    """Another store than the system's own."""
    command.add_argument(
        "--store",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help=texts.say("help.store"),
    )


def add_stores(command: Parser, texts: Texts) -> None:
    """Which stores are read."""
    add_store(command, texts)
    add_flag(command, texts, "--all-places")


def add_language(command: Parser, texts: Texts) -> None:
    """The language alone, for a command that tells no events."""
    command.add_argument("--lang", choices=LANGUAGES, help=texts.say("help.lang"))


def add_relay(command: Parser, texts: Texts) -> None:
    """Over which relay."""
    command.add_argument("--relay", metavar="URL", help=texts.say("help.relay"))
    command.add_argument(
        "--access-key-file", type=Path, metavar="FILE", help=texts.say("help.access_key_file")
    )
    command.add_argument("--listen", metavar="HOST[:PORT]", help=texts.say("help.listen"))


def add_copying(command: Parser, texts: Texts) -> None:
    """How a QR code is shown, and where the two devices meet."""
    add_relay(command, texts)
    add_flag(command, texts, "--browser")
    add_flag(command, texts, "--code")
    command.add_argument("--qr-png", type=Path, metavar="FILE", help=texts.say("help.qr_png"))
    command.add_argument("--url-file", type=Path, metavar="FILE", help=texts.say("help.url_file"))
    command.add_argument("--name", help=texts.say("help.name"))


def add_form(command: Parser, texts: Texts) -> None:
    """In what form certificates are sent, and what becomes of the originals."""
    command.add_argument("--as", dest="form", choices=("p12",), help=texts.say("help.as"))
    add_style(command, texts)
    add_km(command, texts, None)
    add_flag(command, texts, "--also-delete")


def add_style(command: Parser, texts: Texts) -> None:
    """With which ciphers a PKCS#12 file is written."""
    command.add_argument(
        "--style", choices=("field", "modern"), default="field", help=texts.say("help.style")
    )


def add_km(command: Parser, texts: Texts, default: str | None) -> None:
    """Whether the pair for encryption goes along."""
    command.add_argument(
        "--km", choices=("with", "without"), default=default, help=texts.say("help.km")
    )


def days(text: str) -> int:
    """Read a number of days.

    Raises:
        ValueError: It is none, or more than a hundred years.
    """
    number = int(text)
    if not 0 <= number <= 36_500:
        raise ValueError
    return number
