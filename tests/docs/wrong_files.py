"""Makes docs/wrong-files.md: ``python -m tests.docs.wrong_files``.

Each line is a file that people take for their certificate.  The file is made here, named to
the program, and what the program says of it is written down, in both languages; the test
makes the page again and compares.
"""

import io
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from PIL import Image

from certrelay.bundle import Item
from certrelay.client.flow.choosing import candidates
from certrelay.client.manage.stores import Stores
from certrelay.client.store.reading import FILE_NAMES, find
from certrelay.errors import CertRelayError
from certrelay.limits import MAX_FILE_BYTES
from certrelay.pki import der, rewrap
from certrelay.pki.check import inspect_with_password
from certrelay.texts import LANGUAGES, Texts
from tests.certificates import NOW, PASSWORD, authority, key, person, stranger
from tests.pki.make_files import pem
from tests.pki.test_pkcs12 import KEY, certificate_bag, wrapped
from tests.pki.test_unprotected import file_of
from tests.sources import ROOT

PATH = ROOT / "docs" / "wrong-files.md"
PAIRS = person().npki(PASSWORD)
SIGN, SIGN_KEY = PAIRS.get("signCert") or b"", PAIRS.get("signPri") or b""
PLAIN_KEY = person().sign.key.der

Case = Callable[[Path], None]
"""Does with a fresh folder what a person did; raises what the program says."""

HEAD = """# The wrong files

What people take for their certificate, what the program says of it, and what it says to do. This
page is made by `python -m tests.docs.wrong_files`, from files that it makes and gives to the
program; a test sees that it is what the program says today.

| | given | said | to do |
|---|---|---|---|
"""


def picked(name: str, content: bytes) -> Case:
    """A file that is named as the certificate."""

    def run(folder: Path) -> None:
        (folder / name).write_bytes(content)
        Stores((folder,)).pick(str(folder / name))

    return run


def in_folder(**files: bytes | None) -> Case:
    """A certificate folder with other files in it; ``None`` takes one away."""

    def run(folder: Path) -> None:
        contents = {file.role: file.content for file in PAIRS.files} | files
        for role, content in contents.items():
            if content is not None:
                (folder / FILE_NAMES[role]).write_bytes(content)
        Stores((folder,)).pick(str(folder))

    return run


def opened(item: Item, password: str = PASSWORD) -> Case:
    def run(_: Path) -> None:
        inspect_with_password(item, password)

    return run


def with_files(**files: bytes) -> Item:
    return Item.of("npki", {file.role: file.content for file in PAIRS.files} | files)


def link(folder: Path) -> None:
    (folder / "real.p12").write_bytes(b"")
    (folder / "a.p12").symlink_to(folder / "real.p12")
    Stores((folder,)).pick(str(folder / "a.p12"))


def nothing(folder: Path) -> None:
    Stores((folder,)).pick(str(folder / "a.p12"))


def empty_store(folder: Path) -> None:
    candidates(find(folder / "NPKI"))


def with_other_km(_: Path) -> None:
    item = with_files(kmPri=person().npki("Other-pw99!x").get("kmPri") or b"")
    rewrap.to_pkcs12(item, PASSWORD, PASSWORD, os.urandom)


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "PNG")
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("signCert.der", SIGN)
    return buffer.getvalue()


def tar_gz() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("signCert.der"))
    return buffer.getvalue()


