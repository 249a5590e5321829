"""`certrelay passwd`, `convert` and `delete`: changes of what is in a store.

Every change is written beside the old, opened again, and exchanged in one step.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from certrelay.bundle import Item
from certrelay.client.flow.choosing import Candidate
from certrelay.client.flow.describing import fields_of, line_of
from certrelay.client.flow.dialogue import Ask, Dialogue, hold, says_yes
from certrelay.client.flow.session import Shell
from certrelay.client.manage.sealed import Sealed
from certrelay.client.manage.stores import Stores
from certrelay.client.manage.trash import Trash, find_deleted
from certrelay.client.path_text import path_of
from certrelay.client.store import replace_files as disk
from certrelay.client.store import single_files
from certrelay.client.store.reading import Entry, read_and_inspect
from certrelay.client.store.store import Store
from certrelay.client.store.system import others_can_read
from certrelay.client.terminal.about import about as about_path
from certrelay.client.terminal.report import Report
from certrelay.errors import (
    CertificateError,
    CertRelayError,
    NotConfirmed,
    PasswordError,
    SomeFailed,
    UsageError,
)
from certrelay.frozen import frozen, replace
from certrelay.limits import TRASH_DAYS
from certrelay.pki import passwords, rewrap
from certrelay.pki.check import Summary, inspect_with_password
from certrelay.pki.pkcs12_writing import Style
from certrelay.safe_text import printable


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
    _say_if_unprotected(candidate, report)
    old = hold(ask_password(candidate, shell), shell.lines, report)
    km = KmKey()
    if km_differs(candidate.item, old):
        km = ask_km_key("pc.ask.km_password_kept", shell)
    new = hold(_new_password(report), shell.lines, report)

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
    _say_if_unprotected(candidate, shell.report)
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
        new = hold(_new_password(report), shell.lines, report)
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
        password = hold(_new_password(report), shell.lines, report)
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


def tell_saved(candidate: Candidate, path: Path, status: str, report: Report) -> None:
    """Tell where a certificate was stored, or that it was there already."""
    text = report.texts.say(f"story.saved.{status}", path=str(path))
    report.event("saved", text, status=status, path=path, source=candidate.path)
    if status == "stored" and others_can_read(path):
        text = report.texts.say("note.readable", path=str(path))
        report.event("note", text, code="readable", path=path)
    if report.columns is None:  # on a screen it stands already
        report.result(printable(str(path), None))


@frozen
class Deletion:
    """How `delete` deletes."""

    yes: bool = False
    """Whether nobody is asked."""

    forever: bool = False
    """Whether nothing goes to the trash."""

    dry_run: bool = False
    """Whether only what would go is told."""


def delete(
    stores: Stores, entries: Sequence[Entry], how: Deletion, shell: Shell
) -> CertRelayError | None:
    """Put certificates into the trash, broken ones too, after naming all that goes.

    Returns:
        ``not_deleted`` if the person did not say yes; ``some_failed``.
    """
    report, failed = shell.report, 0
    for entry in entries:
        names = disk.contents(entry.path)
        listing = "\n".join(f"    {printable(name, None)}" for name in names)
        text = f"  {_line(entry, report)}\n  {printable(str(entry.path), None)}\n{listing}"
        about_entry(entry, report).event("delete_wanted", text, files=list(names))
    if how.dry_run:
        report.event("dry_run", report.texts.say("pc.dry_run"))
        return None
    if not how.yes and not hold(_sure(report, len(entries)), shell.lines, report):
        return NotConfirmed("not_deleted")
    for entry in entries:
        try:
            remove(stores, entry, report, forever=how.forever)
        except CertRelayError as error:
            if len(entries) == 1:
                raise
            failed += 1
            text = report.texts.error(error)
            about_entry(entry, report).event("failed", text, code=error.code)
    return SomeFailed("some_failed", count=len(entries), failed=failed) if failed else None


def remove(stores: Stores, entry: Entry, report: Report, *, forever: bool = False) -> None:
    """Delete one without asking, and tell where it can be put back from."""
    now = datetime.now(UTC)
    summary = entry.summary
    owner = (summary.name if summary is not None else None) or entry.path.name
    report, path = about_entry(entry, report), str(entry.path)
    if forever:
        disk.delete(entry.path.parent, entry.path)
        text = report.texts.say("pc.deleted", path=path)
    else:
        root = stores.root_of(entry.path)
        trash = Trash(root if root in entry.path.parents else entry.path.parent)
        trash.drop_old(now)
        trash.put(entry.path, _fingerprint(entry), owner, now)
        text = report.texts.say("pc.trashed", path=path, days=TRASH_DAYS)
    report.event("deleted", text, forever=forever)


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


def restore(stores: Stores, target: str, report: Report) -> None:
    """Put what was deleted last back where it was.

    Raises:
        StorageError: ``not_in_trash``; ``name_taken`` if something stands there now.
    """
    trash, deleted = find_deleted(trashes(stores, target), target)
    trash.restore(deleted)
    text = report.texts.say("pc.restored", path=str(deleted.path))
    report.event("restored", text, **deleted.fields())


def trashes(stores: Stores, target: str = "") -> list[Trash]:
    """The trashes of the stores, and that of the folder in which a named file lay."""
    roots = [*stores.roots, *([path_of(target).absolute().parent] if target.strip() else [])]
    return [Trash(root) for root in dict.fromkeys(roots)]


def _line(entry: Entry, report: Report) -> str:
    if entry.summary is None:
        return report.texts.say("state.broken")
    return line_of(
        entry.summary, report.texts, datetime.now(UTC), checked=False, file=entry.path.name
    )


def about_entry(entry: Entry, report: Report) -> Report:
    """A report whose events say which entry they are about."""
    return about_path(report, path=entry.path, fingerprint=_fingerprint(entry))


def _fingerprint(entry: Entry) -> str | None:
    certificate = None if entry.summary is None else entry.summary.certificate
    return None if certificate is None else certificate.fingerprint


@frozen(repr=False)
class KmKey:
    """What becomes of a km key: whether it goes along, and its password if that is another."""

    taken: bool = True
    password: str | None = None

    def __repr__(self) -> str:
        return f"KmKey(taken={self.taken})"


def km_differs(item: Item, password: str) -> bool:
    """Tell whether the km key is under another password than the sign key."""
    if item.kind == "pkcs12":
        return False
    return inspect_with_password(item, password, plain_keys=True).km_error == "wrong_password"


def ask_km_key(question: str, shell: Shell, *, needed: bool = True) -> KmKey:
    """Say that the km key has another password, and ask for it; Enter leaves the key alone.

    Raises:
        PasswordError: ``wrong_km_password``, which names both ways out, if it is needed and no
            answer can come.
    """
    try:
        return hold(_km_key(question, shell.report), shell.lines, shell.report)
    except UsageError:
        if needed:
            raise PasswordError("wrong_km_password") from None
        return KmKey(taken=False)


def _km_key(question: str, report: Report) -> Dialogue[KmKey]:
    """Ask for the km key's own password; nothing typed leaves the key alone."""
    text = report.texts.error(PasswordError("wrong_km_password"))
    report.event("km_password_wanted", text)
    password = yield Ask(report.texts.say(question), secret=True, name="km_password")
    return KmKey(taken=password != "", password=password or None)


