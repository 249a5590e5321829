"""How a certificate is described: a line for a person, fields for a script.

Every text of a certificate is a stranger's: in a line for a person it is made printable here, and
a script gets it as it is.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from certrelay.bundle import Item
from certrelay.pki.check import Summary
from certrelay.pki.kinds import kind_of
from certrelay.pki.naming import owner_name
from certrelay.pki.validity import State, last_day, state
from certrelay.safe_text import printable
from certrelay.texts import Texts


def state_of(summary: Summary, now: datetime) -> State:
    """The state of a summary's certificate, ``unknown`` where none can be read."""
    certificate = summary.certificate
    if certificate is None:
        return "unknown"
    return state(certificate.not_before, certificate.not_after, now)


def fields_of(summary: Summary, now: datetime) -> dict[str, Any]:
    """What a script reads of a certificate; ``None`` where it cannot be read.

    The texts are a stranger's, whole and as they are.  The serial is decimal text, since it is
    larger than JSON's integers.
    """
    certificate = summary.certificate
    kind = None if certificate is None else kind_of(certificate)
    return {
        "fingerprint": None if certificate is None else certificate.fingerprint,
        "kind": summary.kind,
        "cn": summary.cn,
        "owner": None if summary.cn is None else owner_name(summary.cn),
        "issuer": summary.issuer,
        "authority": summary.ca,
        "serial": None if summary.serial is None else str(summary.serial),
        "use": None if kind is None else kind.use,
        "holder": None if kind is None else kind.holder,
        "policy": None if kind is None else kind.oid,
        "not_before": None if certificate is None else moment(certificate.not_before),
        "not_after": moment(summary.not_after),
        "state": state_of(summary, now),
        "verified": summary.verified,
    }


def moment(at: datetime | None) -> str | None:
    """A moment for a script: ISO 8601 in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat()


def line_of(
    summary: Summary, texts: Texts, now: datetime, *, checked: bool = True, file: str = ""
) -> str:
    """One line: whose, from whom, which serial, until when, in which state.

    Args:
        summary: The certificate.
        texts: The person's language.
        now: The wall clock's time.
        checked: Whether it is said that a password is still to be checked.
        file: The file's name: a PKCS#12 file tells nothing else of itself.
    """
    if summary.certificate is None and file:
        return texts.say("story.item.sealed_file", file=printable(file, None))
    if summary.certificate is None:
        return texts.say("story.item.sealed")
    key = "story.item" if summary.verified or not checked else "story.item.unverified"
    return texts.say(
        key,
        cn=printable(summary.cn or "?"),
        issuer=printable(summary.issuer or "?"),
        serial=str(summary.serial),
        not_after="?" if summary.not_after is None else last_day(summary.not_after),
        state=texts.say(f"state.{state_of(summary, now)}"),
    )


def faults_in_words(faults: Iterable[str], texts: Texts) -> str:
    """Say what could not be read of a certificate: see `Certificate.faults`."""
    said = []
    for fault in faults:
        kind, _, oid = fault.partition(" ")
        said.append(texts.say(f"flaw.{kind}", oid=oid))
    return ", ".join(said)


def files_of(item: Item) -> dict[str, str]:
    """The SHA-256 of each file, by role, in hex."""
    return {file.role: file.sha256.hex() for file in item.files}
