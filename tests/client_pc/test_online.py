"""`verify --online` against real answers: OpenSSL's responder, and an HTTP server of our own."""

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certrelay.client.store.store import Store
from certrelay.errors import ExitStatus
from certrelay.pki import ocsp
from certrelay.pki.certificate import Certificate
from certrelay.pki.check import inspect
from certrelay.testkit.ca import Addresses, Authority, Owner
from client_pc import online
from tests import component
from tests.certificates import PASSWORD, key
from tests.client_pc.test_commands import events, run

NOW = datetime.now(UTC).replace(microsecond=0)
AUTHORITY = Authority(NOW, key=key(99))
STRANGER = Authority(NOW, key=key(98))
SERIAL = 1_000_002
"""Of the certificate that `stored` makes."""


def stored(store: Path, addresses: Addresses, *, ca_pubs: bool = True) -> Path:
    """A certificate in a store whose status can be asked at those addresses."""
    issued = AUTHORITY.issue(
        Owner(addresses=addresses),
        NOW - timedelta(days=9),
        NOW + timedelta(days=300),
        km=False,
        sign_key=key(1),
    )
    assert issued.sign.certificate.serial == SERIAL
    item = issued.npki(PASSWORD, ca_pubs=ca_pubs)
    return Store(store).save(item, inspect(item).place).path


