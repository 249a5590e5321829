"""Judges a certificate from every side: what `certrelay verify` tells.

Each question has its own finding, so that a person sees what holds and what does not: an
expired certificate that is sound otherwise says exactly that.

Source: docs/security.md, attack 31.
"""

from datetime import datetime
from typing import Literal

from certrelay.bundle import Item
from certrelay.errors import CertRelayError
from certrelay.frozen import frozen
from certrelay.pki import chain, check, revocation, validity, vid
from certrelay.pki.certificate import Certificate
from certrelay.pki.check import Summary
from certrelay.pki.revocation import RevocationList

Question = Literal[
    "structure",
    "password",
    "key",
    "km",
    "vid",
    "identity",
    "validity",
    "chain",
    "revocation",
    "online",
]
Answer = Literal["holds", "fails", "unknown", "skipped"]


@frozen
class Finding:
    """One question, its answer, and the reason in one word where there is one."""

    question: Question
    answer: Answer
    reason: str = ""
    asked: bool = True
    """Whether the person asked it: what lies beside a certificate may tell nothing, and that
    makes nothing worse than if it were not there."""


@frozen
class Verification:
    """All findings about one item."""

    findings: tuple[Finding, ...]
    summary: Summary | None

    @property
    def holds(self) -> bool:
        """Whether nothing fails and nothing that was asked stays unknown."""
        return all(
            finding.answer in ("holds", "skipped")
            or (finding.answer == "unknown" and not finding.asked)
            for finding in self.findings
        )

    @property
    def only_expired(self) -> bool:
        """Whether its time being over is all that is wrong with it."""
        return [f.reason for f in self.open] == ["expired"]

    @property
    def only_early(self) -> bool:
        """Whether its time not having begun is all that is wrong with it."""
        return [f.reason for f in self.open] == ["not_yet"]

    @property
    def open(self) -> tuple[Finding, ...]:
        """What keeps it from holding."""
        return tuple(
            f for f in self.findings if f.answer == "fails" or (f.answer == "unknown" and f.asked)
        )

    def answer(self, question: Question) -> Finding:
        """The finding of one question."""
        return next(finding for finding in self.findings if finding.question == question)


@frozen(repr=False)
class Evidence:
    """What is judged with, beside the password.  It never shows itself in a log."""

    now: datetime
    idn: str | None = None
    """The owner's resident or business number, if the person gave it."""
    authorities: tuple[Certificate, ...] = ()
    """Given by the person, and so trusted."""
    crl: RevocationList | None = None
    km_password: str | None = None
    """The km key's own password, where it has one and the person gave it."""

    def __repr__(self) -> str:
        return f"Evidence({self.now.isoformat()})"


def verify_item(item: Item, password: str | None, evidence: Evidence) -> Verification:
    """Judge an item.

    Args:
        item: Read from a disk.
        password: ``None`` judges what can be judged without.
        evidence: Time and what the person gave.

    Returns:
        Findings in the order of `Question`; never raises for what is wrong with the item.
    """
    findings: list[Finding] = []
    summary = _opened(item, password, evidence.km_password, findings)
    if summary is None or summary.certificate is None:
        return Verification(tuple(findings), summary)
    certificate = summary.certificate
    findings += _vid(summary, certificate, evidence.idn)
    findings.append(_validity(certificate, evidence.now))
    findings.append(_chain(summary, certificate, evidence))
    findings.append(_revocation(summary, certificate, evidence))
    return Verification(tuple(findings), summary)


