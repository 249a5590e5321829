"""What a file is that is no certificate file: named for what it is, so that people know what to do.

A page that was saved in place of a certificate, a picture of one, a key without its
certificate: each is common, and none is "damaged".  This looks at the first bytes and at the
outermost structure only; nothing here opens or trusts anything.

Source: the formats' own marks; RFC 7468 for the labels of PEM, RFC 5652, RFC 2986.
"""

from typing import Final

from certrelay.bundle import Item
from certrelay.errors import FOUND, CertificateError
from certrelay.pki import der, pbe
from certrelay.pki.certificate import Certificate
from certrelay.pki.der import Element
from certrelay.pki.encodings import unwrap
from certrelay.pki.private_key import PrivateKey

_MARKS: Final = (
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0", "document"),  # Hangul Word, old Office
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"BM", "picture"),
    (b"RIFF", "picture"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"\xfe\xed\xfe\xed", "java_store"),
    (b"\xce\xce\xce\xce", "java_store"),
    (b"SQLite format 3", "database"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"EGGA", "archive"),
    (b"ALZ\x01", "archive"),
    (b"ssh-", "ssh_key"),
    (b"PuTTY-User-Key-File", "ssh_key"),
    (b"[InternetShortcut]", "shortcut"),
    (b"L\0\0\0\x01\x14\x02", "shortcut"),
)
"""First bytes, and what begins so."""

_LABELS: Final = {
    "CERTIFICATE REQUEST": "request",
    "NEW CERTIFICATE REQUEST": "request",
    "X509 CRL": "crl",
    "PKCS7": "pkcs7",
    "CMS": "pkcs7",
    "PUBLIC KEY": "public_key",
    "RSA PUBLIC KEY": "public_key",
    "RSA PRIVATE KEY": "other_key",
    "EC PRIVATE KEY": "other_key",
    "DSA PRIVATE KEY": "other_key",
    "OPENSSH PRIVATE KEY": "ssh_key",
    "PGP PUBLIC KEY BLOCK": "pgp",
    "PGP PRIVATE KEY BLOCK": "pgp",
    "PGP MESSAGE": "pgp",
}
"""What PEM calls it, and what it is."""

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"


def recognise(content: bytes) -> str:
    """Name what a file is.

    Returns:
        A word: of `_MARKS` and `_LABELS`, or ``certificate``, ``key``, ``plain_key``,
        ``pkcs12``, ``empty``, ``zeros``, ``cut_off``, ``web_page``, ``json``, ``text``,
        ``unknown``.
    """
    if not content:
        return "empty"
    if not any(content):
        return "zeros"
    for mark, what in _MARKS:
        if content.startswith(mark):
            return what
    label = _label(content)
    if label in _LABELS:
        return _LABELS[label]
    try:
        return _structure(unwrap(content).der)
    except der.FAULTS:
        pass
    if content[:1] == b"\x30":
        return "cut_off" if _is_cut_off(content) else "unknown"
    if label:
        return "cut_off"
    return _text(content)


def _label(content: bytes) -> str:
    start = content.find(b"-----BEGIN ")
    if start < 0:
        return ""
    label = content[start + 11 : start + 60].partition(b"-----")[0]
    return label.decode("latin-1").strip()


def _structure(encoded: bytes) -> str:
    """Tell by the outermost structure; each test is one that the others fail."""
    fields = Element.parse(encoded).children(der.SEQUENCE)
    if fields and fields[0].tag == der.INTEGER:
        return _numbered(fields, encoded)
    if fields and fields[0].tag == der.OID:
        return "pkcs7" if fields[0].oid() == _SIGNED_DATA else "unknown"
    if len(fields) == 3 and fields[2].tag == der.BIT_STRING:
        return _signed(fields, encoded)
    if len(fields) == 2 and fields[1].tag == der.BIT_STRING:
        return "public_key"
    if len(fields) == 2:
        try:
            pbe.parse(encoded)
        except CertificateError:
            return "unknown"
        return "key"
    return "unknown"


def _numbered(fields: list[Element], encoded: bytes) -> str:
    if len(fields) > 1 and fields[0].integer() == 3 and fields[1].tag == der.SEQUENCE:
        return "pkcs12"
    try:
        PrivateKey.parse(encoded)
    except der.FAULTS:
        return "other_key" if len(fields) >= 4 else "unknown"  # PKCS#1 or SEC 1
    return "plain_key"


def _signed(fields: list[Element], encoded: bytes) -> str:
    try:
        Certificate.parse(encoded)
    except CertificateError:
        pass
    else:
        return "certificate"
    inner = fields[0].children(der.SEQUENCE)
    if len(inner) == 4 and inner[0].tag == der.INTEGER and inner[3].tag == der.context(0):
        return "request"
    if inner and inner[0].tag in (der.INTEGER, der.SEQUENCE):
        times = (der.UTC_TIME, der.GENERALIZED_TIME)
        if any(field.tag in times for field in inner):
            return "crl"
    return "unknown"


def _is_cut_off(content: bytes) -> bool:
    """Tell whether the outermost element says that it is longer than the file."""
    try:
        Element.first(content)
    except der.FAULTS:
        return True
    return False


def _text(content: bytes) -> str:
    start = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head", b"<script", b"<!--")):
        return "web_page"
    if start[:1] in (b"{", b"["):
        return "json"
    for encoding in ("utf-8", "cp949"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(each.isprintable() or each in "\r\n\t" for each in text.lstrip("\ufeff")):
            return "text"
    return "unknown"


_WANTED: Final = {
    "bad_certificate": ("signCert", "kmCert"),
    "bad_key_file": ("signPri", "kmPri"),
    "bad_pkcs12": ("pkcs12",),
}
"""The roles of which one is meant by each error."""

_RIGHT: Final = {
    "signCert": "certificate",
    "kmCert": "certificate",
    "signPri": "key",
    "kmPri": "key",
    "pkcs12": "pkcs12",
}


def explained(item: Item, error: CertificateError, names: dict[str, str]) -> CertificateError:
    """Say more exactly what is wrong with an item's file.

    Args:
        item: What was read.
        error: What `certrelay.pki.check.inspect` raised.
        names: The file's name of each role.

    Returns:
        The same error, with ``found`` and ``file`` where the file is something else.
    """
    for role in _WANTED.get(error.code, ()):
        content = item.get(role)
        if content is None:
            continue
        what = recognise(content)
        if what == _RIGHT[role]:
            continue
        if what in FOUND:
            rest = {key: value for key, value in error.details.items() if key != "found"}
            return CertificateError(error.code, **rest, found=what, file=names.get(role, role))
    return error
