"""The stores and certificates that a command line means."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError, UsageError
from certrelay.safe_text import printable
from client_pc.commands.common import data_folder
from client_pc.settings import Settings

if TYPE_CHECKING:
    from certrelay.bundle import Kind
    from certrelay.client.manage.inventory import Filter
    from certrelay.client.manage.stores import Stores
    from certrelay.client.store.reading import Entry


def store_of(arguments: argparse.Namespace, settings: Settings, report: Report) -> Path:
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


def stores_of(arguments: argparse.Namespace, settings: Settings, report: Report) -> "Stores":
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
    return Stores(tuple(dict.fromkeys(roots)), there, data_folder())


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


def filter_of(arguments: argparse.Namespace) -> "Filter":
    """The conditions: see `options.add_filter`."""
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


def entries_of(
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
        CertificateError: ``none_fits``.
    """
    from datetime import UTC, datetime

    from certrelay.client.manage.inventory import take_stock

    entries, wanted = stores.entries(), filter_of(arguments)
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