def about(candidate: Candidate, shell: Shell) -> Shell:
    """The same shell, whose events say which certificate they are about."""
    return replace(shell, report=candidate.about(shell.report))


def _say_if_unprotected(candidate: Candidate, report: Report) -> None:
    if not candidate.summary.protected:
        report.event("unprotected", report.texts.say("pc.passwd.unprotected"))


def ask_password(candidate: Candidate, shell: Shell) -> Dialogue[str]:
    """Ask for the password until it opens the certificate's key.

    What opens without one, since no password protects its key, is asked for none.
    """
    report, tries = shell.report, shell.lines.password_tries
    if not candidate.summary.protected and _opens(candidate.item, ""):
        return ""
    for tries_left in range(tries, 0, -1):
        report.event("password_wanted", tries_left=tries_left)
        answer = Ask(report.texts.say("story.ask.password"), secret=True, name="password")
        password = yield answer
        if _opens(candidate.item, password):
            return password
        if tries_left > 1:
            text = report.texts.say("story.password_wrong", tries_left=tries_left - 1)
            report.event("password_wrong", text, tries_left=tries_left - 1)
    raise PasswordError("password_tries" if tries > 1 else "wrong_password")


def _opens(item: Item, password: str) -> bool:
    try:
        inspect_with_password(item, password, plain_keys=True)
    except PasswordError:
        return False
    return True


def ask_for_all(known: Mapping[str, str], shell: Shell, *, needs_new: bool) -> dict[str, str]:
    """Ask once for the answers that all certificates of a list share.

    Args:
        known: What is known already.
        shell: Report and answers.
        needs_new: Whether a new password is wanted too.

    Raises:
        PasswordError: As for one certificate.
    """
    report, answers = shell.report, dict(known)
    if "password" not in answers:
        report.event("password_wanted", tries_left=1)
        answers["password"] = hold(_shared_password(report), shell.lines, report)
    if needs_new:
        answers["new_password"] = hold(_new_password(report), shell.lines, report)
    return answers


def _shared_password(report: Report) -> Dialogue[str]:
    return (yield Ask(report.texts.say("pc.ask.shared_password"), secret=True, name="password"))


def _new_password(report: Report) -> Dialogue[str]:
    texts = report.texts
    report.event("new_password_wanted", texts.say("pc.passwd.rule"), rules=passwords.rules())
    new = yield Ask(texts.say("pc.ask.new_password"), secret=True, name="new_password")
    faults = passwords.faults(new)
    if faults:
        raise PasswordError("weak_password", why=faults)
    again = Ask(texts.say("pc.ask.new_password_again"), secret=True, name="new_password_again")
    if (yield again) != new:
        raise PasswordError("passwords_differ")
    return new


def _sure(report: Report, count: int) -> Dialogue[bool]:
    key = "pc.ask.delete" if count == 1 else "pc.ask.delete_many"
    return says_yes((yield Ask(report.texts.say(key, count=count))))
