"""Changes and removes certificates that are on a disk: old or new, whole, at every moment.

A changed certificate is written beside the old one, read again and checked, then exchanged
in one step: a single file by renaming it over the old one, several by swapping folders.
Where a system cannot swap folders the files are exchanged one by one, the km key before the
sign key; each is old or new, and `certrelay.pki.rewrap.change_password` can go on from
there.
"""

import contextlib
import errno
from collections.abc import Callable
from pathlib import Path

from certrelay.bundle import Item
from certrelay.client.store import parts
from certrelay.client.store.reading import files_by_role, is_set, read_item
from certrelay.client.store.system import Disk, storage_error
from certrelay.errors import CertificateError, StateError, StorageError


def change(
    root: Path, path: Path, make: Callable[[Item], Item], disk: Disk | None = None
) -> tuple[Item, Item]:
    """Exchange a certificate's files for changed ones.

    Args:
        root: The store's root, or any folder on the same file system.
        path: The certificate: a folder, or a PKCS#12 file.
        make: Makes the changed item of the one that is there: the same roles, and every
            file that it does not change byte for byte.
        disk: What does the writing.

    Returns:
        The item as it was and as it is.

    Raises:
        StorageError: If it cannot be written; the old one is untouched.
        CertRelayError: Whatever ``make`` raises; nothing was written.
    """
    disk = disk or Disk()
    disk.root = root
    if path.is_symlink():
        raise CertificateError("not_a_plain_file", path=str(path))
    old = read_item(path)
    new = make(old)
    if [file.role for file in old.files] != [file.role for file in new.files]:
        raise StateError("a change must keep the files that are there")
    parts.clean(root, disk)
    part = parts.fresh(root)
    try:
        disk.make_folder(part)
        _exchange(path, old, new, part, disk)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        disk.remove_tree(part)
    return old, new


def delete(root: Path, path: Path, disk: Disk | None = None) -> None:
    """Remove a certificate: its folder with all that is in it, its file, or its set of files.

    Raises:
        StorageError: If it cannot be removed, or not whole.
    """
    disk = disk or Disk()
    disk.root = root
    part = parts.fresh(root)
    targets = sorted(files_by_role(path).values()) if is_set(path) else [path]
    gone: list[tuple[Path, Path]] = []
    try:
        disk.make_folder(part)
        for number, target in enumerate(targets):
            disk.rename(target, part / f"gone{number}")  # a link is moved, not what it points to
            gone.append((target, part / f"gone{number}"))
        disk.sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            if len(gone) < len(targets):
                for target, moved in gone:
                    disk.rename(moved, target)
                disk.remove_folder(part)
        raise storage_error(error, path) from error
    disk.remove_tree(part)
    if part.exists():
        raise StorageError("write_failed", path=str(part))


def contents(path: Path) -> tuple[str, ...]:
    """Name what `delete` would remove: the files in a folder, or the file itself."""
    if is_set(path):
        return tuple(sorted(file.name for file in files_by_role(path).values()))
    if not path.is_dir() or path.is_symlink():
        return (path.name,)
    return tuple(sorted(str(inner.relative_to(path)) for inner in path.rglob("*")))


def _exchange(path: Path, old: Item, new: Item, part: Path, disk: Disk) -> None:
    if old.kind == "pkcs12":
        _replace(part, {"pkcs12": path}, new, path.parent, disk)
        return
    places = files_by_role(path)
    changed = {f.role: places[f.role] for f in new.files if f.content != old.get(f.role)}
    # The sign key last: its password is the one that people go by.
    changed = dict(sorted(changed.items(), key=lambda pair: pair[0] == "signPri"))
    if is_set(path):
        _replace(part, changed, new, path.parent, disk)
        return
    if len(changed) > 1 and _swap_folders(path, changed, new, part / "new", disk):
        return
    _replace(part, changed, new, path, disk)


def _swap_folders(path: Path, changed: dict[str, Path], new: Item, other: Path, disk: Disk) -> bool:
    """Make a second folder with the changed files in it and swap the two, if that can be."""
    disk.make_folder(other)
    try:
        for found in path.iterdir():
            role = next((role for role, file in changed.items() if file == found), None)
            if role is None:
                disk.link(found, other / found.name)
            else:
                disk.write(other / found.name, new.get(role) or b"")
        disk.sync_folder(other)
        if read_item(other) != new:
            raise OSError(errno.EIO, "what was written reads differently")
        disk.exchange(other, path)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    disk.sync_folder(path.parent)
    disk.sync_folder(other.parent)
    return True


_CANNOT = frozenset(
    {errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EISDIR, errno.EMLINK, errno.EINVAL}
)
"""How a file system says that it knows no links or no swap; the slower way remains."""


def _replace(part: Path, targets: dict[str, Path], new: Item, folder: Path, disk: Disk) -> None:
    """Write all changed files beside, check them, then put each in its place."""
    for role in targets:
        disk.write(part / role, new.get(role) or b"")
    for role in targets:
        if (part / role).read_bytes() != new.get(role):
            raise OSError(errno.EIO, "what was written reads differently")
    disk.sync_folder(part)
    for role, target in targets.items():
        disk.replace(part / role, target)
    disk.sync_folder(folder)
