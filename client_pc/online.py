"""`certrelay verify --online`: asks the authority whether a certificate is still good.

Off unless asked for, and never part of a copy: the authority learns that somebody at this
address looks at this certificate, and over http whoever is on the way learns it too.  Before
anything is sent it is said whom it asks.  The addresses are those in the certificate, so they
are a stranger's: http and https only, no redirects, little is read, and not for long.

Source: RFC 6960 appendix A for OCSP over HTTP; RFC 5280 §4.2.1.13 and §4.2.2.1 for the
addresses.
"""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from certrelay.client.flow.session import Shell
from certrelay.errors import CertificateError
from certrelay.limits import KIB, MAX_CRL_BYTES
from certrelay.pki import ocsp, revocation
from certrelay.pki.certificate import Certificate, parse_chain
from certrelay.pki.revocation import RevocationList
from certrelay.pki.verification import Answer, Finding
from certrelay.safe_text import printable

TIMEOUT_S: Final = 10.0
"""Seconds for one address, from the first packet to the last byte."""
MAX_ANSWER_BYTES: Final = 64 * KIB
MAX_ADDRESSES: Final = 4
"""Addresses of one kind that are asked, in the certificate's order."""

Get = Callable[..., bytes | None]
"""`fetch`, ended by Ctrl-C."""

_ANSWERS: Final[dict[str, Answer]] = {
    "good": "holds",
    "ok": "holds",
    "revoked": "fails",
    "suspended": "fails",
}


def ask(
    certificate: Certificate,
    known: tuple[Certificate, ...],
    now: datetime,
    shell: Shell,
) -> Finding:
    """Ask by OCSP; where that proves nothing, by the revocation list's address.

    Args:
        certificate: Whose status.
        known: Authorities at hand: the issuing one signs the answers.
        now: The wall clock's time.
        shell: Where it is said beforehand who is asked, and whom Ctrl-C ends.
    """
    found = certificate.extensions
    addresses = {
        "issuer": _usable(found.issuer_urls),
        "ocsp": _usable(found.ocsp_urls),
        "crl": _usable(found.crl_urls),
    }
    if not addresses["ocsp"] and not addresses["crl"]:
        ldap = any(url.lower().startswith("ldap") for url in found.crl_urls)
        return Finding("online", "unknown", "ldap_only" if ldap else "no_address")
    issuer = ocsp.issuer_of(certificate, known)
    if issuer is not None:
        addresses["issuer"] = ()

    def get(url: str, most: int, body: bytes | None = None) -> bytes | None:
        return fetch(url, most, body, shell.lines.interrupts.check)

    hosts = dict.fromkeys(urlsplit(url).netloc for urls in addresses.values() for url in urls)
    shown = ", ".join(printable(host, None) for host in hosts)
    report = shell.report
    report.event("asking", report.texts.say("pc.verify.asking", hosts=shown), hosts=[*hosts])
    if issuer is None:
        issuer = _fetched_issuer(certificate, addresses["issuer"], get)
    if issuer is None:
        return Finding("online", "unknown", "issuer_missing")
    return _judged(certificate, issuer, addresses, now, get)


def _judged(
    certificate: Certificate,
    issuer: Certificate,
    addresses: dict[str, tuple[str, ...]],
    now: datetime,
    get: Get,
) -> Finding:
    reason = "unreachable"
    question = ocsp.request(certificate, issuer)
    for url in addresses["ocsp"]:
        answer = get(url, MAX_ANSWER_BYTES, question)
        if answer is not None:
            reason = ocsp.judge(answer, certificate, issuer, now)
            if reason in _ANSWERS:
                return Finding("online", _ANSWERS[reason], reason)
    for url in addresses["crl"]:
        answer = get(url, MAX_CRL_BYTES)
        if answer is not None:
            reason = _by_list(answer, certificate, issuer, now)
            if reason in _ANSWERS:
                return Finding("online", _ANSWERS[reason], reason)
    return Finding("online", "unknown", reason)


def _by_list(answer: bytes, certificate: Certificate, issuer: Certificate, now: datetime) -> str:
    try:
        crl = RevocationList.parse(answer)
    except CertificateError:
        return "unsigned"
    return revocation.judge(crl, certificate, (issuer,), now)


def _fetched_issuer(
    certificate: Certificate, urls: tuple[str, ...], get: Get
) -> Certificate | None:
    """The issuing authority from the address in the certificate; its signature tells it."""
    for url in urls:
        if (content := get(url, MAX_ANSWER_BYTES)) is None:
            continue
        try:
            found = ocsp.issuer_of(certificate, parse_chain(content))
        except CertificateError:
            continue
        if found is not None:
            return found
    return None


def _usable(urls: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(url for url in urls if _is_usable(url))[:MAX_ADDRESSES]


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.username is None
            and url.isascii()
            and url.isprintable()
            and " " not in url
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        return False


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Who is asked was said before; nobody else is."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


def fetch(
    url: str, most: int, body: bytes | None = None, check: Callable[[], None] = lambda: None
) -> bytes | None:
    """Get what an address gives, through the system's proxy settings.

    Args:
        url: http or https.
        most: Bytes that are read.
        body: A question for OCSP; ``None`` asks for a file.
        check: Called now and then; what it raises ends the waiting.

    Returns:
        ``None`` if nothing came in time, or too much, or something else than 200.
    """
    box: list[bytes] = []
    # In a thread of its own: urllib's time limit is one for each packet, and a host that
    # sends a byte now and then would hold it for ever.
    worker = threading.Thread(target=_fetch, args=(url, most, body, box.append), daemon=True)
    worker.start()
    end = time.monotonic() + TIMEOUT_S
    while worker.is_alive() and time.monotonic() < end:
        worker.join(0.1)
        check()
    return box[0] if box else None


def _fetch(url: str, most: int, body: bytes | None, give: Callable[[bytes], None]) -> None:
    headers = {"User-Agent": "certrelay", "Accept": "*/*"}
    if body is not None:
        headers["Content-Type"] = "application/ocsp-request"
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - `_is_usable` has looked
    try:
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            content = answer.read(most + 1)
            if answer.status == 200 and len(content) <= most:
                give(content)
    except (OSError, HTTPException, ValueError):  # urllib's errors are OSErrors
        return
