"""`certrelay passwd`, `convert` and `unlock`: changes of what is in a store.

Every change is written beside the old, opened again, and exchanged in one step.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from certrelay.bundle import Item
from certrelay.client.flow.choosing import Candidate
from certrelay.client.flow.describing import fields_of, line_of
from certrelay.client.flow.dialogue import hold
from certrelay.client.flow.session import Shell
from certrelay.client.manage.sealed import Sealed
from certrelay.client.manage.stores import Stores
from certrelay.client.path_text import path_of
from certrelay.client.store import replace_files as disk
from certrelay.client.store import single_files
from certrelay.client.store.reading import read_and_inspect
from certrelay.client.store.store import Store
from certrelay.errors import (
    CertificateError,
    CertRelayError,
    UsageError,
)
from certrelay.frozen import frozen
from certrelay.pki import rewrap
from certrelay.pki.check import Summary, inspect_with_password
from certrelay.pki.pkcs12_writing import Style
from client_pc.asking import KmKey, ask_km_key, ask_password, km_differs, new_password
from client_pc.telling import about, say_if_unprotected, tell_saved


def passwd(
    stores: Stores, target: str, shell: Shell, *, better: bool, dry_run: bool = False
) -> None:
    """Put a certificate's keys under a new password: same key, same VID.

    Args:
        stores: Where it is looked for.
        target: As `certrelay.client.manage.stores.Stores.pick`.
        shell: Report and answers.
        better: Use AES-256 in place of the file's own cipher.
        dry_run: See that both passwords would do, and change nothing.

    Raises:
        PasswordError: ``password_tries``, ``weak_password``, ``passwords_differ``.
        CertRelayError: As `certrelay.client.store.replace_files.change`; the old one is untouched.
    """
    candidate = stores.pick(target, one_file=True)
    shell = about(candidate, shell)
    report = shell.report
    say_if_unprotected(candidate, report)
    old = hold(ask_password(candidate, shell), shell.lines, report)
    km = KmKey()
    if km_differs(candidate.item, old):
        km = ask_km_key("pc.ask.km_password_kept", shell)
    new = hold(new_password(report), shell.lines, report)

    if dry_run:
        report.event("would_change", report.texts.say("pc.dry_run"))
        return

    def make(item: Item) -> Item:
        return rewrap.change_password(
            item, old, new, os.urandom, better=better, km=km.taken, km_password=km.password
        )

    disk.change(candidate.path.parent, candidate.path, make)
    done = "pc.passwd.done" if candidate.summary.protected else "pc.passwd.set"
    report.event("changed", report.texts.say(done))


@frozen
class Conversion:
    """What `convert` makes."""

    to: Literal["p12", "npki"]
    style: Style = "field"
    """Of a PKCS#12 file."""
    km: bool = True
    """Whether a PKCS#12 file gets the km pair too."""
    out: str | None = None
    """A folder, a PKCS#12 file, or ``-`` for standard output; the certificate's own store if
    nothing is said."""
    name: str | None = None
    """What a PKCS#12 file is called, without its ending."""
    new_password: bool = False
    """Whether a PKCS#12 file gets a password of its own."""
    dry_run: bool = False


def convert(stores: Stores, target: str, form: Conversion, shell: Shell) -> None:
    """Make the other kind of file; the source stays.  What is there already is not made again.

    It has the same password, unless another one is wanted.  A key that no password protects gets
    a new one.

    Raises:
        UsageError: ``same_kind``, if it is of that kind already.
        CertRelayError: If it does not open, or cannot be stored; nothing half is left.
    """
    candidate = stores.pick(target, "npki" if form.to == "p12" else "pkcs12")
    shell = about(candidate, shell)
    if (candidate.item.kind == "pkcs12") == (form.to == "p12"):
        raise UsageError("same_kind")
    say_if_unprotected(candidate, shell.report)
    password = hold(ask_password(candidate, shell), shell.lines, shell.report)
    if form.to == "p12":
        _to_p12(stores, candidate, password, form, shell)
    else:
        _to_npki(stores, candidate, password, form, shell)
    if not candidate.summary.protected:
        text = shell.report.texts.say("note.source_unprotected")
        shell.report.event("note", text, code="source_unprotected")


