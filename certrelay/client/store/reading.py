"""Reads certificate folders and PKCS#12 files, and walks an NPKI tree.

Long because what a walk lists and what is read there must agree on names, links and sizes.

Sizes are looked at before anything is read, and only plain files are opened: a pipe would
block for ever, a link could lead anywhere.  Names are matched without regard to case, since
``User``, ``SignCert.der`` and ``KmPri.key`` occur too.

Beside the folders of NPKI there are the sets of files of GPKI and EPKI, several in one folder:
``class1/<name>_sig.cer``, ``_sig.key``, ``_env.cer``, ``_env.key``.  Such a set goes by the path
of its ``_sig.cer``.

Source: docs/protocol.md §7 for the sizes.
"""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from certrelay.bundle import Item, Kind
from certrelay.client.store.file_names import folded_file_name, same_file_name
from certrelay.client.store.parts import PART_PREFIX
from certrelay.errors import CertificateError, CertRelayError
from certrelay.frozen import frozen
from certrelay.limits import MAX_FILE_BYTES
from certrelay.pki.check import Summary, inspect
from certrelay.pki.recognition import explained

FILE_NAMES: Final = {
    "signCert": "signCert.der",
    "signPri": "signPri.key",
    "kmCert": "kmCert.der",
    "kmPri": "kmPri.key",
    "caPubs": "CaPubs",
}
"""The file of each role in a certificate folder."""

PKCS12_ENDINGS: Final = (".p12", ".pfx")

_CERTIFICATE_ENDINGS: Final = (".der", ".cer", ".crt", ".pem")
_KEY_ENDINGS: Final = (".key", ".pem")
_ROLES: Final = {
    **{f"signcert{ending}": "signCert" for ending in _CERTIFICATE_ENDINGS},
    **{f"kmcert{ending}": "kmCert" for ending in _CERTIFICATE_ENDINGS},
    **{f"signpri{ending}": "signPri" for ending in _KEY_ENDINGS},
    **{f"kmpri{ending}": "kmPri" for ending in _KEY_ENDINGS},
    "capubs": "caPubs",
    "capubs.der": "caPubs",
}
"""The role of each file name in a certificate folder, in lower case."""
_NPKI_ROLES: Final = frozenset(_ROLES.values()) - {"caPubs"}
_SET: Final = re.compile(r"(.+)_(sig|env)\.(cer|der|crt|key)", re.IGNORECASE)
"""A file of GPKI or EPKI."""
_SET_ROLES: Final = {("sig", False): "signCert", ("sig", True): "signPri"} | {
    ("env", False): "kmCert",
    ("env", True): "kmPri",
}
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

    A km file whose other half is missing is left out: see `lone_km`.

    Raises:
        CertificateError: ``missing_sign_cert``, ``missing_sign_key``, ``km_only``,
            ``too_large_file``, ``not_a_plain_file``, ``unreadable_file``.  Details: ``path``.
    """
    return _read(folder, files_by_role(folder))


def _read(path: Path, found: dict[str, Path]) -> Item:
    shown = str(path)
    if "signCert" not in found:
        only_km = "signPri" not in found and {"kmCert", "kmPri"} & set(found)
        raise CertificateError("km_only" if only_km else "missing_sign_cert", path=shown)
    if "signPri" not in found:
        raise CertificateError("missing_sign_key", path=shown)
    if _lone(found):
        found = {role: file for role, file in found.items() if role not in ("kmCert", "kmPri")}
    return Item.of("npki", {role: read_file(file) for role, file in found.items()})


def _lone(found: dict[str, Path]) -> Path | None:
    halves = [found[role] for role in ("kmCert", "kmPri") if role in found]
    return halves[0] if len(halves) == 1 else None


def lone_km(path: Path) -> str | None:
    """Name the km file of a certificate whose other half is missing, if there is one."""
    try:
        lone = _lone(files_by_role(path))
    except CertificateError:
        return None
    return None if lone is None else lone.name


def read_item(path: Path) -> Item:
    """Read what the path names: a certificate folder, a file in one, or a .p12 or .pfx file.

    Raises:
        CertificateError: As `read_folder`; ``unreadable_file`` if there is nothing.
    """
    if path.is_dir():
        return read_folder(path)
    if is_set(path):
        return _read(path, files_by_role(path))
    if path.name.lower() in _ROLES:
        return read_folder(path.parent)
    return Item.of("pkcs12", {"pkcs12": read_file(path)})


def read_and_inspect(path: Path) -> tuple[Item, Summary]:
    """Read what a path names, and see what it is.

    Raises:
        CertificateError: As `read_item` and `certrelay.pki.check.inspect`, with the name of
            the file and of what it is where it is something else (``found``).
    """
    item = read_item(path)
    return item, _inspected(path, item)


def _inspected(path: Path, item: Item) -> Summary:
    try:
        return inspect(item, plain_keys=True)
    except CertificateError as error:
        names = {"pkcs12": path.name}
        if item.kind == "npki":
            names = {role: file.name for role, file in files_by_role(home_of(path)).items()}
        raise explained(item, error, names) from None


def home_of(path: Path) -> Path:
    """The certificate that a path is of: the folder of a file in one, else the path itself."""
    if path.name.lower() in _ROLES and not path.is_dir():
        return path.parent
    return path


def is_set(path: Path) -> bool:
    """Tell whether a path is a file of a GPKI or EPKI set: several files go by its name."""
    return _SET.fullmatch(path.name) is not None and not path.is_dir()


def find(root: Path) -> tuple[Entry, ...]:
    """List every certificate below an NPKI root, broken ones too, in a stable order.

    Looks at ``<root>/<CA>/USER/<DN>/`` and at pairs in a folder below the root, then for sets of
    GPKI and EPKI in the root and in ``class…`` folders below it, then for PKCS#12 files in the
    root, in ``<CA>``, ``<CA>/USER`` and ``PKCS12``.  Linked folders of authorities are read.  A
    root that is a certificate folder itself is its only entry.  A root that is not there is empty.

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
    files = [path for path in names if _is_pkcs12(path)]
    sets = _sets(names)
    for above in names:
        if above.name.upper() == "PKCS12":
            continue
        below = _below(above)
        if not above.is_symlink() and _has_npki_file(below):  # a pair that was put there by hand
            entries.append(_entry(above, "npki"))
            continue
        files += [path for path in below if _is_pkcs12(path)]
        if _is_class(above):
            sets += _sets(below)
        for user in below:
            inner = _below(user) if user.name.upper() == "USER" or _is_class(user) else []
            if user.name.upper() != "USER":
                sets += _sets(inner)
                continue
            files += [path for path in inner if _is_pkcs12(path)]
            entries += [_entry(path, "npki") for path in inner if _is_candidate(path)]
    entries += [_entry(path, "npki") for path in sets]
    for above in names:
        if above.name.upper() == "PKCS12":
            files += [path for path in _below(above) if _is_pkcs12(path)]
    entries += [_entry(path, "pkcs12") for path in files]
    return tuple(entries)


