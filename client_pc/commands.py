"""What each command of `certrelay` does with its arguments: hand them to its module.

Each imports its own modules: a program's start is mostly imports.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from certrelay.client.home import expanded, home
from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError, CertRelayError, UsageError
from certrelay.safe_text import printable
from client_pc.settings import Settings, check_direction

if TYPE_CHECKING:
    from certrelay.bundle import Kind
    from certrelay.client.flow.session import Shell
    from certrelay.client.manage.inventory import Filter
    from certrelay.client.manage.stores import Stores
    from certrelay.client.store.reading import Entry
    from client_pc.batch import BatchCommand, Wanted
    from client_pc.copy import CopyOptions
    from client_pc.send import SendOptions


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
    from client_pc import batch
    from client_pc.send import send

    check_direction("export", settings)
    stores, way, past = (
        _stores(arguments, settings, report),
        _options(arguments, settings),
        _past(settings),
    )
    password = None
    if arguments.password_fd is not None:
        password = batch.first_line(arguments.password_fd)
    wanted: list[batch.Wanted] | None = None
    if arguments.listed is not None:
        wanted = list(batch.read_list(arguments.listed, to_blank=True))
        if not wanted:
            raise UsageError("no_target")
    elif not _filter(arguments).is_empty:
        wanted = list(batch.targets_of(_meant(arguments, stores), {}))
    elif arguments.targets:
        wanted = [batch.Wanted(target, {}) for target in arguments.targets]

    def run(shell: "Shell") -> CertRelayError | None:
        options = _send_options(
            arguments,
            wanted,
            password=password,
            keep_going=arguments.keep_going or not shell.lines.is_terminal,
            is_list=arguments.listed is not None,
            dry_run=arguments.dry_run,
        )
        return send(stores, options, way, shell, past)

    return _told(run, arguments, report)


def join(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay join`."""
    from certrelay.endpoint.times import Times
    from client_pc.batch import Wanted
    from client_pc.join import JoinOptions, join
    from client_pc.receive import Incoming
    from client_pc.send import Outgoing

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
    named = [Wanted(target, {}) for target in arguments.send]
    what = _send_options(arguments, named or None)
    with _shell(report) as shell:
        incoming = Incoming(root, shell, past, yes=arguments.yes)
        outgoing = Outgoing(_stores(arguments, settings, report), what, shell, past)
        return join(options, settings, incoming, outgoing, shell)


def _send_options(
    arguments: argparse.Namespace, wanted: "Sequence[Wanted] | None", **more: Any
) -> "SendOptions":
    from client_pc.send import SendOptions

    return SendOptions(
        wanted,
        arguments.style if arguments.form else None,
        arguments.also_delete,
        None if arguments.km is None else arguments.km == "with",
        **more,
    )


