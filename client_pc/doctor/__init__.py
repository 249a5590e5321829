"""`certrelay doctor`: finds the usual reasons for which a copy fails, and says what to do.

Every check does the real thing: it relays to itself, draws and reads a QR code, writes a file.
"""

from collections.abc import Iterator
from pathlib import Path

from certrelay.client.terminal.report import Report, details_of
from certrelay.errors import CertRelayError, NotConfirmed
from certrelay.frozen import frozen, replace
from certrelay.safe_text import wrap
from client_pc.doctor import network, places, screen
from client_pc.doctor.finding import CheckResult
from client_pc.settings import Settings


@frozen
class Patient:
    """What is looked at."""

    settings: Settings
    relay: str | None
    """The relay that `import` and `export` would use; ``None`` for this PC's own."""

    access_key: Path | None
    """The file with the key that its operator has given to this PC."""

    listen: str | None
    store: Path
    plain: bool


def doctor(patient: Patient, report: Report) -> CertRelayError | None:
    """Tell each finding as soon as it is there.

    Returns:
        ``unwell`` if something is wrong.
    """
    bad = 0
    for finding in _findings(patient):
        _tell(finding, report)
        bad += finding.state == "bad"
    if bad:
        return NotConfirmed("unwell", count=bad)
    report.event("done", report.texts.say("doctor.well"))
    return None


def _findings(patient: Patient) -> Iterator[CheckResult]:
    error = patient.settings.error
    yield (
        CheckResult("settings", "good")
        if error is None
        else CheckResult.of_error("settings", error)
    )
    yield screen.terminal(plain=patient.plain)
    yield screen.qr_code()
    for finding in network.own(patient.listen):
        # Whoever copies through a relay needs no network with the phone.
        spared = patient.relay is not None and finding.state == "bad"
        yield replace(finding, state="note") if spared else finding
    if patient.relay is not None:
        yield from network.remote(patient.relay, patient.access_key)
    yield from places.all_places(patient.store)
    yield CheckResult("reach", "note")


def _tell(finding: CheckResult, report: Report) -> None:
    texts = report.texts
    if finding.error is None:
        text = texts.say(f"doctor.{finding.key}", **finding.values)
        key = f"remedy.{finding.key}"
        remedy = texts.say(key, **finding.values) if texts.has(key) else ""
    else:
        where = texts.say(f"doctor.{finding.check}")
        text, remedy = f"{where}: {texts.error(finding.error)}", texts.hint(finding.error)
    shown = texts.say("doctor.line", state=texts.say(f"health.{finding.state}"), text=text)
    report.result(wrap(shown, report.columns))
    if remedy:
        report.result(wrap(f"    {texts.say('doctor.remedy', text=remedy)}", report.columns))
    report.event(
        "check",
        check=finding.check,
        state=finding.state,
        code=finding.says if finding.error is None else finding.error.code,
        remedy=(finding.key if finding.error is None else finding.error.code) if remedy else None,
        values=dict(finding.values) if finding.error is None else details_of(finding.error),
    )