def request() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    built = x509.CertificateSigningRequestBuilder().subject_name(name)
    return built.sign(key(1), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def bundle() -> bytes:
    certificate = x509.load_der_x509_certificate(SIGN)
    return pkcs7.serialize_certificates([certificate], serialization.Encoding.DER)


def public_key() -> bytes:
    return (
        key(1)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def rsa_key() -> bytes:
    return key(1).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def unknown_cipher() -> bytes:
    return der.sequence(der.sequence(der.oid("1.2.410.200046.1.1.99")), der.octets(bytes(16)))


PKCS12_FILE = person().pkcs12(PASSWORD).files[0].content
CRL = authority().revocations([], NOW + timedelta(days=1))
HTML = b"<!DOCTYPE html><html><head><title>login</title></head></html>"

CASES: dict[str, Case] = {
    "nothing: a .p12 of 0 bytes": picked("a.p12", b""),
    "a .p12 of zeros only": picked("a.p12", bytes(2048)),
    "a .p12 whose end is missing": picked("a.p12", PKCS12_FILE[:900]),
    "a web page saved as .p12": picked("a.p12", HTML),
    "a program's data (JSON)": picked("cert.json", b'{"certificate": null}'),
    "a text file": picked("비밀번호.txt", "비밀번호는 생일".encode("cp949")),
    "a picture of the QR code": picked("qr.png", png()),
    "a PDF document": picked("발급확인서.pdf", b"%PDF-1.7\n"),
    "a Hangul document": picked("인증서.hwp", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    "a ZIP archive": picked("NPKI.zip", zipped()),
    "another archive": picked("NPKI.tar.gz", tar_gz()),
    "a program": picked("setup.exe", b"MZ\x90\x00\x03"),
    "a shortcut of Windows": picked("NPKI.lnk", b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0"),
    "a browser's certificate database": picked("cert9.db", b"SQLite format 3\0"),
    "a Java key store": picked("a.jks", b"\xfe\xed\xfe\xed\0\0\0\x02"),
    "an SSH key": picked("ssh.key", pem("OPENSSH PRIVATE KEY", b"openssh-key-v1\0" * 4)),
    "a PGP key": picked("a.asc", pem("PGP PRIVATE KEY BLOCK", bytes(30))),
    "a request for a certificate": picked("a.csr", request()),
    "a revocation list": picked("a.crl", CRL),
    "a bundle of certificates (PKCS#7)": picked("a.p7b", bundle()),
    "a public key": picked("a.pem", public_key()),
    "a private key in another form": picked("a.pem", rsa_key()),
    "an unencrypted private key alone": picked("a.key", PLAIN_KEY),
    "a certificate alone (.cer)": picked("a.cer", SIGN),
    "a certificate alone, in PEM": picked("a.crt", pem("CERTIFICATE", SIGN)),
    "a key file alone": picked("a.key", SIGN_KEY),
    "a .p12 of certificates only": picked("a.p12", wrapped(certificate_bag(SIGN))),
    "a .p12 of a key only": picked("a.p12", wrapped(KEY)),
    "a .p12 as signCert.der": in_folder(signCert=PKCS12_FILE),
    "the key as signCert.der": in_folder(signCert=SIGN_KEY),
    "the certificate as signPri.key": in_folder(signPri=SIGN),
    "a web page as signCert.der": in_folder(signCert=HTML),
    "a signPri.key whose end is missing": in_folder(signPri=SIGN_KEY[:300]),
    "an unencrypted signPri.key": opened(with_files(signPri=PLAIN_KEY)),
    "a folder without signCert.der": in_folder(signCert=None),
    "a folder without signPri.key": in_folder(signPri=None),
    "a folder with the km pair only": in_folder(signCert=None, signPri=None),
    "a folder without any certificates": empty_store,
    "a path where nothing is": nothing,
    "a link to a file": link,
    "a file of more than 64 KiB": picked("a.p12", bytes(MAX_FILE_BYTES + 1)),
    "a wrong password": opened(PAIRS, "bank-login-1"),
    "another certificate's key": opened(
        with_files(signPri=stranger().npki(PASSWORD).get("signPri") or b"")
    ),
    "a key in an unknown cipher": opened(with_files(signPri=unknown_cipher())),
    "a .p12 whose key no password protects": opened(file_of(mac=True)),
    "a km key under another password": with_other_km,
}


def said_of(case: Case) -> CertRelayError:
    """Run a case; give what the program says."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            case(Path(folder))
        except CertRelayError as error:
            if "path" in error.details:
                error.details["path"] = Path(str(error.details["path"])).name
            return error
    raise AssertionError("nothing was said")


def page() -> str:
    lines = []
    for number, (given, case) in enumerate(CASES.items(), 1):
        error = said_of(case)
        texts = [Texts(language) for language in LANGUAGES]
        said = "<br>".join(each.error(error) for each in texts).replace("|", "\\|")
        to_do = "<br>".join(each.hint(error) for each in texts).replace("|", "\\|")
        lines.append(f"| {number} | {given} | {said} | {to_do} |\n")
    return HEAD + "".join(lines)


def main() -> None:
    PATH.write_text(page(), "utf-8")
    print(f"{len(CASES)} wrong files")


if __name__ == "__main__":
    main()
