"""`certrelay verify`: whether a certificate is what it claims, question by question.

Source: docs/security.md, attack 31.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from certrelay.client.flow.describing import faults_in_words, fields_of, line_of
from certrelay.client.flow.dialogue import Ask, Dialogue, hold
from certrelay.client.flow.session import Shell
from certrelay.client.manage.stores import Stores
from certrelay.client.store.reading import lone_km, read_file
from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError, CertRelayError, PasswordError
from certrelay.frozen import frozen, replace
from certrelay.limits import MAX_CRL_BYTES
from certrelay.pki.certificate import Certificate, parse_chain
from certrelay.pki.check import Summary
from certrelay.pki.kinds import kind_of, label
from certrelay.pki.revocation import RevocationList
from certrelay.pki.validity import last_day
from certrelay.pki.verification import Evidence, Finding, Verification, verify_item
from certrelay.safe_text import wrap
from certrelay.texts import Texts
from client_pc.asking import ask_km_key
from client_pc.telling import about

_UNPROTECTED = "-"
"""In place of the password of a file that none protects: it is asked for none."""


@frozen
class Asked:
    """What the command line asks beside the usual questions."""

    idn: bool = False
    """Whether the owner's number is compared; it is read from standard input."""

    authorities: Sequence[Path] = ()
    crl: Path | None = None
    online: bool = False
    """Whether the authority is asked over the network."""


def verify(stores: Stores, target: str, asked: Asked, shell: Shell) -> CertRelayError | None:
    """Judge one certificate and tell every finding.

    Returns:
        ``None`` only if everything holds, password and key included.
    """
    now = datetime.now(UTC)
    candidate = stores.pick(target)
    shell = about(candidate, shell)
    report = shell.report
    evidence = Evidence(
        now,
        authorities=tuple(c for path in asked.authorities for c in _authorities(path)),
        crl=None if asked.crl is None else _revocations(asked.crl),
    )
    report.event("checking", candidate.line(report.texts, now), **candidate.fields(now))
    if (lone := lone_km(candidate.path)) is not None:
        report.event("note", report.texts.say("note.lone_km", file=lone), code="lone_km", file=lone)
    protected = candidate.summary.protected
    password, idn = hold(_questions(asked, report, protected=protected), shell.lines, report)
    evidence = replace(evidence, idn=idn)
    verification = verify_item(candidate.item, password, evidence)
    if any(finding.reason == "other_password" for finding in verification.findings):
        km = ask_km_key("pc.ask.km_password_check", shell, needed=False)
        evidence = replace(evidence, km_password=km.password)
        verification = verify_item(candidate.item, password, evidence)
    if asked.online and (opened := verification.summary) is not None and opened.certificate:
        from client_pc import online  # with its HTTP: 40 ms

        known = (*evidence.authorities, *opened.authorities)
        finding = online.ask(opened.certificate, known, now, shell)
        verification = replace(verification, findings=(*verification.findings, finding))
    summary = verification.summary or candidate.summary
    begins = summary.certificate.not_before if summary.certificate else None
    first_day = "" if begins is None else last_day(begins)
    for finding in verification.findings:
        _tell(finding, first_day, report)
    if candidate.summary.certificate is None and verification.summary is not None:
        _tell_owner(verification.summary, report, now)
    error = _error_of(verification, password, first_day)
    report.event(
        "verified",
        report.texts.say("pc.verify.holds") if error is None else "",
        holds=error is None,
        only_expired=verification.only_expired,
        **fields_of(summary, now),
    )
    return error


def _questions(
    asked: Asked, report: Report, *, protected: bool
) -> Dialogue[tuple[str | None, str | None]]:
    password, idn = _UNPROTECTED, None
    if protected:
        report.event("password_wanted", tries_left=1)
        password = yield Ask(report.texts.say("story.ask.password"), secret=True, name="password")
    if asked.idn:
        report.event("idn_wanted")
        idn = (
            (yield Ask(report.texts.say("pc.ask.idn"), secret=True, name="idn"))
            .replace("-", "")
            .strip()
        )
    return password or None, idn


def _tell_owner(summary: Summary, report: Report, now: datetime) -> None:
    """Say whose a sealed file is, from whom, until when, and of what kind."""
    if summary.certificate is None:
        return
    kind = label(kind_of(summary.certificate), report.texts.say)
    line = line_of(summary, report.texts, now, checked=False)
    report.result(wrap(f"  {kind}: {line}", report.columns))
    report.event("opened", **fields_of(summary, now))


def _tell(finding: Finding, first_day: str, report: Report) -> None:
    texts = report.texts
    reason = _reason(finding, first_day, texts)
    text = texts.say(
        "pc.verify.line",
        question=texts.say(f"verify.{finding.question}"),
        answer=texts.say(f"answer.{finding.answer}"),
    )
    report.result(wrap(f"{text} ({reason})" if reason else text, report.columns))
    report.event(
        "finding",
        question=finding.question,
        answer=finding.answer,
        reason=finding.reason,
    )


def _reason(finding: Finding, first_day: str, texts: Texts) -> str:
    if not finding.reason or finding.reason == "valid":  # that is what its answer says
        return ""
    if finding.question == "structure" and finding.answer != "fails":
        return faults_in_words(finding.reason.split(", "), texts)
    own = f"reason.{finding.question}.{finding.reason}"
    known = (own, *(f"{kind}.{finding.reason}" for kind in ("reason", "state", "error")))
    return next(
        (texts.say(key, oid="?", day=first_day) for key in known if texts.has(key)), finding.reason
    )


def _error_of(
    verification: Verification, password: str | None, first_day: str
) -> CertRelayError | None:
    if verification.holds and password is not None:
        return None
    if password is None and not any(f.answer == "fails" for f in verification.findings):
        return PasswordError("no_password")
    found = {(f.question, f.reason) for f in verification.open}
    if ("password", "wrong_password") in found:
        return PasswordError("wrong_password")
    if ("password", "key_not_encrypted") in found:
        return CertificateError("key_not_encrypted")
    reasons = {reason for question, reason in found if question in ("revocation", "online")}
    if "revoked" in reasons:
        return CertificateError("revoked_certificate")
    if "suspended" in reasons:
        return CertificateError("suspended_certificate")
    if verification.only_expired:
        return CertificateError("expired_but_sound")
    if verification.only_early:
        return CertificateError("not_yet_but_sound", day=first_day)
    if {question for question, _ in found} == {"km"}:
        if ("km", "wrong_password") in found:
            return PasswordError("wrong_km_password")
        return CertificateError("km_not_sound")
    if found == {("chain", "no_issuer")}:
        return CertificateError("not_by_given")
    if all(f.answer == "unknown" for f in verification.open):
        return CertificateError("not_told")
    return CertificateError("not_sound")


def _revocations(path: Path) -> RevocationList:
    return RevocationList.parse(read_file(path, MAX_CRL_BYTES))


def _authorities(path: Path) -> tuple[Certificate, ...]:
    """Read a file of authorities: CaPubs, one certificate, or several in PEM."""
    try:
        return parse_chain(read_file(path))
    except CertificateError as error:
        if error.code != "bad_certificate":
            raise
        raise CertificateError("bad_authorities", file=path.name) from None
