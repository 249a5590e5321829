"""Other programs work in the same store at the same moment: nothing fails, nothing is lost."""

import json
import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certrelay.client.manage import trash
from certrelay.client.manage.trash import Trash
from certrelay.client.store import single_files
from certrelay.client.store.store import Store
from certrelay.client.store.system import Disk
from certrelay.errors import StorageError
from certrelay.pki.check import inspect
from client_pc.history import History, LocalChange
from tests.certificates import PASSWORD, person

ITEM = person().npki(PASSWORD)
OTHER = person().npki("another password")
PLACE = inspect(ITEM).place
NOW = datetime.now(UTC)


class Busy(Disk):
    """A disk on which another program does something just before one of our steps.

    Args:
        step: The method before which it comes.
        act: What the other program does with the step's arguments; once.
    """

    def __init__(self, step: str, act: Callable[..., None]) -> None:
        super().__init__()
        self._acts = [act]
        before = getattr(self, step)

        def after(*paths: Any) -> None:
            if self._acts:
                self._acts.pop()(*paths)
            before(*paths)

        setattr(self, step, after)


def test_the_folders_of_an_authority_are_made_by_two_programs(tmp_path: Path) -> None:
    disk = Busy("make_folder", lambda path: path.mkdir(parents=True))
    assert Store(tmp_path / "NPKI", disk).save(ITEM, PLACE).status == "stored"


def test_a_folder_that_another_program_takes_back_is_made_again(tmp_path: Path) -> None:
    root = tmp_path / "NPKI"

    def vanish(*_: Path) -> None:
        for folder in (root / PLACE[0] / "USER", root / PLACE[0]):
            folder.rmdir()

    assert Store(root, Busy("rename", vanish)).save(ITEM, PLACE).status == "stored"


def test_a_name_that_another_program_takes_just_now(tmp_path: Path) -> None:
    for item, beside, expected in ((ITEM, False, "duplicate"), (OTHER, True, "stored")):
        root = tmp_path / expected

        def faster(*_: Path, root: Path = root) -> None:
            Store(root).save(ITEM, PLACE)

        saved = Store(root, Busy("rename", faster)).save(item, PLACE, beside=beside)
        assert saved.status == expected
    assert saved.path.name.endswith(" (2)")
    with pytest.raises(StorageError, match="name_taken"):
        Store(root, Busy("rename", lambda *_: None)).save(person().npki("third"), PLACE)


def test_a_file_that_another_program_makes_of_the_same_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = person().pkcs12(PASSWORD)
    certificate = inspect(item).certificate
    assert certificate is not None
    place = single_files.Destination(tmp_path, "홍길동", certificate.fingerprint, (PASSWORD,))

    def faster(*_: Path) -> None:
        (tmp_path / "홍길동.p12").write_bytes(item.get("pkcs12") or b"")

    monkeypatch.setattr(single_files, "Disk", lambda: Busy("place", faster))
    path, is_new = single_files.save(item.get("pkcs12") or b"", place)
    assert (path.name, is_new) == ("홍길동.p12", False)
    assert [each.name for each in tmp_path.iterdir()] == ["홍길동.p12"]


@pytest.mark.parametrize("act", [Path.mkdir, lambda path: None])
def test_two_programs_make_the_trash(tmp_path: Path, act: Callable[[Path], None]) -> None:
    path = Store(tmp_path).save(ITEM, PLACE).path
    Trash(tmp_path, Busy("make_folder", act)).put(path, None, "홍길동", NOW)
    assert len(Trash(tmp_path).deleted()) == 1


def test_a_trash_that_another_program_empties_is_made_again(tmp_path: Path) -> None:
    path = Store(tmp_path).save(ITEM, PLACE).path
    folder = tmp_path / trash.FOLDER
    disk = Busy("make_folder", lambda _: folder.mkdir())
    before = disk.make_folder

    def removed(made: Path) -> None:
        if made.parent == folder and folder.exists() and not gone:
            gone.append(made)
            folder.rmdir()
        before(made)

    gone: list[Path] = []
    setattr(disk, "make_folder", removed)  # noqa: B010 - a method
    Trash(tmp_path, disk).put(path, None, "홍길동", NOW)
    assert gone
    assert len(Trash(tmp_path).deleted()) == 1


def test_only_one_program_puts_back(tmp_path: Path) -> None:
    path = Store(tmp_path).save(ITEM, PLACE).path
    Trash(tmp_path).put(path, None, "홍길동", NOW)
    (deleted,) = Trash(tmp_path).deleted()
    Trash(tmp_path).restore(deleted)
    for file in path.iterdir():
        file.unlink()
    path.rmdir()
    with pytest.raises(StorageError, match="not_in_trash"):
        Trash(tmp_path).restore(deleted)


def test_what_was_not_moved_yet_is_not_in_the_trash(tmp_path: Path) -> None:
    path = Store(tmp_path).save(ITEM, PLACE).path

    def ended(*_: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trash(tmp_path, Busy("rename", ended)).put(path, None, "홍길동", NOW)
    assert path.is_dir()
    assert Trash(tmp_path).deleted() == ()


def write_changes(folder: Path, writer: int) -> None:
    """One program's changes, each longer than what a stream writes at once."""
    for number in range(60):
        path = f"/{writer}/{number}/" + "가" * 6000
        History(folder).append_change(LocalChange(NOW, "delete", path, None))


def test_two_programs_write_one_history(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_changes, args=(tmp_path, n)) for n in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
        assert each.exitcode == 0
    lines = History(tmp_path).path.read_text("utf-8").splitlines()
    paths = [json.loads(line)["path"] for line in lines]
    for writer in range(4):
        own = [int(path.split("/")[2]) for path in paths if path.startswith(f"/{writer}/")]
        assert own == list(range(60 - len(own), 60)), "from some line on each, in its order"
    assert len(paths) > 28, "half of a MiB is left at least"
