"""What each command of `certrelay` does with its arguments: hand them to its module.

Each imports its own modules: a program's start is mostly imports.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from certrelay.client.home import expanded, home
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, UsageError
from certrelay.safe_text import printable
from client_pc.settings import Settings, check_direction

if TYPE_CHECKING:
    from certrelay.client.flow.session import Shell
    from client_pc.copy import CopyOptions
    from client_pc.stores import Stores


class Run(Protocol):
    """A command."""

    def __call__(
        self, arguments: argparse.Namespace, settings: Settings, report: Report, /
    ) -> CertRelayError | None:
        """Run; give the error it ended with, or raise."""


def receive(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay import`."""
    from client_pc.receive import receive

    check_direction("import", settings)
    root, way, past = (
        _root(arguments, settings, report),
        _options(arguments, settings),
        _past(settings),
    )

    def run(shell: "Shell") -> CertRelayError | None:
        return receive(root, way, shell, past, yes=arguments.yes)

    return _told(run, arguments, report)


def send(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay export`."""
    from client_pc.send import SendOptions, send

    check_direction("export", settings)
    options = SendOptions(
        tuple(arguments.selectors),
        arguments.style if arguments.form else None,
        arguments.also_delete,
        None if arguments.km is None else arguments.km == "with",
    )
    stores, way, past = (
        _stores(arguments, settings, report),
        _options(arguments, settings),
        _past(settings),
    )

    def run(shell: "Shell") -> CertRelayError | None:
        return send(stores, options, way, shell, past)

    return _told(run, arguments, report)


def join(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay join`."""
    from certrelay.endpoint.times import Times
    from client_pc.join import JoinOptions, join
    from client_pc.receive import Incoming
    from client_pc.send import Outgoing, SendOptions

    if not settings.pcs:
        where = settings.origins["pcs"]
        raise UsageError("direction_closed", command="join", where=where)
    options = JoinOptions(
        arguments.address or settings.relay,
        arguments.picture,
        arguments.yes,
        arguments.name or settings.name,
        Times(number=settings.number_s, save_question=settings.save_question_s),
    )
    root, past = _root(arguments, settings, report), _past(settings)
    what = SendOptions(tuple(arguments.send), also_delete=arguments.also_delete)
    with _shell(report) as shell:
        incoming = Incoming(root, shell, past, yes=arguments.yes)
        outgoing = Outgoing(_stores(arguments, settings, report), what, shell, past)
        return join(options, settings, incoming, outgoing, shell)


def list_all(arguments: argparse.Namespace, settings: Settings, report: Report) -> None:
    """`certrelay list`."""
    from client_pc.manage import list_all

    list_all(_stores(arguments, settings, report), report)


def show(arguments: argparse.Namespace, settings: Settings, report: Report) -> None:
    """`certrelay show`."""
    from client_pc.show import show

    with _shell(report) as shell:
        show(_stores(arguments, settings, report), arguments.target, shell, opened=arguments.open)


def verify(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay verify`."""
    from client_pc.verify import Asked, verify

    asked = Asked(arguments.idn, arguments.ca, arguments.crl, arguments.online)
    with _shell(report) as shell:
        return verify(_stores(arguments, settings, report), arguments.target, asked, shell)


def passwd(arguments: argparse.Namespace, settings: Settings, report: Report) -> None:
    """`certrelay passwd`."""
    from client_pc.change import passwd

    with _shell(report) as shell:
        passwd(
            _stores(arguments, settings, report), arguments.target, shell, better=arguments.better
        )


def convert(arguments: argparse.Namespace, settings: Settings, report: Report) -> None:
    """`certrelay convert`."""
    from client_pc.change import Form, convert

    stores = _stores(arguments, settings, report)
    form = Form(arguments.to, arguments.style, arguments.km == "with")
    with _shell(report) as shell:
        convert(stores, arguments.target, form, shell)


def delete(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay delete`."""
    from client_pc.change import delete

    with _shell(report) as shell:
        return delete(
            _stores(arguments, settings, report), arguments.target, shell, yes=arguments.yes
        )


def history(arguments: argparse.Namespace, settings: Settings, report: Report) -> None:
    """`certrelay history`."""
    from client_pc.folders import data_folder
    from client_pc.history import History
    from client_pc.history.show import clear_history, show_history

    past = History(data_folder())
    if arguments.clear:
        clear_history(past, report)
    else:
        show_history(past, _stores(arguments, settings, report), report)


def remind(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay remind`."""
    from client_pc.remind import remind

    return remind(_stores(arguments, settings, report), arguments.days, report, _past(settings))


def config(
    _arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay config`."""
    from client_pc.config import show_settings

    return show_settings(settings, report)


def doctor(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay doctor`."""
    from client_pc.doctor import Patient, doctor

    relay = _relay(arguments, settings)
    plain = arguments.plain or settings.plain
    store = _root(arguments, settings, report)
    key = _access_key(arguments, settings)
    return doctor(Patient(settings, relay, key, arguments.listen, store, plain), report)


def demo(
    arguments: argparse.Namespace, _settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay demo`."""
    from client_pc.demo import demo

    return demo(report, arguments.keep)


def completion(arguments: argparse.Namespace, _settings: Settings, report: Report) -> None:
    """`certrelay completion`."""
    from client_pc.shell_integration import show_completion

    show_completion(arguments.shell, report)


def man(arguments: argparse.Namespace, _settings: Settings, report: Report) -> None:
    """`certrelay man`."""
    from client_pc.shell_integration import show_manual

    show_manual(arguments.program, report)


def _root(
    arguments: argparse.Namespace, settings: Settings, report: Report, *, reading: bool = False
) -> Path:
    """The NPKI folder that is meant; where that is not the one that was named, it is said."""
    from certrelay.safe_text import printable
    from client_pc.places import default_root, npki_folder

    named: Path | None = expanded(arguments.store) if arguments.store else settings.store
    if named is None:
        return default_root()
    root = npki_folder(named, reading=reading)
    if root != named:
        path = printable(str(root), None)
        report.event("store", report.texts.say("pc.store", path=path), path=path)
    return root


def _stores(arguments: argparse.Namespace, settings: Settings, report: Report) -> "Stores":
    from client_pc.places import found
    from client_pc.stores import Stores

    root = _root(arguments, settings, report, reading=True)
    others = found() if arguments.all_places else ()
    return Stores((root, *(place for place in others if place.resolve() != root.resolve())))


def _options(arguments: argparse.Namespace, settings: Settings) -> "CopyOptions":
    from certrelay.endpoint.times import Times
    from certrelay.wire.release import PCS, PHONE_POLICY
    from client_pc.copy import CopyOptions

    return CopyOptions(
        relay=_relay(arguments, settings),
        access_key=_access_key(arguments, settings),
        listen=arguments.listen,
        qr_png=arguments.qr_png,
        url_file=arguments.url_file,
        name=arguments.name or settings.name,
        code=arguments.code,
        hears=arguments.json,
        policy=PHONE_POLICY if settings.pcs else PHONE_POLICY.without(PCS),
        times=Times(number=settings.number_s, save_question=settings.save_question_s),
    )


def _relay(arguments: argparse.Namespace, settings: Settings) -> str | None:
    # Whoever says --listen wants this PC's own relay, whatever the settings say.
    relay: str | None = arguments.relay or (None if arguments.listen else settings.relay)
    return relay


def _access_key(arguments: argparse.Namespace, settings: Settings) -> Path | None:
    """The key for the relay in use: one of the settings is for their relay, and for no other."""
    if arguments.access_key_file is not None:
        return expanded(arguments.access_key_file)
    if arguments.relay or arguments.listen or settings.has_key_of_another_relay:
        return None
    return settings.access_key_file


def _past(settings: Settings) -> Path | None:
    from client_pc.folders import data_folder

    try:
        return data_folder() if settings.history else None
    except UsageError:
        return None  # without a home there is no history


def _told(
    run: Callable[["Shell"], CertRelayError | None], arguments: argparse.Namespace, report: Report
) -> CertRelayError | None:
    """Run a copy in this terminal, and beside it in a browser if that is wanted."""
    with _shell(report) as shell:
        if not arguments.browser:
            return run(shell)
        from client_pc.browser import accompany

        return accompany(arguments.command, run, shell)


@contextmanager
def _shell(report: Report) -> "Iterator[Shell]":
    """The person at this terminal, with Ctrl-C as a fact to be asked for."""
    from random import uniform

    from certrelay.client.flow.session import Shell
    from certrelay.client.terminal.lines import standard_input

    _warn_root(report)
    shell = Shell(report, standard_input(), uniform)
    with shell.lines.interrupts.watched(shell.lines.wake):
        yield shell


def _warn_root(report: Report) -> None:
    """Say it where root works in the home folder of somebody else, as under macOS's sudo."""
    if sys.platform == "win32":  # which has no such user
        return
    import os

    with suppress(CertRelayError, OSError):
        own, home_folder = os.geteuid(), home()
        if own == 0 != home_folder.stat().st_uid:
            text = report.texts.say("pc.as_root", path=str(home_folder))
            report.event("as_root", text, path=printable(str(home_folder), None))
