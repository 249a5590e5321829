"""`certrelay show`: everything about one certificate."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from certrelay.bundle import Item
from certrelay.client.flow.choosing import Candidate
from certrelay.client.flow.describing import faults_in_words, fields_of, files_of
from certrelay.client.flow.dialogue import hold
from certrelay.client.flow.session import Shell
from certrelay.client.store.reading import FILE_NAMES, Entry, files_by_role, lone_km
from certrelay.client.terminal import layout
from certrelay.errors import CertificateError, CertRelayError, PasswordError, SomeFailed
from certrelay.frozen import frozen, replace
from certrelay.pki import facts, npki
from certrelay.pki.certificate import Certificate
from certrelay.pki.check import Summary, inspect_with_password
from certrelay.pki.kinds import kind_of, label
from certrelay.pki.validity import last_day
from certrelay.safe_text import printable
from certrelay.texts import Texts
from client_pc.asking import ask_password
from client_pc.telling import about_entry

_DIGEST: Final = "sha256 "


def show_several(entries: Sequence[Entry], shell: Shell, *, opened: bool) -> CertRelayError | None:
    """Tell everything of several, one after the other; of a broken one, what is wrong with it.

    Returns:
        ``some_failed`` if one or more cannot be read.
    """
    report, failed = shell.report, 0
    for at, entry in enumerate(entries):
        if at:
            report.result("")
        try:
            show(candidate_at(entry), shell, opened=opened)
        except (CertificateError, PasswordError) as error:
            failed += 1
            text = f"{printable(str(entry.path), None)}: {report.texts.error(error)}"
            about_entry(entry, report).event("failed", text, code=error.code)
    return SomeFailed("some_failed", count=len(entries), failed=failed) if failed else None


def candidate_at(entry: Entry) -> Candidate:
    """What the list has read already.

    Raises:
        CertRelayError: Why it could not be read.
    """
    if entry.item is None or entry.summary is None:
        raise entry.error or CertificateError("bad_certificate")
    return Candidate(1, entry.path, entry.item, entry.summary)


def show(candidate: Candidate, shell: Shell, *, opened: bool) -> None:
    """Tell everything of one certificate.

    Args:
        candidate: The certificate.
        shell: Report and answers.
        opened: Ask for the password and tell what only it shows.

    Raises:
        CertRelayError: ``password_tries``.
    """
    report, now = shell.report, datetime.now(UTC)
    if opened:
        password = hold(ask_password(candidate, shell), shell.lines, report)
        summary = inspect_with_password(candidate.item, password, plain_keys=True)
        candidate = replace(candidate, summary=summary)
    told = _Told(candidate, report.texts, now)
    report = candidate.about(report)
    report.event("certificate", **told.fields())
    rows = [(report.texts.say(f"pc.list.{key}"), value) for key, value in told.rows() if value]
    rows += [(role, _DIGEST + digest) for role, digest in files_of(candidate.item).items()]
    for line in layout.pairs(rows, report.columns):
        report.result(line)
    for code, note, fields in told.notes():
        report.event("note", note, code=code, **fields)


@frozen
class _Told:
    """What is told of a certificate."""

    candidate: Candidate
    texts: Texts
    now: datetime

    @property
    def summary(self) -> Summary:
        return self.candidate.summary

    def fields(self) -> dict[str, Any]:
        """What a script reads."""
        certificate, km = self.summary.certificate, self.summary.km_certificate
        ways, style = self._protection()
        more: dict[str, Any] = {
            "path": self.candidate.path,
            "protected": self.summary.protected,
        }
        if certificate is not None:
            more |= {
                "subject": certificate.subject,
                "issuer_name": certificate.issuer,
                "policies": list(certificate.extensions.policies),
                "key": facts.key_kind(certificate),
                "signature": facts.signature_kind(certificate),
                "faults": list(certificate.faults),
            }
        if km is not None:
            more["km_serial"] = str(km.serial)
        if style is not None:
            more["style"] = style
        digests = files_of(self.candidate.item)
        return {
            **fields_of(self.summary, self.now),
            **more,
            "encryption": list(ways),
            "sha256": digests,
        }

    def rows(self) -> list[tuple[str, str]]:
        """What a person reads: the key of each name with its value, an empty one left out."""
        say, certificate = self.texts.say, self.summary.certificate
        rows: list[tuple[str, str]] = []
        if certificate is None:
            rows.append(("kind", say("use.sealed")))
            rows.append(("cn", printable(self.summary.name or "", None)))
        else:
            rows += self._rows_of(certificate)
        if self.summary.km_certificate is not None:
            rows.append(("km", self._km(self.summary.km_certificate)))
        if self.summary.key is not None:
            held = self.summary.key.vid_random is not None
            rows.append(("vid", say("pc.show.vid_held" if held else "pc.show.vid_missing")))
        ways, style = self._protection()
        if not self.summary.protected:
            ways = (*ways, say("pc.show.unprotected"))
        rows.append(("encryption", "; ".join(ways)))
        if style is not None and self.summary.protected:
            rows.append(("style", say(f"style.{style}")))
        return [*rows, ("path", self._path())]

    def _rows_of(self, certificate: Certificate) -> list[tuple[str, str]]:
        kind = kind_of(certificate)
        state = fields_of(self.summary, self.now)["state"]
        return [
            ("kind", label(kind, self.texts.say)),
            ("cn", printable(certificate.cn)),
            ("subject", printable(certificate.subject, None)),
            ("issuer", printable(certificate.issuer, None)),
            ("serial", str(certificate.serial)),
            ("from", last_day(certificate.not_before) if certificate.not_before else ""),
            ("until", last_day(certificate.not_after) if certificate.not_after else ""),
            ("state", self.texts.say(f"state.{state}")),
            ("policy", ", ".join(certificate.extensions.policies)),
            ("key", facts.key_kind(certificate)),
            ("signature", facts.signature_kind(certificate)),
            ("fingerprint", certificate.fingerprint),
            ("faults", faults_in_words(certificate.faults, self.texts)),
        ]

    def _km(self, certificate: Certificate) -> str:
        end = certificate.not_after
        return self.texts.say(
            "pc.show.km", serial=str(certificate.serial), until=last_day(end) if end else "?"
        )

    def _path(self) -> str:
        return printable(str(self.candidate.path), None)

    def _protection(self) -> tuple[tuple[str, ...], str | None]:
        """How the keys are encrypted, and the style of a PKCS#12 file."""
        item = self.candidate.item
        if item.kind == "pkcs12":
            return facts.pkcs12_protection(item.get("pkcs12") or b"")
        files = [file for role in ("signPri", "kmPri") if (file := item.get(role)) is not None]
        encrypted = [file for file in files if npki.plain_key(file) is None]
        return tuple(dict.fromkeys(map(facts.key_file_protection, encrypted))), None

    def notes(self) -> "list[Note]":
        """What is odd and does no harm, and how to see more."""
        say = self.texts.say
        more: list[Note] = []
        if self.summary.certificate is None:
            more.append(("sealed", say("note.sealed"), {}))
        if not self.summary.protected:
            more.append(("unprotected", say("note.unprotected"), {}))
        return [*notes_of(self.candidate.path, self.candidate.item, self.texts), *more]


Note = tuple[str, str, dict[str, Any]]
"""A note's code, its sentence, and what a script reads beside the code."""


def notes_of(path: Path, item: Item, texts: Texts) -> list[Note]:
    """Say of a certificate's files what is odd about them and does no harm."""
    notes: list[Note] = []
    for file in item.files:
        outer = facts.outer_form(file.content)
        if outer is None:
            continue
        name = _name(path, file.role)
        if outer.form != "der":
            form = outer.form.upper() if outer.form == "pem" else outer.form
            text = texts.say("note.form", file=name, form=form)
            notes.append(("form", text, {"file": name, "form": outer.form}))
        if outer.tail:
            text = texts.say("note.tail", file=name, count=outer.tail)
            notes.append(("tail", text, {"file": name, "bytes": outer.tail}))
    if (lone := lone_km(path)) is not None:
        notes.append(("lone_km", texts.say("note.lone_km", file=lone), {"file": lone}))
    return notes


def _name(path: Path, role: str) -> str:
    """The file's name of a role."""
    if role == "pkcs12":
        return path.name
    try:
        return files_by_role(path)[role].name
    except (CertificateError, KeyError, OSError):
        return FILE_NAMES.get(role, role)
