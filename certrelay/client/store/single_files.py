"""PKCS#12 files with names for people, in a folder or at a path that somebody chooses.

A file is written whole beside its place and put there in one step; none is ever replaced, and one
that holds this certificate already is found by what is in it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from certrelay.client.path_text import path_of
from certrelay.client.store import parts
from certrelay.client.store.reading import read_item
from certrelay.client.store.system import Disk, storage_error
from certrelay.errors import CertRelayError, StorageError
from certrelay.frozen import frozen
from certrelay.pki import naming
from certrelay.pki.certificate import Certificate
from certrelay.pki.check import inspect, inspect_with_password
from certrelay.pki.validity import last_day

_MAX_BESIDE: Final = 999
_STDOUT: Final = "-"


@frozen(repr=False)
class Destination:
    """Where a file shall lie, and what shall be in it."""

    folder: Path
    stem: str
    fingerprint: str
    passwords: tuple[str, ...]
    """What opens a file that may hold it already."""
    file: Path | None = None
    """This very path, in place of a name in the folder."""

    def __repr__(self) -> str:
        return f"Destination({str(self.folder)!r}, {self.stem!r})"


def folder_of(out: str | None, root: Path) -> Path:
    """The folder that ``--out`` means; the store's own without it."""
    if out is None or out == _STDOUT:
        return root / naming.PKCS12
    path = path_of(out)
    return path if _is_folder(out, path) else path.parent


def file_of(out: str | None) -> Path | None:
    """The file that ``--out`` means, if it means one."""
    if out is None or out == _STDOUT or _is_folder(out, path_of(out)):
        return None
    return path_of(out)


def _is_folder(out: str, path: Path) -> bool:
    return path.is_dir() or out.endswith(("/", "\\"))


def stem_of(certificate: Certificate) -> str:
    """What a certificate's file is called: the owner, the authority, the last day."""
    end = certificate.not_after
    day = None if end is None else last_day(end)
    fallback = certificate.fingerprint[:16]
    return naming.file_stem(certificate.cn, certificate.issuer_rdns, day, fallback)


def find(place: Destination) -> Path | None:
    """The file that holds this certificate already, under the name or a numbered one."""
    for path in _names(place):
        if not path.exists():
            return None
        if _holds(path, place):
            return path
    return None


def free(place: Destination) -> Path:
    """The first name that nothing has.

    Raises:
        StorageError: ``name_taken``.
    """
    for path in _names(place):
        if not path.exists() and not path.is_symlink():
            return path
    raise StorageError("name_taken", path=str(place.file or place.folder))


def save(content: bytes, place: Destination) -> tuple[Path, bool]:
    """Write a file under the first free name, unless one holds this certificate.

    Returns:
        Where it lies, and whether it was written now.

    Raises:
        StorageError: ``name_taken``, or what the disk says; nothing is left then.
    """
    disk, folder = Disk(), place.folder
    part = parts.fresh(folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        disk.make_folder(part)
        disk.write(part / "pkcs12", content)
        while (there := find(place)) is None:
            target = free(place)
            try:
                disk.place(part / "pkcs12", target)
            except FileExistsError:  # another process was faster, perhaps with this very one
                continue
            disk.sync_folder(folder)
            return target, True
    except OSError as error:
        raise storage_error(error, folder) from error
    finally:
        disk.remove_tree(part)
    return there, False


def _names(place: Destination) -> Iterator[Path]:
    if place.file is not None:
        yield place.file
        return
    stem = naming.component(place.stem.removesuffix(".p12"), place.fingerprint[:16])
    yield place.folder / f"{stem}.p12"
    for number in range(2, _MAX_BESIDE):
        yield place.folder / f"{stem} ({number}).p12"


def _holds(path: Path, place: Destination) -> bool:
    try:
        item = read_item(path)
        certificate = inspect(item).certificate
    except CertRelayError:
        return False
    for password in place.passwords:
        if certificate is not None:
            break
        try:
            certificate = inspect_with_password(item, password).certificate
        except CertRelayError:
            continue
    return certificate is not None and certificate.fingerprint == place.fingerprint
