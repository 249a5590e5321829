import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.client.store import replace_files
from certrelay.client.store.parts import PART_PREFIX
from certrelay.client.store.reading import find, read_item
from certrelay.client.store.store import Store
from certrelay.client.store.system import Disk
from certrelay.errors import CertificateError, PasswordError, StateError, StorageError
from certrelay.pki.check import inspect, inspect_with_password
from certrelay.pki.rewrap import change_password
from tests.certificates import PASSWORD, person

NEW = "Anders-2026#"
PAIRS = person().npki(PASSWORD, ca_pubs=True)
SIGN_ONLY = Item("npki", PAIRS.files[:2])
FILE = person().pkcs12(PASSWORD, "field")
ITEMS = {"two pairs": PAIRS, "sign pair": SIGN_ONLY, "pkcs12": FILE}


def repassword(item: Item) -> Item:
    return change_password(item, PASSWORD, NEW, os.urandom)


def stored(root: Path, item: Item) -> Path:
    return Store(root).save(item, inspect(item).place).path


class Counting(Disk):
    """A disk that stops at one of its changes, in one of three ways."""

    def __init__(
        self, calls: int, error: Callable[[], BaseException], *, swaps: bool, dies: bool
    ) -> None:
        self.calls, self.error, self.swaps, self.dies = calls, error, swaps, dies
        self.stopped = False

    def _use(self) -> None:
        if self.calls == 0 or (self.stopped and self.dies):
            self.stopped = True
            self.calls = -1
            raise self.error()
        self.calls -= 1

    def make_folder(self, path: Path) -> None:
        self._use()
        super().make_folder(path)

    def write(self, path: Path, content: bytes) -> None:
        if self.calls == 0:
            path.write_bytes(content[: len(content) // 2])
        self._use()
        super().write(path, content)

    def link(self, source: Path, target: Path) -> None:
        self._use()
        super().link(source, target)

    def exchange(self, one: Path, other: Path) -> None:
        self._use()
        if not self.swaps:
            raise OSError(errno.ENOTSUP, "no swap here")
        super().exchange(one, other)

    def replace(self, source: Path, target: Path) -> None:
        self._use()
        super().replace(source, target)

    def sync_folder(self, path: Path) -> None:
        self._use()
        super().sync_folder(path)

    def remove_tree(self, folder: Path) -> None:
        if not (self.stopped and self.dies):
            super().remove_tree(folder)


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def leftovers(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if PART_PREFIX in path.name]


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
def test_a_change_arrives_and_leaves_nothing_beside(tmp_path: Path, item: Item) -> None:
    path = stored(tmp_path, item)
    before, after = replace_files.change(tmp_path, path, repassword)
    assert before == item
    assert read_item(path) == after
    assert inspect_with_password(after, NEW).verified
    assert leftovers(tmp_path) == []
    if os.name == "posix":
        for inner in (path, *path.rglob("*")):
            wanted = 0o700 if inner.is_dir() else 0o600
            assert stat.S_IMODE(inner.stat().st_mode) == wanted


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
@pytest.mark.parametrize("calls", range(14))
@pytest.mark.parametrize("error", [full, KeyboardInterrupt, SystemExit])
def test_a_change_that_is_stopped_anywhere_leaves_old_or_new_whole(
    tmp_path: Path, item: Item, calls: int, error: Callable[[], BaseException]
) -> None:
    swaps = can_swap(tmp_path)
    path = stored(tmp_path, item)
    made: list[Item] = []

    def make(old: Item) -> Item:
        made.append(repassword(old))
        return made[0]

    disk = Counting(calls, error, swaps=True, dies=error is SystemExit)
    try:
        replace_files.change(tmp_path, path, make, disk)
    except (StorageError, KeyboardInterrupt, SystemExit):
        assert disk.stopped
    now = read_item(path)
    if swaps or item is not PAIRS:
        assert now in (item, made[0])
    for file in now.files:
        assert file.content in (item.get(file.role), made[0].get(file.role))
    if not disk.stopped:
        assert read_item(path) == made[0]
        assert calls > 3, "enough calls must have been tried"
    assert len(find(tmp_path)) == 1, "nothing unfinished is listed"
    if error is not SystemExit:
        assert leftovers(tmp_path) == []


def can_swap(folder: Path) -> bool:
    """Whether this file system swaps folders; where not, two files change one by one."""
    one, other = folder / "one", folder / "other"
    one.mkdir()
    other.mkdir()
    try:
        Disk().exchange(one, other)
    except OSError:
        return False
    finally:
        one.rmdir()
        other.rmdir()
    return True


@pytest.mark.parametrize("calls", range(16))
def test_without_swapping_each_file_is_old_or_new_and_a_second_try_ends_it(
    tmp_path: Path, calls: int
) -> None:
    path = stored(tmp_path, PAIRS)
    made: list[Item] = []

    def make(old: Item) -> Item:
        made.append(repassword(old))
        return made[0]

    disk = Counting(calls, SystemExit, swaps=False, dies=True)
    with contextlib.suppress(SystemExit):
        replace_files.change(tmp_path, path, make, disk)
    now = read_item(path)
    for file in now.files:
        assert file.content in (PAIRS.get(file.role), made[0].get(file.role))
    if now.get("signPri") != PAIRS.get("signPri"):
        assert now.get("kmPri") != PAIRS.get("kmPri"), "the sign key goes last"
    try:
        replace_files.change(tmp_path, path, repassword)
    except PasswordError:
        assert now == made[0], "refused only because all is done"
    summary = inspect_with_password(read_item(path), NEW)
    assert (summary.verified, summary.km_error) == (True, None)


def test_other_files_in_the_folder_and_odd_names_stay(tmp_path: Path) -> None:
    path = stored(tmp_path, PAIRS)
    (path / "signPri.key").rename(path / "SignPri.KEY")
    (path / "notes.txt").write_text("mine")
    replace_files.change(tmp_path, path, repassword)
    assert sorted(found.name for found in path.iterdir()) == [
        *["CaPubs", "SignPri.KEY", "kmCert.der", "kmPri.key", "notes.txt", "signCert.der"],
    ]
    assert (path / "notes.txt").read_text() == "mine"
    (path / "folder").mkdir()
    replace_files.change(
        tmp_path, path, lambda item: change_password(item, NEW, PASSWORD, os.urandom)
    )
    assert (path / "folder").is_dir()
    assert inspect_with_password(read_item(path), PASSWORD).verified
    assert leftovers(tmp_path) == []


def test_what_is_written_is_read_again_before_it_is_put_in_place(tmp_path: Path) -> None:
    class Lying(Disk):
        def write(self, path: Path, content: bytes) -> None:
            super().write(path, content[:-1] + bytes([content[-1] ^ 1]))

    for item in ITEMS.values():
        root = tmp_path / str(item.size)
        path = stored(root, item)
        with pytest.raises(StorageError):
            replace_files.change(root, path, repassword, Lying())
        assert read_item(path) == item
        assert leftovers(root) == []


def test_a_refusal_while_making_writes_nothing(tmp_path: Path) -> None:
    path = stored(tmp_path, PAIRS)
    with pytest.raises(PasswordError):
        replace_files.change(tmp_path, path, lambda old: change_password(old, "x", NEW, os.urandom))
    with pytest.raises(StateError):
        replace_files.change(tmp_path, path, lambda _: SIGN_ONLY)
    assert read_item(path) == PAIRS


def test_a_link_is_not_changed_through(tmp_path: Path) -> None:
    path = stored(tmp_path / "NPKI", PAIRS)
    try:
        (tmp_path / "link").symlink_to(path)
    except OSError:
        pytest.skip("links are not permitted here")
    with pytest.raises(CertificateError):
        replace_files.change(tmp_path, tmp_path / "link", repassword)
    replace_files.delete(tmp_path, tmp_path / "link")
    assert read_item(path) == PAIRS, "only the link went"


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
def test_a_certificate_is_removed_with_all_that_was_named(tmp_path: Path, item: Item) -> None:
    path = stored(tmp_path, item)
    named = replace_files.contents(path)
    assert len(named) == len(item.files)
    replace_files.delete(tmp_path, path)
    assert not path.exists()
    assert find(tmp_path) == ()
    assert leftovers(tmp_path) == []
    with pytest.raises(StorageError):
        replace_files.delete(tmp_path, path)
    assert leftovers(tmp_path) == []


def test_a_removal_names_and_takes_folders_inside_too(tmp_path: Path) -> None:
    path = stored(tmp_path, SIGN_ONLY)
    (path / "more").mkdir()
    (path / "more" / "x").write_bytes(b"")
    assert replace_files.contents(path) == (
        *("more", str(Path("more") / "x"), "signCert.der", "signPri.key"),
    )
    replace_files.delete(tmp_path, path)
    assert leftovers(tmp_path) == []


def test_a_removal_that_does_not_end_is_said(tmp_path: Path) -> None:
    class Stubborn(Disk):
        def remove_file(self, path: Path) -> None:
            raise OSError(errno.EACCES, "no")

    path = stored(tmp_path, PAIRS)
    with pytest.raises(StorageError):
        replace_files.delete(tmp_path, path, Stubborn())
    assert find(tmp_path) == ()


class Recording(Disk):
    """A disk that notes what is done, in order."""

    def __init__(self, *, swaps: bool) -> None:
        self.swaps = swaps
        self.log: list[tuple[str, Path]] = []

    def write(self, path: Path, content: bytes) -> None:
        self.log.append(("write", path.parent))
        super().write(path, content)

    def sync_folder(self, path: Path) -> None:
        self.log.append(("sync", path))
        super().sync_folder(path)

    def replace(self, source: Path, target: Path) -> None:
        self.log.append(("place", target.parent))
        super().replace(source, target)

    def rename(self, source: Path, target: Path) -> None:
        self.log.append(("place", source.parent))
        super().rename(source, target)

    def exchange(self, one: Path, other: Path) -> None:
        if not self.swaps:
            raise OSError(errno.ENOTSUP, "no swap here")
        self.log.append(("place", other.parent))
        super().exchange(one, other)


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS.keys())
@pytest.mark.parametrize("swaps", [False, True])
def test_what_is_put_in_place_was_synced_before_and_its_name_after(
    tmp_path: Path, item: Item, swaps: bool
) -> None:
    path = stored(tmp_path, item)
    disk = Recording(swaps=swaps and can_swap(tmp_path))
    replace_files.change(tmp_path, path, repassword, disk)
    places = [at for at, (what, _) in enumerate(disk.log) if what == "place"]
    before, after = disk.log[: places[0]], disk.log[places[-1] + 1 :]
    last_written = [folder for what, folder in before if what == "write"][-1]
    assert before[-1] == ("sync", last_written), "the names of what was written"
    assert ("sync", disk.log[places[-1]][1]) in after, "the name that changed"
    assert not [folder for what, folder in after if what == "write"]


def test_a_removal_lasts_before_it_is_called_done(tmp_path: Path) -> None:
    path = stored(tmp_path, PAIRS)
    disk = Recording(swaps=True)
    replace_files.delete(tmp_path, path, disk)
    assert disk.log == [("place", path.parent), ("sync", path.parent)]


def test_a_swap_swaps_whole_folders_or_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.mkdir()
        (path / path.name).write_bytes(b"")
    swapped = True
    try:
        Disk().exchange(one, other)
    except OSError as error:
        swapped = error.errno != errno.ENOTSUP
    assert (one / "other").exists() == swapped
    assert (other / "one").exists() == swapped
    monkeypatch.setattr("certrelay.client.store.system._swap", lambda *_: False)
    with pytest.raises(OSError, match=os.strerror(errno.ENOTSUP)):
        Disk().exchange(one, other)


# Sets of GPKI and EPKI: several files in a folder of many.


@pytest.fixture
def two_sets(tmp_path: Path) -> Path:
    """The signing certificate of one of two sets in a folder."""
    folder = tmp_path / "GPKI" / "class1"
    folder.mkdir(parents=True)
    endings = {"signCert": "sig.cer", "signPri": "sig.key", "kmCert": "env.cer", "kmPri": "env.key"}
    for name in ("001a", "001b"):
        for file in PAIRS.files:
            if file.role in endings:
                (folder / f"{name}_{endings[file.role]}").write_bytes(file.content)
    return folder / "001a_sig.cer"


def test_a_set_gets_a_new_password_and_its_neighbour_stays(two_sets: Path) -> None:
    replace_files.change(two_sets.parent, two_sets, repassword)
    inspect_with_password(read_item(two_sets), NEW)
    inspect_with_password(read_item(two_sets.with_name("001b_sig.cer")), PASSWORD)
    assert len(list(two_sets.parent.iterdir())) == 8


def test_a_set_is_deleted_whole_and_its_neighbour_stays(two_sets: Path) -> None:
    assert len(replace_files.contents(two_sets)) == 4
    replace_files.delete(two_sets.parent, two_sets)
    assert sorted(path.name for path in two_sets.parent.iterdir()) == [
        "001b_env.cer",
        "001b_env.key",
        "001b_sig.cer",
        "001b_sig.key",
    ]


def test_a_set_that_cannot_be_deleted_whole_stays_whole(two_sets: Path) -> None:
    class Stuck(Disk):
        def rename(self, source: Path, target: Path) -> None:
            if source.name == "001a_sig.key":
                raise PermissionError(errno.EACCES, "no")
            super().rename(source, target)

    with pytest.raises(StorageError):
        replace_files.delete(two_sets.parent, two_sets, Stuck())
    assert len(list(two_sets.parent.iterdir())) == 8
