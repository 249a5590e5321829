"""Reads certificate folders and PKCS#12 files, and walks an NPKI tree.

Sizes are looked at before anything is read, and only plain files are opened: a pipe would
block for ever, a link could lead anywhere.  Names are matched without regard to case, since
``User``, ``SignCert.der`` and ``KmPri.key`` occur too.

Source: docs/protocol.md §7 for the sizes.
"""

import os
import stat
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from certrelay.bundle import Item, Kind
from certrelay.client.store.parts import PART_PREFIX
from certrelay.errors import CertificateError, CertRelayError
from certrelay.frozen import frozen
from certrelay.limits import MAX_FILE_BYTES
from certrelay.pki.check import Summary, inspect

FILE_NAMES: Final = {
    "signCert": "signCert.der",
    "signPri": "signPri.key",
    "kmCert": "kmCert.der",
    "kmPri": "kmPri.key",
    "caPubs": "CaPubs",
}
"""The file of each role in a certificate folder."""

PKCS12_ENDINGS: Final = (".p12", ".pfx")

_ROLES: Final = {name.lower(): role for role, name in FILE_NAMES.items()}
_NPKI_ROLES: Final = frozenset(_ROLES.values()) - {"caPubs"}
_OPEN_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@frozen
class Entry:
    """One thing found in a store: a certificate, or something broken in its place."""

    path: Path
    kind: Kind
    item: Item | None
    summary: Summary | None
    error: CertRelayError | None
    """Why there is no item or no summary."""


def read_file(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """Read one small plain file.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        CertificateError: ``not_a_plain_file`` for a link, a folder, a pipe, a device;
            ``too_large_file``; ``unreadable_file`` for all else.  Details: ``path``.
    """
    try:
        # Looked at before it is opened: opening a device or a pipe may do something, and
        # Windows has no O_NOFOLLOW.
        _check_plain(path, path.lstat())
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            status = os.fstat(descriptor)
            _check_plain(path, status)
            if status.st_size > most:
                raise CertificateError("too_large_file", path=str(path))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(most + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):  # ValueError: a path with a NUL in it
        raise CertificateError("unreadable_file", path=str(path)) from None
    if len(content) > most:
        raise CertificateError("too_large_file", path=str(path))
    return content


def _check_plain(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise CertificateError("not_a_plain_file", path=str(path))


def read_folder(folder: Path) -> Item:
    """Read a certificate folder: the sign pair, and the km pair and CaPubs if there.

    Raises:
        CertificateError: ``missing_sign_cert``, ``missing_sign_key``, ``missing_km_part``,
            ``too_large_file``, ``not_a_plain_file``, ``unreadable_file``.  Details: ``path``.
    """
    found = files_by_role(folder)
    shown = str(folder)
    if "signCert" not in found:
        raise CertificateError("missing_sign_cert", path=shown)
    if "signPri" not in found:
        raise CertificateError("missing_sign_key", path=shown)
    if ("kmCert" in found) != ("kmPri" in found):
        raise CertificateError("missing_km_part", path=shown)
    return Item.of("npki", {role: read_file(path) for role, path in found.items()})


def read_item(path: Path) -> Item:
    """Read what the path names: a certificate folder, a file in one, or a .p12 or .pfx file.

    Raises:
        CertificateError: As `read_folder`; ``unreadable_file`` if there is nothing.
    """
    if path.is_dir():
        return read_folder(path)
    if path.name.lower() in _ROLES:
        return read_folder(path.parent)
    return Item.of("pkcs12", {"pkcs12": read_file(path)})


def find(root: Path) -> tuple[Entry, ...]:
    """List every certificate below an NPKI root, broken ones too, in a stable order.

    Looks at ``<root>/<CA>/USER/<DN>/`` and ``<root>/PKCS12/``; a root that is a certificate
    folder itself is its only entry.  A root that is not there is empty.

    Raises:
        CertificateError: ``unreadable_file`` if the root is there and cannot be listed.
    """
    if not root.exists():
        return ()
    try:
        names = _listed(root)
    except OSError:
        raise CertificateError("unreadable_file", path=str(root)) from None
    if any(path.name.lower() in _ROLES for path in names):
        return (_entry(root, "npki"),)
    entries: list[Entry] = []
    for above in names:
        if above.name.upper() == "PKCS12":
            continue
        for user in _below(above):
            if user.name.upper() == "USER":
                entries += [_entry(path, "npki") for path in _below(user) if _is_candidate(path)]
    for above in names:
        if above.name.upper() == "PKCS12":
            files = (path for path in _below(above) if path.suffix.lower() in PKCS12_ENDINGS)
            entries += [_entry(path, "pkcs12") for path in files]
    return tuple(entries)


def copies(entries: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    """Group the entries of one or several stores by their certificate.

    Returns:
        Fingerprints of certificates that lie in several places, each with its entries.
    """
    found: dict[str, tuple[Entry, ...]] = {}
    for entry in entries:
        if entry.summary is not None and entry.summary.certificate is not None:
            fingerprint = entry.summary.certificate.fingerprint
            found[fingerprint] = (*found.get(fingerprint, ()), entry)
    return {fingerprint: several for fingerprint, several in found.items() if len(several) > 1}


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are one to a file system that folds case or normalises."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _entry(path: Path, kind: Kind) -> Entry:
    item = None
    try:
        if path.is_symlink():
            raise CertificateError("not_a_plain_file", path=str(path))
        item = read_item(path)
        return Entry(path, kind, item, inspect(item), None)
    except CertRelayError as error:
        return Entry(path, kind, item, None, error)


def _is_candidate(folder: Path) -> bool:
    """Tell whether a folder is meant to be a certificate: it has one of the four files."""
    if folder.is_symlink():
        return True
    try:
        return any(_ROLES.get(path.name.lower()) in _NPKI_ROLES for path in _listed(folder))
    except NotADirectoryError:
        return False
    except OSError:
        return True


def files_by_role(folder: Path) -> dict[str, Path]:
    """Find the files of a certificate folder, whatever the case of their names.

    Raises:
        CertificateError: ``unreadable_file`` if the folder cannot be listed.
    """
    try:
        names = _listed(folder)
    except OSError:
        raise CertificateError("unreadable_file", path=str(folder)) from None
    found: dict[str, Path] = {}
    for path in names:
        role = _ROLES.get(path.name.lower())
        # Of two names that differ by case the exact one counts, else the first.
        if role and (role not in found or path.name == FILE_NAMES[role]):
            found[role] = path
    return found


def _below(folder: Path) -> list[Path]:
    """What lies in a folder; nothing if it is a link, no folder, or closed to us."""
    try:
        return [] if folder.is_symlink() else _listed(folder)
    except OSError:
        return []


def _listed(folder: Path) -> list[Path]:
    """What lies in a folder, in order, without what is unfinished."""
    paths = (path for path in folder.iterdir() if not path.name.startswith(PART_PREFIX))
    return sorted(paths, key=lambda path: (_folded(path.name), path.name))
