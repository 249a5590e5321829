"""The outer form of a certificate file: DER, PEM or bare base64, with what surrounds it.

Real files have bytes after the DER element (TradeSign's key files 46 of them), a byte order
mark in front, or are text.  The field's readers take such files, and so does this one.  A
file's own bytes are copied unchanged; only what is inside is read from here.

Source: RFC 7468 for PEM.
"""

import base64
import re
from typing import Final, Literal

from certrelay.frozen import frozen
from certrelay.pki import der
from certrelay.pki.der import DerError, Element

Form = Literal["der", "pem", "base64"]

CERTIFICATE_LABELS: Final = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
KEY_LABELS: Final = ("ENCRYPTED PRIVATE KEY",)
PLAIN_KEY_LABELS: Final = ("PRIVATE KEY",)

_SEQUENCE: Final = b"\x30"
"""What every DER file here begins with."""
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_BEGIN: Final = b"-----BEGIN "
_LABEL: Final = re.compile(rb"[A-Z0-9 ]{1,40}")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


@frozen(repr=False)
class Unwrapped:
    """What is inside a file, and how it is written there."""

    der: bytes
    """The first element, without anything before or after it."""
    form: Form
    label: str = ""
    """What PEM calls it: ``CERTIFICATE``, ``ENCRYPTED PRIVATE KEY``, …"""
    tail: int = 0
    """Bytes after the element."""


def unwrap(content: bytes, labels: tuple[str, ...] = ()) -> Unwrapped:
    """Find the one element that a file holds.

    Args:
        content: The file's bytes.
        labels: Of several PEM blocks the first with one of these counts, else the first.

    Raises:
        DerError: If there is none.
    """
    blocks = unwrap_all(content)
    return next((block for block in blocks if block.label in labels), blocks[0])


def unwrap_all(content: bytes) -> tuple[Unwrapped, ...]:
    """Find every element of a file: a PEM file may hold several, any other holds one.

    Raises:
        DerError: If there is none, or a block of PEM cannot be decoded.
    """
    text = content if content[:1] == _SEQUENCE else _text(content)
    if text[:1] == _SEQUENCE:
        return (_first(text, "der", ""),)
    if blocks := _pem_blocks(text):
        return tuple(_first(_base64(body), "pem", label) for label, body in blocks)
    return (_first(_base64(text), "base64", ""),)


def _text(content: bytes) -> bytes:
    """Take a byte order mark off; UTF-16 becomes the ASCII that PEM is made of."""
    if content.startswith(_UTF8_MARK):
        return content[len(_UTF8_MARK) :]
    if content.startswith(_UTF16_MARKS):
        try:
            return content.decode("utf-16").encode("ascii")
        except UnicodeError:
            return content
    return content


def _pem_blocks(text: bytes) -> list[tuple[str, bytes]]:
    """Label and body of each block, up to the first that has no end."""
    blocks = []
    at = 0
    while (start := text.find(_BEGIN, at)) >= 0:
        label, _, _ = text[start + len(_BEGIN) : start + len(_BEGIN) + 48].partition(b"-----")
        mark = b"-----END " + label + b"-----"
        body = start + len(_BEGIN) + len(label) + 5
        end = text.find(mark, body)
        if end < 0 or not _LABEL.fullmatch(label):
            break
        blocks.append((label.decode("ascii"), text[body:end]))
        at = end + len(mark)
    return blocks


def _base64(text: bytes) -> bytes:
    joined = b"".join(text.split())
    if len(joined) % 4 or not _BASE64.fullmatch(joined):
        raise DerError("base64")
    return base64.b64decode(joined)


def _first(encoded: bytes, form: Form, label: str) -> Unwrapped:
    element = Element.first(encoded).expect(der.SEQUENCE)
    return Unwrapped(element.encoded, form, label, len(encoded) - len(element.encoded))