def list_all(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay list`."""
    from client_pc.manage import ListView, list_all
    from client_pc.words import COLUMNS

    columns = arguments.columns or (COLUMNS if arguments.verbose else None)
    view = ListView(_filter(arguments), arguments.sort, columns, arguments.csv)
    return list_all(_stores(arguments, settings, report), view, report)


def show(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay show`."""
    from client_pc.show import show, show_several

    stores = _stores(arguments, settings, report)
    with _shell(report) as shell:
        if len(arguments.targets) == 1 and _filter(arguments).is_empty:
            show(stores.pick(arguments.targets[0]), shell, opened=arguments.open)
            return None
        return show_several(_meant(arguments, stores), shell, opened=arguments.open)


def verify(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay verify`."""
    stores = _stores(arguments, settings, report)
    if _is_single(arguments):
        from client_pc.verify import Asked, verify

        asked = Asked(arguments.idn, arguments.ca, arguments.crl, arguments.online)
        with _shell(report) as shell:
            return verify(stores, arguments.targets[0], asked, shell)
    options = {
        "idn": arguments.idn,
        "authorities": [str(path.absolute()) for path in arguments.ca],
        "crl": None if arguments.crl is None else str(arguments.crl.absolute()),
        "online": arguments.online,
    }
    return _batch("verify", options, arguments, stores, report)


def passwd(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay passwd`."""
    stores, report = _stores(arguments, settings, report), _journal(report, settings)
    if not _is_single(arguments):
        return _batch("passwd", {"better": arguments.better}, arguments, stores, report)
    from client_pc.change import passwd

    with _shell(report) as shell:
        better, dry_run = arguments.better, arguments.dry_run
        passwd(stores, arguments.targets[0], shell, better=better, dry_run=dry_run)
    return None


def convert(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay convert`."""
    stores, report = _stores(arguments, settings, report), _journal(report, settings)
    options = {
        "to": arguments.to,
        "style": arguments.style,
        "km": arguments.km == "with",
        "out": arguments.out,
        "name": arguments.name,
        "new_password": arguments.new_password,
    }
    if not _is_single(arguments):
        if arguments.out == "-" or arguments.name:
            raise UsageError("not_together", one="--name, --out -", other="TARGET…")
        return _batch("convert", options, arguments, stores, report)
    from client_pc.change import Conversion, convert

    if arguments.out == "-" and arguments.json:
        raise UsageError("not_together", one="--out -", other="--json")
    with _shell(report) as shell:
        convert(
            stores, arguments.targets[0], Conversion(**options, dry_run=arguments.dry_run), shell
        )
    return None


def unlock(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay unlock`."""
    stores, report = _stores(arguments, settings, report), _journal(report, settings)
    if not _is_single(arguments):
        return _batch("unlock", {}, arguments, stores, report)
    from client_pc.change import unlock

    with _shell(report) as shell:
        unlock(stores, arguments.targets[0], shell)
    return None


def _is_single(arguments: argparse.Namespace) -> bool:
    """Whether one certificate is named, and its questions are asked as ever."""
    plain = arguments.listed is None and arguments.password_fd is None
    return plain and len(arguments.targets) == 1 and _filter(arguments).is_empty


def _batch(
    command: "BatchCommand",
    options: dict[str, Any],
    arguments: argparse.Namespace,
    stores: "Stores",
    report: Report,
) -> CertRelayError | None:
    """Run a command on several certificates."""
    from client_pc import batch
    from client_pc.change import ask_for_all

    with _shell(report) as shell:
        keep_going = arguments.keep_going or not shell.lines.is_terminal
        dry_run = getattr(arguments, "dry_run", False)
        how = batch.Batch(command, options, keep_going, dry_run, arguments.verbose)
        answers = {}
        if arguments.password_fd is not None:
            answers["password"] = batch.first_line(arguments.password_fd)
        if arguments.listed is not None:
            listed = batch.read_list(arguments.listed)
            wanted = [batch.Wanted(e.target, {**answers, **e.answers}) for e in listed]
        else:
            to = {"p12": "npki", "npki": "pkcs12"}.get(options.get("to", ""))
            prefer: Any = "pkcs12" if command == "unlock" else to
            entries = _meant(arguments, stores, prefer, one_file=command == "passwd")
            needs_new = command == "passwd" or options.get("new_password", False)
            answers = ask_for_all(answers, shell, needs_new=needs_new)
            wanted = list(batch.targets_of(entries, answers))
        return batch.run(how, wanted, stores, shell)


def delete(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay delete`."""
    from client_pc.change import Deletion, delete

    stores = _stores(arguments, settings, report)
    how = Deletion(arguments.yes, arguments.forever, arguments.dry_run)
    with _shell(_journal(report, settings)) as shell:
        return delete(stores, _meant(arguments, stores, one_file=True), how, shell)


def add(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """`certrelay add`."""
    from certrelay.client.path_text import path_of
    from client_pc.add import add

    root, report = _root(arguments, settings, report), _journal(report, settings, saved="add")
    return add(root, [path_of(each) for each in arguments.places], report)


def restore(arguments: argparse.Namespace, settings: Settings, report: Report) -> None:
    """`certrelay restore`."""
    from client_pc.change import restore

    stores = _stores(arguments, settings, report)
    restore(stores, arguments.target, _journal(report, settings))


def trash(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay trash`."""
    from client_pc.trash_view import empty_trash, show_trash

    stores = _stores(arguments, settings, report)
    if not arguments.empty:
        show_trash(stores, report)
        return None
    with _shell(report) as shell:
        return empty_trash(stores, shell, yes=arguments.yes)


def _meant(
    arguments: argparse.Namespace,
    stores: "Stores",
    prefer: "Kind | None" = None,
    *,
    one_file: bool = False,
) -> "list[Entry]":
    """The entries that are named, or fit the conditions.

    Args:
        arguments: The command line.
        stores: Where they are looked for.
        prefer: Of several files of one certificate, the kind that is taken.
        one_file: Whether it must be clear which of several files is meant.

    Raises:
        UsageError: ``no_target`` if neither says anything.
    """
    from datetime import UTC, datetime

    from certrelay.client.manage.inventory import take_stock

    entries, wanted = stores.entries(), _filter(arguments)
    if arguments.targets:
        named = [
            stores.pick_entry(target, entries, prefer, one_file=one_file)
            for target in arguments.targets
        ]
    elif wanted.is_empty:
        raise UsageError("no_target")
    else:
        named = list(entries)
    kept = {
        listed.path
        for listed in take_stock(entries, datetime.now(UTC))
        if wanted.is_empty or wanted.keeps(listed)
    }
    meant = [entry for entry in named if wanted.is_empty or entry.path in kept]
    if not meant:
        raise CertificateError("none_fits")
    return list({entry.path: entry for entry in meant}.values())


def _journal(report: Report, settings: Settings, saved: str = "convert") -> Report:
    """Write changes down; ``saved`` is what led to a certificate that is stored."""
    from client_pc.history.journal import journalled

    return journalled(report, _past(settings), saved)


def history(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay history`."""
    from client_pc.folders import data_folder
    from client_pc.history import History
    from client_pc.history.show import clear_history, show_history

    past = History(data_folder())
    if not arguments.clear:
        show_history(past, _stores(arguments, settings, report), report)
        return None
    if arguments.store or arguments.all_places:
        raise UsageError("not_together", one="--clear", other="--store")
    with _shell(report) as shell:
        return clear_history(past, shell, yes=arguments.yes)


def remind(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay remind`."""
    from client_pc.remind import Asked, remind

    asked = Asked(arguments.days, arguments.not_expired, arguments.notice)
    return remind(_stores(arguments, settings, report), asked, report, _past(settings))


def config(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay config`."""
    if arguments.act is None:
        from client_pc.config import show_settings

        return show_settings(settings, report)
    from client_pc.set_setting import set_setting

    is_set = arguments.act == "set"
    if arguments.setting is None or (is_set and arguments.value is None):
        raise UsageError("missing_arguments", argument="NAME VALUE" if is_set else "NAME")
    if not is_set and arguments.value is not None:
        raise UsageError("unknown_arguments", typed=arguments.value, near=None)
    set_setting(arguments.setting, arguments.value, report)
    return None


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


def centre(
    arguments: argparse.Namespace, settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay centre`."""
    from client_pc import centre

    return centre.run(settings, report, arguments.door, arguments.port)


def demo(
    arguments: argparse.Namespace, _settings: Settings, report: Report
) -> CertRelayError | None:
    """`certrelay demo`."""
    from client_pc.demo import demo

    return demo(report, arguments.keep)


def desktop(arguments: argparse.Namespace, _settings: Settings, report: Report) -> None:
    """`certrelay desktop`."""
    from client_pc.desktop.placing import install, remove

    _warn_root(report)
    if arguments.step == "install":
        install(report, remind=arguments.remind)
    elif arguments.remind:
        raise UsageError("not_together", one="--remind", other="remove")
    else:
        remove(report)


def completion(arguments: argparse.Namespace, settings: Settings, report: Report) -> None:
    """`certrelay completion`."""
    if arguments.shell != "targets":
        from client_pc.shell_integration import show_completion

        show_completion(arguments.shell, report)
        return
    from datetime import UTC, datetime
    from functools import partial

    from certrelay.client.terminal.screen import has_letters
    from client_pc.target_words import target_words

    arguments.store = list(map(expanded, _stores_in(arguments.words)))
    arguments.all_places = "--all-places" in arguments.words
    entries = _stores(arguments, settings, report).entries()
    letters = partial(has_letters, sys.stdout)
    for word, words in target_words(entries, report.texts, datetime.now(UTC), letters):
        report.result(f"{word}\t{words}")


def _stores_in(words: Sequence[str]) -> Iterator[Path]:
    """The stores that a command line names which is still being typed."""
    for before, word in pairwise(["", *words, ""]):
        if before == "--store" and word:
            yield Path(word.strip("\"'"))
        elif word.startswith("--store="):
            yield Path(word.removeprefix("--store=").strip("\"'"))


def man(arguments: argparse.Namespace, _settings: Settings, report: Report) -> None:
    """`certrelay man`."""
    from client_pc.shell_integration import show_manual

    show_manual(arguments.program, report)


def _root(arguments: argparse.Namespace, settings: Settings, report: Report) -> Path:
    """The NPKI folder that is written to; where that is not the one that was named, it is said.

    Raises:
        UsageError: ``not_together``, if several are named.
    """
    from client_pc.places import default_root, npki_folder

    if len(arguments.store) > 1:
        raise UsageError("not_together", one="--store", other="--store")
    named = _named(arguments, settings)
    if not named:
        return default_root()
    root = npki_folder(named[0])
    _tell_store(named[0], root, report)
    return root


def _named(arguments: argparse.Namespace, settings: Settings) -> tuple[Path, ...]:
    """The folders that somebody names: on the command line, else in the settings."""
    from certrelay.client.path_text import path_of

    if arguments.store:
        return tuple(path_of(str(each)) for each in arguments.store)
    return () if settings.store is None else (settings.store,)


def _tell_store(named: Path, root: Path, report: Report) -> None:
    if root != named:
        path = printable(str(root), None)
        report.event("store", report.texts.say("pc.store", path=path), path=root)


def _stores(arguments: argparse.Namespace, settings: Settings, report: Report) -> "Stores":
    """What is read: each folder that is named, with what lies loose in it, or the system's own."""
    from certrelay.client.manage.stores import Stores
    from client_pc.places import default_root, drives, found, loose, npki_folder

    named = _named(arguments, settings)
    roots: list[Path] = [] if named else [default_root()]
    for folder in named:
        root = npki_folder(folder, reading=True)
        _tell_store(folder, root, report)
        roots += [root] if root == folder or not loose(folder) else [root, folder]
    if arguments.all_places:
        known = {root.resolve() for root in roots}
        roots += [place for place in found() if place.resolve() not in known]
        roots += [
            drive for drive in found(drives()) if drive.resolve() != Path("/") and loose(drive)
        ]
    # A drive without an NPKI folder is there all the same.
    there = tuple(folder for folder in named if not folder.exists())
    return Stores(tuple(dict.fromkeys(roots)), there, _memory())


def _memory() -> Path | None:
    from client_pc.folders import data_folder

    try:
        return data_folder()
    except UsageError:
        return None  # without a home nothing is remembered


def _filter(arguments: argparse.Namespace) -> "Filter":
    from certrelay.client.manage.inventory import Filter

    return Filter(
        tuple(arguments.state),
        arguments.expires_within,
        arguments.owner,
        arguments.issuer,
        arguments.holder,
        arguments.kind,
        arguments.duplicates,
        arguments.superseded,
    )


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
    shell = Shell(report, standard_input(lambda: report.question), uniform)
    try:
        with shell.lines.interrupts.watched(shell.lines.wake):
            if report.question is not None:  # whoever answers for a person may go at any moment
                shell.lines.start()
            yield shell
    finally:
        shell.lines.close()


def _warn_root(report: Report) -> None:
    """Say it where root works in the home folder of somebody else, as under macOS's sudo."""
    if sys.platform == "win32":  # which has no such user
        return
    import os

    with suppress(CertRelayError, OSError):
        own, home_folder = os.geteuid(), home()
        if own == 0 != home_folder.stat().st_uid:
            text = report.texts.say("pc.as_root", path=str(home_folder))
            report.event("as_root", text, path=home_folder)
