import contextlib
import errno
import os
import shutil
import stat
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.client.store import parts
from certrelay.client.store.parts import PART_PREFIX
from certrelay.client.store.reading import find, read_item
from certrelay.client.store.store import Store
from certrelay.client.store.system import Disk
from certrelay.errors import StorageError
from certrelay.pki.check import inspect
from certrelay.pki.naming import Place
from tests.certificates import PASSWORD, person

ITEM = person().npki(PASSWORD, ca_pubs=True)
OTHER = person().npki("another password")
FILE = person().pkcs12(PASSWORD)
OTHER_FILE = person().pkcs12("another password")
PLACE = inspect(ITEM).place
FILE_PLACE = inspect(FILE).place
KINDS = [(ITEM, OTHER, PLACE), (FILE, OTHER_FILE, FILE_PLACE)]


class FailingDisk(Disk):
    """A disk that does ``calls`` changes, then runs full, for good or as a crash."""

    def __init__(self, calls: int, error: Callable[[], BaseException]) -> None:
        self.calls = calls
        self.error = error
        self.failed = False

    def make_folder(self, path: Path) -> None:
        self._use()
        super().make_folder(path)

    def write(self, path: Path, content: bytes) -> None:
        if self.calls == 0:
            path.write_bytes(content[: len(content) // 2])  # as full disks do
        self._use()
        super().write(path, content)

    def rename(self, source: Path, target: Path) -> None:
        self._use()
        super().rename(source, target)

    def place(self, source: Path, target: Path) -> None:
        self._use()
        super().place(source, target)

    def sync_folder(self, path: Path) -> None:
        self._use()
        super().sync_folder(path)

    def _use(self) -> None:
        if self.calls == 0:
            self.failed = True
            raise self.error()
        self.calls -= 1


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.attack(17)
@pytest.mark.parametrize(("item", "_", "place"), KINDS)
def test_an_item_is_stored_byte_for_byte_and_for_its_owner_only(
    tmp_path: Path, item: Item, _: Item, place: Place
) -> None:
    saved = Store(tmp_path / "NPKI").save(item, place)
    assert saved.status == "stored"
    assert saved.path == (tmp_path / "NPKI").joinpath(*place)
    assert read_item(saved.path) == item
    assert [file.sha256 for file in saved.files] == [file.sha256.hex() for file in item.files]
    if os.name == "posix":
        for path in (tmp_path / "NPKI").rglob("*"):
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted
    assert not [name for name in tree(tmp_path) if PART_PREFIX in name]


def test_the_files_have_the_fields_names(tmp_path: Path) -> None:
    saved = Store(tmp_path).save(ITEM, PLACE)
    names = ["CaPubs", "kmCert.der", "kmPri.key", "signCert.der", "signPri.key"]
    assert tree(saved.path) == names
    assert sorted(file.name for file in saved.files) == names


@pytest.mark.attack(18)
@pytest.mark.attack(18)
@pytest.mark.parametrize(("item", "other", "place"), KINDS)
def test_nothing_is_ever_replaced(tmp_path: Path, item: Item, other: Item, place: Place) -> None:
    store = Store(tmp_path)
    first = store.save(item, place)
    again = store.save(item, place)
    assert (again.status, again.path) == ("duplicate", first.path)
    assert store.name_is_taken(other, place)
    before = tree(tmp_path)
    with pytest.raises(StorageError) as caught:
        store.save(other, place)
    assert caught.value.code == "name_taken"
    assert tree(tmp_path) == before
    beside = store.save(other, place, beside=True)
    assert " (2)" in beside.path.name
    assert read_item(first.path) == item
    assert read_item(beside.path) == other
    assert store.save(other, place).status == "duplicate"
    assert store.save(item, place, beside=True).path == first.path
    assert len(find(store.root)) == 2


def test_a_part_of_what_is_stored_is_a_duplicate_and_more_is_not(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(ITEM, PLACE)
    part = Item("npki", ITEM.files[:2])
    assert store.save(part, PLACE).status == "duplicate"
    store = Store(tmp_path / "other")
    store.save(part, PLACE)
    with pytest.raises(StorageError):
        store.save(ITEM, PLACE)


def test_a_file_that_lies_there_under_another_name_is_a_duplicate(tmp_path: Path) -> None:
    named = tmp_path / "PKCS12" / "My certificate.PFX"
    named.parent.mkdir()
    named.write_bytes(FILE.files[0].content)
    saved = Store(tmp_path).save(FILE, FILE_PLACE)
    assert (saved.status, saved.path) == ("duplicate", named)
    assert Store(tmp_path).save(OTHER_FILE, FILE_PLACE).status == "stored"


@pytest.mark.attack(17)
def test_a_folder_that_differs_by_case_or_normal_form_is_the_same_one(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", PLACE[-1]).replace("ou=TEST", "ou=test")
    folder = tmp_path / "YESSIGN" / "User" / name
    folder.mkdir(parents=True)
    store = Store(tmp_path)
    with pytest.raises(StorageError) as caught:
        store.save(ITEM, PLACE)
    assert caught.value.code == "name_taken"
    saved = store.save(ITEM, PLACE, beside=True)
    assert saved.path.parent == folder.parent


@pytest.mark.attack(25)
@pytest.mark.parametrize(("item", "_", "place"), KINDS)
@pytest.mark.parametrize("calls", range(16))
@pytest.mark.parametrize("error", [full, KeyboardInterrupt])
def test_a_disk_that_fails_at_any_call_leaves_nothing(
    tmp_path: Path,
    item: Item,
    _: Item,
    place: Place,
    calls: int,
    error: Callable[[], BaseException],
) -> None:
    root = tmp_path / "deep" / "NPKI"
    disk = FailingDisk(calls, error)
    outcome: BaseException | None = None
    try:
        saved = Store(root, disk).save(item, place)
    except (StorageError, KeyboardInterrupt) as stopped:
        outcome = stopped
    if disk.failed:
        assert tree(tmp_path) == []
        assert getattr(outcome, "code", "") == ("disk_full" if error is full else "")
    else:
        assert outcome is None
        assert calls > 8, "enough calls must have been tried"
        assert read_item(saved.path) == item


class CrashingDisk(FailingDisk):
    """A disk whose computer dies: nothing can be tidied up either."""

    def remove_file(self, path: Path) -> None:
        if not self.failed:
            super().remove_file(path)

    def remove_folder(self, path: Path) -> None:
        if not self.failed:
            super().remove_folder(path)


@pytest.mark.attack(25)
@pytest.mark.parametrize(("item", "_", "place"), KINDS)
@pytest.mark.parametrize("calls", range(16))
def test_a_crash_at_any_call_leaves_a_whole_certificate_or_none(
    tmp_path: Path, item: Item, _: Item, place: Place, calls: int
) -> None:
    disk = CrashingDisk(calls, SystemExit)
    with contextlib.suppress(SystemExit):
        Store(tmp_path, disk).save(item, place)
    for entry in find(tmp_path):
        assert entry.item == item
    for path in tmp_path.iterdir():
        if path.name.startswith(PART_PREFIX):
            gone = path.name.replace(f"-{os.getpid()}-", "-999999999-")
            path.rename(tmp_path / gone)
    store = Store(tmp_path)
    store.clean()
    assert not [name for name in tree(tmp_path) if PART_PREFIX in name]
    store.save(item, place)
    assert [entry.item for entry in find(store.root)] == [item]


def test_cleaning_leaves_what_is_in_progress_and_what_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / f"{PART_PREFIX}abcdef-1-0123456789abcdef").mkdir()
    (tmp_path / f"{PART_PREFIX}notes").mkdir()
    (tmp_path / ".other-part").mkdir()
    assert Store(tmp_path).clean() == 0
    old = tmp_path / f"{PART_PREFIX}abcdef-1-0123456789abcdef"
    os.utime(old, (0, 0))
    assert Store(tmp_path).clean() == 1
    assert len(tree(tmp_path)) == 2
    assert Store(tmp_path / "nothing").clean() == 0


def test_cleaning_takes_folders_only_and_follows_no_link(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "NPKI", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (elsewhere / "mine").write_bytes(b"mine")
    os.utime(elsewhere, (0, 0))
    file = root / f"{PART_PREFIX}abcdef-1-0123456789abcdef"
    file.write_bytes(b"")
    os.utime(file, (0, 0))
    try:
        (root / f"{PART_PREFIX}abcdef-2-0123456789abcdef").symlink_to(elsewhere)
        (root / "yessign").symlink_to(elsewhere)
    except OSError:
        pytest.skip("links are not permitted here")
    inside = elsewhere / f"{PART_PREFIX}abcdef-3-0123456789abcdef"
    inside.mkdir()
    os.utime(inside, (0, 0))
    assert Store(root).clean() == 0
    assert inside.exists()
    assert (elsewhere / "mine").exists()
    assert file.exists()


def test_cleaning_goes_on_where_another_program_works(tmp_path: Path) -> None:
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            part = parts.fresh(tmp_path)
            (part / "new").mkdir(parents=True)
            shutil.rmtree(part)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    try:
        cleaned = [Store(tmp_path).clean() for _ in range(1000)]
    finally:
        is_over.set()
        for worker in workers:
            worker.join()
    assert cleaned == [0] * 1000


def test_what_a_change_left_beside_a_certificate_is_cleaned_too(tmp_path: Path) -> None:
    saved = Store(tmp_path).save(ITEM, PLACE)
    part = saved.path.parent / f"{PART_PREFIX}abcdef-1-0123456789abcdef"
    (part / "gone").mkdir(parents=True)
    (part / "gone" / "signPri.key").write_bytes(b"old")
    os.utime(part, (0, 0))
    assert Store(tmp_path).clean() == 1
    assert not part.exists()
    assert read_item(saved.path) == ITEM


@pytest.mark.attack(17)
@pytest.mark.attack(17)
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_link_on_the_way_is_refused(tmp_path: Path, at: int) -> None:
    root, elsewhere = tmp_path / "NPKI", tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = root.joinpath(*PLACE[:at])
    link.parent.mkdir(parents=True)
    try:
        link.symlink_to(elsewhere, target_is_directory=True)
    except OSError:
        pytest.skip("links are not permitted here")
    with pytest.raises(StorageError) as caught:
        Store(root).save(ITEM, PLACE)
    assert caught.value.code == ("name_taken" if at == 3 else "not_a_folder")
    assert tree(elsewhere) == []


@pytest.mark.attack(17)
def test_a_dangling_link_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PKCS12").mkdir()
    link = tmp_path.joinpath(*FILE_PLACE)
    try:
        link.symlink_to(tmp_path / "elsewhere")
    except OSError:
        pytest.skip("links are not permitted here")
    with pytest.raises(StorageError):
        Store(tmp_path).save(FILE, FILE_PLACE)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.attack(17)
@pytest.mark.parametrize("place", [("..", "USER", "x"), ("PKCS12", "../x.p12"), ("a", "b"), ()])
def test_a_place_that_is_not_safe_is_a_bug(tmp_path: Path, place: Place) -> None:
    with pytest.raises(ValueError, match="place"):
        Store(tmp_path).save(ITEM, place)


def test_a_file_in_place_of_the_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "NPKI").write_bytes(b"")
    with pytest.raises(StorageError) as caught:
        Store(tmp_path / "NPKI").save(ITEM, PLACE)
    assert caught.value.code == "not_a_folder"


@pytest.mark.attack(18)
def test_a_disk_without_hard_links_still_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", refuse)
    store = Store(tmp_path)
    assert store.save(FILE, FILE_PLACE).status == "stored"
    (tmp_path / "a").write_bytes(b"new")
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        Disk().place(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"old"


@pytest.mark.attack(18)
def test_two_that_save_at_once_end_with_one_certificate(tmp_path: Path) -> None:
    class Racing(Disk):
        def rename(self, source: Path, target: Path) -> None:
            Store(tmp_path).save(OTHER, PLACE)
            super().rename(source, target)

    with pytest.raises(StorageError) as caught:
        Store(tmp_path, Racing()).save(ITEM, PLACE)
    assert caught.value.code == "name_taken"
    assert [entry.item for entry in find(tmp_path)] == [OTHER]
    assert not [name for name in tree(tmp_path) if PART_PREFIX in name]
