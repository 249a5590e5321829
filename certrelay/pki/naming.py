"""Folder and file names that are derived from a certificate, and never from a peer's text.

A distinguished name is a stranger's text: it may hold ``../``, a device's name, a mark that
turns the reading direction, 300 bytes.  Every name that leaves this module is exactly one
path component that Windows, macOS and Linux all accept and show as it is.

Source: docs/protocol.md §7; docs/security.md, attack 17.
"""

import hashlib
import re
import unicodedata
from typing import Final

from certrelay.limits import MAX_NAME_COMPONENT_BYTES

Rdns = tuple[tuple[str, str], ...]
"""A distinguished name: (attribute, value) pairs, leaf first, attributes in lower case."""

Place = tuple[str, ...]
"""Path components below a store's root: where one certificate lies."""

USER: Final = "USER"
PKCS12: Final = "PKCS12"
UNKNOWN_CA: Final = "Unknown"

CA_FOLDERS: Final = {
    "yessign": "yessign",
    "signkorea": "SignKorea",
    "kica": "KICA",
    "signgate": "KICA",
    "crosscert": "CrossCert",
    "tradesign": "TradeSign",
    "ncasign": "NCASign",
    "inipass": "INIPASS",
    "government of korea": "GPKI",
}
"""The organisation that issues, in lower case, and the folder that programs expect."""

_ASCII: Final = frozenset(
    " !#&'()+,-.=@_~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_RANGES: Final = (
    (0xAC00, 0xD7A3),  # Hangul
    (0x3131, 0x3163),  # its letters, without the invisible filler between these two
    (0x3165, 0x318E),
    (0x4E00, 0x9FFF),  # Chinese characters
    (0x3041, 0x3096),  # kana
    (0x30A1, 0x30FA),
    (0x00C0, 0x00D6),  # Latin letters
    (0x00D8, 0x00F6),
    (0x00F8, 0x024F),
)
"""What a name may hold beside `_ASCII`.  Not a regular expression: to compile one of these
ranges costs more than to parse a hundred certificates."""

_OWNER_CHARACTERS: Final = 40
"""Of a name for people: what is longer would push the authority and the day out of sight."""

_NUMBER_OF_OWNER: Final = re.compile(r" *(\([^()]*\)[0-9]{6,}|_[0-9]{8,})$", re.ASCII)
"""What authorities put behind a name: ``()0020041200806232804005``, ``(HONG)0012…``."""

_RESERVED: Final = re.compile(
    r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|COM[0-9¹²³]|LPT[0-9¹²³]) *(\..*)?", re.IGNORECASE
)


def component(text: str, fallback: str) -> str:
    """Make one safe path component of any text.

    Args:
        text: Anything.
        fallback: The answer for a text of which nothing is left; must be safe itself.

    Returns:
        At most `MAX_NAME_COMPONENT_BYTES` as UTF-8, in NFC, of allowed characters only
        (each other one becomes ``_``), no leading dot, no trailing dot or blank, not one
        of Windows' device names.  A text that is too long is cut and marked with the
        first 16 hex digits of its SHA-256, so that two long names stay two.
    """
    clean = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    clean = "".join(c if c in _ASCII or _is_letter(c) else "_" for c in clean)
    clean = clean.rstrip(". ").lstrip(" ")
    if clean.startswith("."):
        clean = "_" + clean[1:]
    if _RESERVED.fullmatch(clean):
        clean = "_" + clean
    encoded = clean.encode()
    if len(encoded) > MAX_NAME_COMPONENT_BYTES:
        mark = "~" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
        kept = encoded[: MAX_NAME_COMPONENT_BYTES - len(mark)].decode("utf-8", "ignore")
        clean = kept + mark
    return clean or fallback


def _is_letter(character: str) -> bool:
    point = ord(character)
    return any(low <= point <= high for low, high in _RANGES)


def is_place(place: Place) -> bool:
    """Tell whether a place has the form of `npki_place` or `pkcs12_place`, safe throughout."""
    match place:
        case (ca, "USER", dn):
            return all(component(name, "") == name != "" for name in (ca, dn))
        case ("PKCS12", file) if file.endswith(".p12"):
            stem = file.removesuffix(".p12")
            return component(stem, "") == stem != ""
        case _:
            return False


def written(rdns: Rdns) -> str:
    """Write a distinguished name as folders are named: ``cn=…,ou=…,o=…,c=kr``."""
    return ",".join(f"{attribute}={value}" for attribute, value in rdns)


def ca_folder(issuer: Rdns) -> str:
    """The folder of an issuing authority: the field's spelling where it is known."""
    organisation = next((value for attribute, value in issuer if attribute == "o"), "")
    known = CA_FOLDERS.get(organisation.strip().lower())
    folder = known or component(organisation, UNKNOWN_CA)
    return f"_{folder}" if folder.upper() == PKCS12 else folder


def dn_folder(subject: Rdns, fingerprint: str) -> str:
    """The folder of a certificate: its name, or its fingerprint where it has none."""
    return component(written(subject), fingerprint[:16])


def owner_name(cn: str) -> str:
    """The owner's name without the number that authorities put behind it.

    ``홍길동()0020041200806232804005`` is ``홍길동``; a name of which nothing would be left
    stays whole.
    """
    return _NUMBER_OF_OWNER.sub("", cn) or cn


def file_stem(cn: str, issuer: Rdns, last_day: str | None, fallback: str) -> str:
    """Name a file for people: ``홍길동_yessign_2027-11-28``.

    Args:
        cn: The owner's common name, a stranger's text.
        issuer: The issuer's name, a stranger's text.
        last_day: ``YYYY-MM-DD``; ``None`` where it cannot be read.
        fallback: Takes the place of the owner where nothing of the name can be written.
    """
    owner = component(owner_name(cn), fallback)[:_OWNER_CHARACTERS].strip(" ")
    parts = (owner, ca_folder(issuer), last_day or "")
    return component("_".join(part for part in parts if part), fallback)


def sealed_stem(name: str, digest: str) -> str:
    """Name a file for people whose certificate cannot be read: ``홍길동_0123abcd``.

    Args:
        name: What the file calls its key, a stranger's text; may be empty.
        digest: The first 16 hex digits of the file's SHA-256.
    """
    owner = component(owner_name(name), "")[:_OWNER_CHARACTERS].strip(" ")
    return component(f"{owner}_{digest[:8]}", digest) if owner else digest


def npki_place(subject: Rdns, issuer: Rdns, fingerprint: str) -> Place:
    """Where an NPKI pair lies: ``<CA>/USER/<DN>``."""
    return ca_folder(issuer), USER, dn_folder(subject, fingerprint)


def pkcs12_place(stem: str) -> Place:
    """Where a PKCS#12 file lies: ``PKCS12/<stem>.p12``."""
    return PKCS12, f"{stem}.p12"


def numbered(place: Place, number: int) -> Place:
    """The same place with a number, for another certificate of the same name."""
    *above, last = place
    stem, dot, ending = last.rpartition(".") if above == [PKCS12] else (last, "", "")
    return (*above, f"{stem} ({number}){dot}{ending}")