def _to_p12(
    stores: Stores, candidate: Candidate, password: str, form: Conversion, shell: Shell
) -> None:
    report, new, km = shell.report, password, KmKey(form.km)
    if form.km and km_differs(candidate.item, password):
        km = ask_km_key("pc.ask.km_password", shell)
    if form.new_password or not candidate.summary.protected:
        new = hold(new_password(report), shell.lines, report)
    certificate = candidate.summary.certificate
    assert certificate is not None
    place = single_files.Destination(
        single_files.folder_of(form.out, stores.root_of(candidate.path)),
        form.name or single_files.stem_of(certificate),
        certificate.fingerprint,
        (new, password),
        single_files.file_of(form.out),
    )
    if form.out != "-" and (there := single_files.find(place)) is not None:
        tell_saved(candidate, there, "duplicate", report)
        return
    item = rewrap.to_pkcs12(
        candidate.item, password, new, os.urandom, form.style, km=km.taken, km_password=km.password
    )
    content = item.get("pkcs12") or b""
    style = report.texts.say(f"style.{form.style}")
    report.event("style", report.texts.say("pc.style", style=style), style=form.style)
    if form.dry_run:
        report.event("would_save", report.texts.say("pc.dry_run"), path=single_files.free(place))
    elif form.out == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        path, is_new = single_files.save(content, place)
        tell_saved(candidate, path, "stored" if is_new else "duplicate", report)


def _to_npki(
    stores: Stores, candidate: Candidate, old: str, form: Conversion, shell: Shell
) -> None:
    report, password = shell.report, old
    if form.new_password or not candidate.summary.protected:
        password = hold(new_password(report), shell.lines, report)
    root = path_of(form.out) if form.out else stores.root_of(candidate.path)
    store = Store(root)
    for item in rewrap.to_npki(candidate.item, old, password, os.urandom):
        summary = inspect_with_password(item, password)
        there = _pair_there(root, summary)
        if there is not None:
            tell_saved(candidate, there, "duplicate", report)
        elif form.dry_run:
            path = root.joinpath(*summary.place)
            report.event("would_save", report.texts.say("pc.dry_run"), path=path)
        else:
            saved = store.save(item, summary.place, beside=True)
            tell_saved(candidate, saved.path, saved.status, report)


def _pair_there(root: Path, summary: Summary) -> Path | None:
    """The folder of a store in which this very certificate lies, if it does."""
    first = root.joinpath(*summary.place)
    try:
        beside = sorted(first.parent.iterdir())
    except OSError:
        return None
    for path in beside:
        if path.name != first.name and not path.name.startswith(f"{first.name} ("):
            continue
        try:
            _, there = read_and_inspect(path)
        except CertRelayError:
            continue
        if there.certificate == summary.certificate:
            return path
    return None


def unlock(stores: Stores, target: str, shell: Shell) -> None:
    """Open a sealed PKCS#12 file once, so that lists and reminders know whose it is; its
    certificate is kept, and no secret.

    Raises:
        CertRelayError: If it does not open, or nothing is remembered on this PC.
    """
    candidate = stores.pick(target, "pkcs12")
    shell = about(candidate, shell)
    password = hold(ask_password(candidate, shell), shell.lines, shell.report)
    summary = inspect_with_password(candidate.item, password)
    if summary.certificate is None or stores.memory is None:
        raise CertificateError("not_told")
    if candidate.item.kind == "pkcs12":
        Sealed(stores.memory).learn(candidate.item.get("pkcs12") or b"", summary.certificate)
    report, now = shell.report, datetime.now(UTC)
    line = line_of(summary, report.texts, now)
    report.event("unlocked", report.texts.say("pc.unlocked", line=line), **fields_of(summary, now))
