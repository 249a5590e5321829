"""Whether a certificate's password opens it: asked, and seen, before anything is sent.

The password stays on this device: it opens the key here, is compared with the certificate,
and is forgotten.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from certrelay.bundle import Item
from certrelay.client.flow.choosing import Candidate
from certrelay.client.flow.dialogue import Ask, Dialogue
from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError, PasswordError
from certrelay.frozen import frozen
from certrelay.limits import PASSWORD_TRIES
from certrelay.pki.check import inspect_with_password


@frozen(repr=False)
class Opened:
    """A certificate whose password was right; ``None`` where nobody here can tell."""

    candidate: Candidate
    password: str | None

    def __repr__(self) -> str:
        return f"Opened({self.candidate.path})"


class Passwords:
    """Opens one certificate after the other.

    A password that opened one is tried on the next without asking again.

    Args:
        report: Where it is told.
        now: The wall clock's time.
        tries: How many wrong ones are allowed.
        known: A password that is there beforehand; then none is asked for.
        each_anew: Whether the tries count for each certificate by itself.
    """

    def __init__(
        self,
        report: Report,
        now: datetime,
        tries: int = PASSWORD_TRIES,
        known: str | None = None,
        *,
        each_anew: bool = False,
    ) -> None:
        self._report: Final = report
        self._now: Final = now
        self._tries: Final = tries
        self._asks: Final = known is None
        self._each_anew: Final = each_anew
        self._left = tries
        self._known: Final = [] if known is None else [known]

    def open(self, candidate: Candidate, own: str | None = None) -> Dialogue[Opened]:
        """See that a password opens the key and the key fits.

        A key in a cipher that cannot be opened here is passed on as it is, and that is said.

        Args:
            candidate: The certificate.
            own: Its password, where that is known; no other is tried then.

        Raises:
            PasswordError: ``password_tries``, after the last of several tries; ``wrong_password``
                where there was one.
            CertificateError: ``key_not_encrypted``, ``key_mismatch`` and the like: this
                certificate cannot be sent.
        """
        report = candidate.about(self._report)
        line = candidate.line(report.texts, self._now)
        report.event("checking", line, **candidate.fields(self._now))
        if not candidate.summary.protected:
            raise CertificateError("key_not_encrypted")
        for password in self._known if own is None else (own,):
            opens = _opens(candidate.item, password, report)
            if opens is not False:
                return Opened(candidate, password if opens else None)
        if own is not None or not self._asks:
            raise PasswordError("wrong_password")
        if self._each_anew:
            self._left = self._tries
        return (yield from self._ask(candidate, report))

    def _ask(self, candidate: Candidate, report: Report) -> Dialogue[Opened]:
        while True:
            report.event("password_wanted", tries_left=self._left)
            typed = yield Ask(report.texts.say("story.ask.password"), secret=True)
            opens = _opens(candidate.item, typed, report)
            if opens is None:
                return Opened(candidate, None)
            if opens:
                self._known.append(typed)
                return Opened(candidate, typed)
            self._left -= 1
            if self._left == 0:
                raise PasswordError("password_tries" if self._tries > 1 else "wrong_password")
            text = report.texts.say("story.password_wrong", tries_left=self._left)
            report.event("password_wrong", text, tries_left=self._left)


def check_passwords(
    chosen: Sequence[Candidate], report: Report, now: datetime
) -> Dialogue[tuple[Opened, ...]]:
    """Open all of them, or none: see `Passwords.open`."""
    passwords = Passwords(report, now)
    opened = []
    for candidate in chosen:
        opened.append((yield from passwords.open(candidate)))
    return tuple(opened)


def _opens(item: Item, password: str, report: Report) -> bool | None:
    """Tell whether the password opens the item; ``None`` if nobody here can tell."""
    try:
        inspect_with_password(item, password)
    except PasswordError:
        return False
    except CertificateError as error:
        if error.code != "unsupported_algorithm":
            raise
        report.event("unverified", report.texts.say("story.unverified"))
        return None
    return True