def _opened(
    item: Item, password: str | None, km_password: str | None, findings: list[Finding]
) -> Summary | None:
    try:
        summary = check.inspect(item, plain_keys=True)
    except CertRelayError as error:
        findings.append(Finding("structure", "fails", error.code))
        return None
    certificate = summary.certificate
    broken = () if certificate is None else certificate.unreadable
    faults = () if certificate is None else certificate.faults
    findings.append(Finding("structure", "unknown" if broken else "holds", ", ".join(faults)))
    if password is None:
        findings += [Finding("password", "skipped"), Finding("key", "skipped")]
        return summary
    try:
        opened = check.inspect_with_password(item, password, km_password=km_password)
    except CertRelayError as error:
        findings += _failed_opening(error.code)
        return summary
    findings.append(Finding("password", "holds"))
    findings.append(
        Finding("key", "holds")
        if opened.reason != "key_cannot_be_compared"
        else Finding("key", "unknown", opened.reason or "")
    )
    if opened.km_certificate is not None:
        findings.append(_km(opened.km_error, km_password))
    return opened


def _km(error: str | None, own_password: str | None) -> Finding:
    """The km pair.  A password of its own that nobody has given is no fault: the pair that
    signs, which banks ask for, does not need it."""
    if error == "wrong_password" and own_password is None:
        return Finding("km", "unknown", "other_password", asked=False)
    return Finding("km", "fails" if error else "holds", error or "")


def _failed_opening(code: str) -> list[Finding]:
    if code == "key_not_encrypted":
        return [Finding("password", "fails", code), Finding("key", "skipped", code)]
    if code == "wrong_password":
        return [Finding("password", "fails", code), Finding("key", "unknown", code)]
    if code == "key_mismatch":
        return [Finding("password", "holds"), Finding("key", "fails", code)]
    return [Finding("password", "unknown", code), Finding("key", "unknown", code)]


def _vid(summary: Summary, certificate: Certificate, idn: str | None) -> list[Finding]:
    """The VID random, and whether the number is the owner's (본인확인)."""
    if summary.key is None:
        identity = [] if idn is None else [Finding("identity", "unknown", "key_not_open")]
        return [Finding("vid", "skipped", "key_not_open"), *identity]
    random = summary.key.vid_random
    findings = [Finding("vid", "holds") if random else Finding("vid", "fails", "vid_missing")]
    if random is None and certificate.extensions.vid is None:
        findings = [Finding("vid", "skipped", "no_vid")]  # a server's, or one from elsewhere
    if idn is not None:
        matches = vid.matches(certificate, idn, random) if random else None
        if matches is None:
            findings.append(Finding("identity", "unknown", "vid_missing"))
        else:
            findings.append(
                Finding("identity", "holds") if matches else Finding("identity", "fails", "idn")
            )
    return findings


def _validity(certificate: Certificate, now: datetime) -> Finding:
    state = validity.state(certificate.not_before, certificate.not_after, now)
    answer: Answer = "holds" if state in ("valid", "expiring") else "fails"
    return Finding("validity", "unknown" if state == "unknown" else answer, state)


def _chain(summary: Summary, certificate: Certificate, evidence: Evidence) -> Finding:
    trusted = evidence.authorities
    if not trusted and not summary.authorities:
        return Finding("chain", "skipped", "no_authorities")
    found = chain.build(certificate, summary.authorities, trusted, evidence.now)
    outcome = found.outcome
    if outcome == "ok":
        return Finding("chain", "holds", "given" if trusted else "own_authorities")
    if outcome == "unsupported_algorithm":
        return Finding("chain", "unknown", outcome, asked=bool(trusted))
    if trusted or (outcome == "bad_signature" and found.proven):
        return Finding("chain", "fails", outcome)
    # The authorities beside a certificate are whatever somebody put there: that they do not
    # lead to a root proves nothing against it.
    return Finding("chain", "unknown", outcome, asked=False)


def _revocation(summary: Summary, certificate: Certificate, evidence: Evidence) -> Finding:
    if evidence.crl is None:
        return Finding("revocation", "skipped", "no_crl")
    known = (*evidence.authorities, *summary.authorities)
    outcome = revocation.judge(evidence.crl, certificate, known, evidence.now)
    if outcome == "ok":
        return Finding("revocation", "holds")
    failed = outcome in ("revoked", "suspended")
    return Finding("revocation", "fails" if failed else "unknown", outcome)