def _is_pkcs12(path: Path) -> bool:
    return path.suffix.lower() in PKCS12_ENDINGS and not path.is_dir()


def _is_class(folder: Path) -> bool:
    """Tell whether a folder is called as those of GPKI and EPKI: class1, class2, …"""
    return folder.name.lower().startswith("class")


def _sets(names: Iterable[Path]) -> list[Path]:
    """The sets of GPKI and EPKI files in a folder, each by its signing certificate."""
    found = []
    for path in names:
        match = _SET.fullmatch(path.name)
        if match and match[2].lower() == "sig" and match[3].lower() != "key":
            found.append(path)
    return found


def _entry(path: Path, kind: Kind) -> Entry:
    item = None
    try:
        if path.is_symlink():
            raise CertificateError("not_a_plain_file", path=str(path))
        item = read_item(path)
        return Entry(path, kind, item, _inspected(path, item), None)
    except CertRelayError as error:
        return Entry(path, kind, item, None, error)


def is_certificate(path: Path) -> bool:
    """Tell whether a path is what a store lists, whole or broken: no other folder or file is."""
    if is_set(path) or _is_pkcs12(path):
        return path.exists()
    return path.is_dir() and _is_candidate(path)


def _is_candidate(folder: Path) -> bool:
    """Tell whether a folder is meant to be a certificate: it has one of the four files."""
    if folder.is_symlink():
        return True
    try:
        return _has_npki_file(_listed(folder))
    except NotADirectoryError:
        return False
    except OSError:
        return True


def _has_npki_file(names: Iterable[Path]) -> bool:
    return any(_ROLES.get(path.name.lower()) in _NPKI_ROLES for path in names)


def files_by_role(path: Path) -> dict[str, Path]:
    """Find the files of a certificate, whatever the case of their names.

    Args:
        path: Its folder, or a file of a GPKI or EPKI set.

    Raises:
        CertificateError: ``unreadable_file`` if the folder cannot be listed.
    """
    own = None if path.is_dir() else _SET.fullmatch(path.name)
    folder = path.parent if own else path
    try:
        names = _listed(folder)
    except OSError:
        raise CertificateError("unreadable_file", path=str(folder)) from None
    found: dict[str, Path] = {}
    for name in names:
        role = _role(name.name, own)
        # Of two names that differ by case the exact one counts, else the first.
        if role and (role not in found or name.name == FILE_NAMES[role]):
            found[role] = name
    return found


def _role(name: str, own: re.Match[str] | None) -> str | None:
    """The role of a file name in a folder, or in the set that ``own`` is a file of."""
    if own is None:
        return _ROLES.get(name.lower())
    match = _SET.fullmatch(name)
    if match is None or not same_file_name(match[1], own[1]):
        return None
    return _SET_ROLES[match[2].lower(), match[3].lower() == "key"]


def _below(folder: Path) -> list[Path]:
    """What lies in a folder or a linked one; nothing if it is no folder, or closed to us."""
    try:
        return _listed(folder)
    except OSError:
        return []


def _listed(folder: Path) -> list[Path]:
    """What lies in a folder, in order, without what is unfinished."""
    paths = (path for path in folder.iterdir() if not path.name.startswith(PART_PREFIX))
    return sorted(paths, key=lambda path: (folded_file_name(path.name), path.name))
