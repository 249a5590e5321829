"""What `Store.save` calls stored outlasts a loss of power in the next moment.

The disk is the simulation's: it knows which names and contents no fsync has made lasting.
"""

import contextlib
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from certrelay.bundle import Item
from certrelay.client.store.reading import find, read_item
from certrelay.client.store.store import Saved, Store
from certrelay.errors import StorageError
from certrelay.pki.check import inspect
from tests.simulation.disk import Crash, Failure, SimDisk, in_use, simulated_os
from tests.simulation.items import small

pytestmark = pytest.mark.attack(25)

ITEMS = small()
CALLS = 34
"""More than one save makes."""


@contextmanager
def disk_at(folder: Path, seed: int = 0) -> Iterator[SimDisk]:
    disk = SimDisk(folder, Random(seed))
    with simulated_os(), in_use(disk):
        yield disk


def save(disk: SimDisk, item: Item) -> Saved:
    store = Store(disk.folder / "NPKI", disk)
    store.clean()
    return store.save(item, inspect(item).place, beside=True)


@pytest.mark.parametrize("item", ITEMS)
def test_contents_then_names_then_the_place_then_its_names_are_synced(
    tmp_path: Path, item: Item
) -> None:
    with disk_at(tmp_path) as disk:
        saved = save(disk, item)
        log = disk.log
        assert disk.lasts(saved.path)
    (placed,) = (at for at, call in enumerate(log) if call.startswith(("rename", "link")))
    before, after = log[:placed], log[placed + 1 :]
    files = [call.removeprefix("create ") for call in before if call.startswith("create")]
    assert len(files) == len(item.files)
    for name in files:
        assert before.index(f"create {name}") < before.index(f"fsync {name}"), "file, then place"
    assert before[-1].startswith("fsync .certrelay-part"), "its names, then its place"
    assert f"fsync {saved.path.parent.name}" in after, "its place, then that name"
    assert not [call for call in after if call.startswith(("create", "mkdir"))]


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("call", range(1, CALLS))
@pytest.mark.parametrize("number", [None, errno.EIO])
def test_after_a_crash_at_any_call_the_next_program_stores_it_for_good(
    tmp_path: Path, item: Item, call: int, number: int | None
) -> None:
    with disk_at(tmp_path, call) as disk:
        disk.failures = {call: Failure(number)}
        try:
            save(disk, item)
        except (Crash, StorageError):
            disk.restart()
        disk.repair()
        saved = save(disk, item)
        assert disk.lasts(saved.path)
        disk.lose_power()
        assert read_item(saved.path) == item


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("call", range(1, CALLS))
def test_a_loss_of_power_at_any_call_leaves_it_whole_or_not_at_all(
    tmp_path: Path, item: Item, call: int
) -> None:
    with disk_at(tmp_path, call) as disk:
        disk.failures = {call: Failure(None)}
        try:
            saved = save(disk, item)
        except Crash:
            disk.lose_power()
            disk.restart()
            assert [entry.item for entry in find(disk.folder / "NPKI")] in ([], [item])
            saved = save(disk, item)
        assert read_item(saved.path) == item


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("full_at", range(8, 20))
@pytest.mark.parametrize("later", range(1, 5))
def test_a_loss_of_power_while_a_failed_save_is_undone_leaves_it_whole_or_not_at_all(
    tmp_path: Path, item: Item, full_at: int, later: int
) -> None:
    for seed in range(8):
        folder = tmp_path / str(seed)
        folder.mkdir()
        with disk_at(folder, seed) as disk:
            disk.failures = {full_at: Failure(errno.ENOSPC), full_at + later: Failure(None)}
            with contextlib.suppress(Crash, StorageError):
                save(disk, item)
            root = disk.folder / "NPKI"
            assert [entry.item for entry in find(root)] in ([], [item])
            disk.lose_power()
            assert [entry.item for entry in find(root)] in ([], [item])


@pytest.mark.parametrize("item", ITEMS)
def test_where_the_folder_above_may_not_be_opened_everything_is_synced(
    tmp_path: Path, item: Item
) -> None:
    with disk_at(tmp_path) as disk:
        save(disk, item)
        above = max(at for at, call in enumerate(disk.log, 1) if call == f"fsync {tmp_path.name}")
    folder = tmp_path / "again"
    folder.mkdir()
    with disk_at(folder) as disk:
        disk.failures = {above: Failure(errno.EACCES, for_good=True)}
        saved = save(disk, item)
        assert disk.log[-1].startswith("sync ")
        assert disk.lasts(saved.path)


def test_what_another_program_left_unsynced_is_synced_before_it_is_called_a_duplicate(
    tmp_path: Path,
) -> None:
    item = ITEMS[0]
    with disk_at(tmp_path) as disk:
        first = save(disk, item)
        disk._contents.update(first.path.iterdir())
        saved = save(disk, item)
        assert (saved.status, saved.path) == ("duplicate", first.path)
        assert disk.lasts(saved.path)