def pem_files(folder: Path, name: str, certificate: bytes, private: Any) -> tuple[Path, Path]:
    loaded = x509.load_der_x509_certificate(certificate)
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(loaded.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def delegate(*, may_sign: bool) -> bytes:
    """A certificate of the authority for a responder of its own."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "responder")]))
        .issuer_name(x509.load_der_x509_certificate(AUTHORITY.certificate.der).subject)
        .serial_number(77)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=9))
        .public_key(key(5).public_key())
    )
    usage = ExtendedKeyUsageOID.OCSP_SIGNING if may_sign else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    signed = builder.sign(key(99), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


@contextmanager
def responder(folder: Path, status: str, signer: tuple[bytes, Any] | None = None) -> Iterator[str]:
    """OpenSSL's OCSP responder as a process of its own; gives its address.

    Args:
        folder: For its files.
        status: ``V``, or ``R`` with a date and a reason, as OpenSSL's index has it.
        signer: Who signs the answers; the authority itself if it is not given.
    """
    ends = f"{NOW + timedelta(days=300):%y%m%d%H%M%SZ}"
    state, _, since = status.partition(" ")
    serial = f"{SERIAL:X}".zfill(6)
    line = f"{state}\t{ends}\t{since}\t{serial}\tunknown\t/CN=x\n" if state != "-" else ""
    (folder / "index.txt").write_text(line)
    above = pem_files(folder, "ca", AUTHORITY.certificate.der, key(99))
    signs = above if signer is None else pem_files(folder, "signer", *signer)
    process = subprocess.Popen(
        [
            *(component.program("openssl"), "ocsp", "-index", str(folder / "index.txt")),
            *("-port", "0", "-CA", str(above[0]), "-ndays", "1"),
            *("-rsigner", str(signs[0]), "-rkey", str(signs[1])),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        while not (found := re.search(r"ACCEPT .*:(\d+)", said)):
            line = process.stdout.readline()
            assert line, said
            said += line
        yield f"http://127.0.0.1:{found[1]}/"
    finally:
        process.kill()
        process.communicate()


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[str]]]:
    """An HTTP server; gives its address, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer(self)

        do_POST = do_GET  # noqa: N815 - the library calls it so

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/", asked
        running.shutdown()
        thread.join()


def giving(content: bytes, status: int = 200) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        if status == 302:
            handler.send_header("Location", "http://127.0.0.1:9/")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def finding(folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    status, told = events("verify", folder, "--online", *more, given=f"{PASSWORD}\n")
    (found,) = [each for each in told if each.get("question") == "online"]
    names = [each["event"] for each in told]
    if "asking" in names:
        assert names.index("asking") < names.index("finding")
    return status, found


@pytest.mark.parametrize(
    ("status", "answer", "reason", "exit_status"),
    [
        ("V", "holds", "good", ExitStatus.OK),
        ("R 260101000000Z", "fails", "revoked", ExitStatus.CERTIFICATE),
        ("R 260101000000Z,keyCompromise", "fails", "revoked", ExitStatus.CERTIFICATE),
        ("R 260101000000Z,certificateHold", "fails", "suspended", ExitStatus.CERTIFICATE),
        ("-", "unknown", "not_known", ExitStatus.CERTIFICATE),
    ],
)
def test_the_authoritys_responder_tells_the_status(
    tmp_path: Path, status: str, answer: str, reason: str, exit_status: int
) -> None:
    with responder(tmp_path, status) as url:
        folder = stored(tmp_path / "NPKI", Addresses(ocsp=url))
        ended, found = finding(folder)
    assert (found["answer"], found["reason"], ended) == (answer, reason, exit_status)


@pytest.mark.parametrize(("may_sign", "reason"), [(True, "good"), (False, "unsigned")])
def test_a_responder_must_be_named_by_the_authority(
    tmp_path: Path, may_sign: bool, reason: str
) -> None:
    with responder(tmp_path, "V", (delegate(may_sign=may_sign), key(5))) as url:
        _, found = finding(stored(tmp_path / "NPKI", Addresses(ocsp=url)))
    assert found["reason"] == reason


def test_somebody_elses_answer_proves_nothing(tmp_path: Path) -> None:
    with responder(tmp_path, "V", (STRANGER.certificate.der, key(98))) as url:
        _, found = finding(stored(tmp_path / "NPKI", Addresses(ocsp=url)))
    assert (found["answer"], found["reason"]) == ("unknown", "unsigned")


def test_an_old_answer_proves_nothing(tmp_path: Path) -> None:
    with responder(tmp_path, "V") as url:
        folder = stored(tmp_path / "NPKI", Addresses(ocsp=url))
        certificate = Certificate.read((folder / "signCert.der").read_bytes())
        question = ocsp.request(certificate, AUTHORITY.certificate)
        answer = online.fetch(url, online.MAX_ANSWER_BYTES, question)
    assert answer is not None
    rest = certificate, AUTHORITY.certificate
    assert ocsp.judge(answer, *rest, NOW) == "good"
    assert ocsp.judge(answer, *rest, NOW + timedelta(days=2)) == "outdated"
    assert ocsp.judge(answer, *rest, NOW - timedelta(days=2)) == "outdated"
    other = Certificate.parse(STRANGER.certificate.der)
    assert ocsp.judge(answer, other, AUTHORITY.certificate, NOW) == "unsigned"
    changed = answer.replace(b"\x80\x00", b"\x82\x00")  # "good" becomes "unknown"
    assert changed != answer
    assert ocsp.judge(changed, *rest, NOW) == "unsigned"
    assert ocsp.judge(b"junk", *rest, NOW) == "unsigned"


@pytest.mark.parametrize(
    ("serials", "suspended", "answer", "reason"),
    [
        ([], [], "holds", "ok"),
        ([SERIAL], [], "fails", "revoked"),
        ([], [SERIAL], "fails", "suspended"),
    ],
)
def test_where_no_responder_answers_the_list_is_asked(
    tmp_path: Path, serials: list[int], suspended: list[int], answer: str, reason: str
) -> None:
    crl = AUTHORITY.revocations(serials, NOW - timedelta(hours=1), suspended=suspended)
    with server(giving(crl)) as (url, asked):
        addresses = Addresses(crl=f"{url}list.crl", ocsp="http://127.0.0.1:9/")
        _, found = finding(stored(tmp_path / "NPKI", addresses))
    assert (found["answer"], found["reason"]) == (answer, reason)
    assert asked == ["/list.crl"]


def test_a_missing_issuer_is_fetched_from_its_address(tmp_path: Path) -> None:
    giver = server(giving(AUTHORITY.certificate.der))
    with giver as (above, asked), responder(tmp_path, "V") as url:
        addresses = Addresses(ocsp=url, issuer=f"{above}ca.der")
        _, found = finding(stored(tmp_path / "NPKI", addresses, ca_pubs=False))
    assert found["reason"] == "good"
    assert asked == ["/ca.der"]


def test_another_authority_at_that_address_is_not_believed(tmp_path: Path) -> None:
    with server(giving(STRANGER.certificate.der)) as (above, _):
        addresses = Addresses(ocsp="http://127.0.0.1:9/", issuer=f"{above}ca.der")
        _, found = finding(stored(tmp_path / "NPKI", addresses, ca_pubs=False))
    assert (found["answer"], found["reason"]) == ("unknown", "issuer_missing")


@pytest.mark.parametrize(
    ("addresses", "reason"),
    [
        (Addresses(), "ldap_only"),
        (Addresses(crl="ftp://127.0.0.1/x"), "no_address"),
        (Addresses(ocsp="http://somebody@127.0.0.1/", crl="file:///etc/passwd"), "no_address"),
        (Addresses(ocsp="http://127.0.0.1:9/"), "unreachable"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path: Path, addresses: Addresses, reason: str) -> None:
    status, found = finding(stored(tmp_path / "NPKI", addresses))
    assert (found["answer"], found["reason"]) == ("unknown", reason)
    assert status == ExitStatus.CERTIFICATE


@pytest.mark.parametrize(
    "answer", [giving(b"", 404), giving(b"", 302), giving(b"x" * 70_000), giving(b"<html>")]
)
def test_answers_that_are_none_are_unknown(
    tmp_path: Path, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    with server(answer) as (url, asked):
        _, found = finding(stored(tmp_path / "NPKI", Addresses(ocsp=url)))
    assert found["answer"] == "unknown"
    assert len(asked) == 1


def test_a_server_that_drips_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "TIMEOUT_S", 0.5)
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.wait(0.1):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    with server(drip) as (url, _):
        assert online.fetch(url, 1000) is None
        over.set()


def test_ctrl_c_ends_the_waiting() -> None:
    over = threading.Event()

    def stop() -> None:
        raise KeyboardInterrupt

    def wait(_: BaseHTTPRequestHandler) -> None:
        over.wait(30)

    with server(wait) as (url, _):
        with pytest.raises(KeyboardInterrupt):
            online.fetch(url, 1000, None, stop)
        over.set()


def test_the_proxy_settings_are_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    crl = AUTHORITY.revocations([], NOW - timedelta(hours=1))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with server(giving(crl)) as (proxy, asked):
        monkeypatch.setenv("http_proxy", proxy)
        assert online.fetch("http://ca.invalid/list.crl", len(crl)) == crl
    assert asked == ["http://ca.invalid/list.crl"], "the proxy was asked for it"


def test_nothing_is_asked_without_the_option_and_it_is_said_beforehand(tmp_path: Path) -> None:
    with responder(tmp_path, "V") as url:
        folder = stored(tmp_path / "NPKI", Addresses(ocsp=url))
        status, out, err = run("verify", folder, "--online", "--lang", "en", given=f"{PASSWORD}\n")
        assert status == ExitStatus.OK, out + err
        assert f"Asking the authority for the certificate's status: {url[7:-1]}" in err
        assert "confirmed by the authority" in out
    with server(giving(b"")) as (url, asked):
        folder = stored(tmp_path / "other", Addresses(ocsp=url, crl=f"{url}crl", issuer=f"{url}ca"))
        for command in (("verify", folder), ("show", folder), ("list", "--store", tmp_path)):
            run(*command, given=f"{PASSWORD}\n")
        time.sleep(0.2)
        assert asked == []
