"""`certrelay passwd`, `convert` and `delete`: changes of what is in a store.

Every change is written beside the old, opened again, and exchanged in one step.
"""

import os
from datetime import UTC, datetime
from typing import Literal

from certrelay.bundle import Item
from certrelay.client.flow.choosing import Candidate
from certrelay.client.flow.dialogue import Ask, Dialogue, hold, says_yes
from certrelay.client.flow.session import Shell
from certrelay.client.store import replace_files as disk
from certrelay.client.store.store import Store
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, NotConfirmed, PasswordError, UsageError
from certrelay.frozen import frozen
from certrelay.pki import passwords, rewrap
from certrelay.pki.check import inspect_with_password
from certrelay.pki.pkcs12_writing import Style
from certrelay.safe_text import printable
from client_pc.stores import Stores


def passwd(stores: Stores, target: str, shell: Shell, *, better: bool) -> None:
    """Put a certificate's keys under a new password: same key, same VID.

    Raises:
        PasswordError: ``password_tries``, ``weak_password``, ``passwords_differ``.
        CertRelayError: As `certrelay.client.store.replace_files.change`; the old one is untouched.
    """
    report = shell.report
    candidate = stores.pick(target)
    _say_if_unprotected(candidate, report)
    old = hold(ask_password(candidate, shell), shell.lines, report)
    km = KmKey()
    if km_differs(candidate.item, old):
        km = ask_km_key("pc.ask.km_password_kept", shell)
    new = hold(_new_password(report), shell.lines, report)

    def make(item: Item) -> Item:
        return rewrap.change_password(
            item, old, new, os.urandom, better=better, km=km.taken, km_password=km.password
        )

    disk.change(candidate.path.parent, candidate.path, make)
    done = "pc.passwd.done" if candidate.summary.protected else "pc.passwd.set"
    report.event("changed", report.texts.say(done), path=_shown(candidate))


@frozen
class Form:
    """What `convert` makes."""

    to: Literal["p12", "npki"]
    style: Style = "field"
    """Of a PKCS#12 file."""
    km: bool = True
    """Whether a PKCS#12 file gets the km pair too."""


def convert(stores: Stores, target: str, form: Form, shell: Shell) -> None:
    """Make the other kind of file, with the same password; the source stays.

    Keys that no password protects get a new one.

    Raises:
        UsageError: ``same_kind``, if it is of that kind already.
        CertRelayError: If it does not open, or cannot be stored; nothing half is left.
    """
    report = shell.report
    candidate = stores.pick(target)
    if (candidate.item.kind == "pkcs12") == (form.to == "p12"):
        raise UsageError("same_kind")
    _say_if_unprotected(candidate, report)
    old = password = hold(ask_password(candidate, shell), shell.lines, report)
    km = KmKey(form.km)
    if form.to == "p12" and form.km and km_differs(candidate.item, old):
        km = ask_km_key("pc.ask.km_password", shell)
    if not candidate.summary.protected:
        password = hold(_new_password(report), shell.lines, report)
    made: tuple[Item, ...]
    if form.to == "p12":
        made = (_pkcs12_of(candidate.item, old, password, form.style, km),)
        style = report.texts.say(f"style.{form.style}")
        report.event("style", report.texts.say("pc.style", style=style), style=form.style)
    else:
        made = rewrap.to_npki(candidate.item, old, password, os.urandom)
    if not candidate.summary.protected:
        text = report.texts.say("note.source_unprotected")
        report.event("note", text, code="source_unprotected")
    store = Store(stores.root)
    for item in made:
        place = inspect_with_password(item, password).place
        saved = store.save(item, place, beside=True)
        text = report.texts.say(f"story.saved.{saved.status}", path=str(saved.path))
        shown = printable(str(saved.path), None)
        report.event("saved", text, status=saved.status, path=shown)
        if report.columns is None:  # on a screen it stands already
            report.result(shown)


def delete(stores: Stores, target: str, shell: Shell, *, yes: bool) -> CertRelayError | None:
    """Remove a certificate after naming all that goes.

    Returns:
        ``not_deleted`` if the person did not say yes.
    """
    report = shell.report
    candidate = stores.pick(target)
    names = disk.contents(candidate.path)
    listing = "\n".join(f"    {printable(name, None)}" for name in names)
    line = candidate.line(report.texts, datetime.now(UTC))
    text = f"  {line}\n  {_shown(candidate)}\n{listing}"
    report.event("delete_wanted", text, path=_shown(candidate), files=list(names))
    if not yes and not hold(_sure(report), shell.lines, report):
        return NotConfirmed("not_deleted")
    remove(candidate, report)
    return None


def remove(candidate: Candidate, report: Report) -> None:
    """Remove a certificate without asking."""
    disk.delete(candidate.path.parent, candidate.path)
    text = report.texts.say("pc.deleted", path=str(candidate.path))
    report.event("deleted", text, path=_shown(candidate))


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
    password = yield Ask(report.texts.say(question), secret=True)
    return KmKey(taken=password != "", password=password or None)


def _pkcs12_of(item: Item, password: str, new: str, style: Style, km: KmKey) -> Item:
    return rewrap.to_pkcs12(
        item, password, new, os.urandom, style, km=km.taken, km_password=km.password
    )


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
        password = yield Ask(report.texts.say("story.ask.password"), secret=True)
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


def _new_password(report: Report) -> Dialogue[str]:
    texts = report.texts
    report.event("new_password_wanted", texts.say("pc.passwd.rule"))
    new = yield Ask(texts.say("pc.ask.new_password"), secret=True)
    faults = passwords.faults(new)
    if faults:
        raise PasswordError("weak_password", why=", ".join(texts.say(f"fault.{f}") for f in faults))
    if (yield Ask(texts.say("pc.ask.new_password_again"), secret=True)) != new:
        raise PasswordError("passwords_differ")
    return new


def _sure(report: Report) -> Dialogue[bool]:
    return says_yes((yield Ask(report.texts.say("pc.ask.delete"))))


def _shown(candidate: Candidate) -> str:
    return printable(str(candidate.path), None)
