"""What the commands ask of one certificate: its password, the km key's, a new one."""

from collections.abc import Mapping

from certrelay.bundle import Item
from certrelay.client.flow.choosing import Candidate
from certrelay.client.flow.dialogue import Ask, Dialogue, hold
from certrelay.client.flow.session import Shell
from certrelay.client.terminal.report import Report
from certrelay.errors import (
    PasswordError,
    UsageError,
)
from certrelay.frozen import frozen
from certrelay.pki import passwords
from certrelay.pki.check import inspect_with_password


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
        answers["new_password"] = hold(new_password(report), shell.lines, report)
    return answers


def _shared_password(report: Report) -> Dialogue[str]:
    return (yield Ask(report.texts.say("pc.ask.shared_password"), secret=True, name="password"))


def new_password(report: Report) -> Dialogue[str]:
    """Ask for a new password twice.

    Raises:
        PasswordError: ``weak_password``, ``passwords_differ``.
    """
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
