"""A folder of the store is exchanged for a link between two steps: nothing goes through it.

Row 80 of docs/security.md.  Who does it may write in the store; where the link leads to, only
the person may.
"""

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.client.store import replace_files
from certrelay.client.store.store import Store
from certrelay.client.store.system import Disk
from certrelay.errors import StorageError
from certrelay.pki.check import inspect
from certrelay.pki.naming import Place
from tests.certificates import PASSWORD, person

if os.name != "posix":
    pytest.skip("the system has no open folders", allow_module_level=True)

NPKI, FILE = person().npki(PASSWORD), person().pkcs12(PASSWORD)
OTHER = person(2, "성춘향").npki(PASSWORD)
CALLS = 18
"""More than one save makes."""


class Swapping(Disk):
    """A disk on which a folder becomes a link right before the call of that number."""

    def __init__(self, at: int, swap: Callable[[], None]) -> None:
        self.at = at
        self.swap = swap
        self.calls = 0

    @contextlib.contextmanager
    def _reach(self, path: Path) -> Iterator[object]:  # type: ignore[override]
        if self.calls == self.at:
            self.swap()
        self.calls += 1
        with super()._reach(path) as reached:
            yield reached


class Swap:
    """Puts a link to somewhere else in a folder's place, and back."""

    def __init__(self, folder: Path, elsewhere: Path) -> None:
        self.folder = folder
        self.times = 0
        self.elsewhere = elsewhere
        elsewhere.mkdir()

    @property
    def aside(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}-{self.times}")

    def __call__(self) -> None:
        self.times += 1
        with contextlib.suppress(OSError):  # it is not there, or there again
            self.folder.rename(self.aside)
            self.folder.symlink_to(self.elsewhere, target_is_directory=True)

    def back(self) -> None:
        with contextlib.suppress(OSError):
            if self.folder.is_symlink():
                self.folder.unlink()
            self.aside.rename(self.folder)

    @property
    def went_through(self) -> list[Path]:
        return list(self.elsewhere.rglob("*"))


@pytest.mark.attack(80)
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("item", [NPKI, FILE], ids=["pair", "file"])
def test_a_folder_that_becomes_a_link_at_any_call_leads_nowhere(
    tmp_path: Path, item: Item, depth: int
) -> None:
    place = inspect(item).place
    if depth >= len(place):
        return
    for call in range(CALLS):
        root = tmp_path / str(call) / "NPKI"
        folder = root.joinpath(*place[:depth])
        folder.mkdir(parents=True)
        (root.joinpath(*place[:-1])).mkdir(parents=True, exist_ok=True)
        swap = Swap(folder, tmp_path / str(call) / "elsewhere")
        for name in place[depth:-1]:  # what the person has there has the same names
            (swap.elsewhere / name).mkdir()
        before = swap.went_through
        disk = Swapping(call, swap)
        with contextlib.suppress(StorageError):
            Store(root, disk).save(item, place)
        assert swap.went_through == before, f"at call {call}"
        if call >= disk.calls:
            break
    else:
        pytest.fail("more calls are needed")


@pytest.mark.attack(80)
def test_a_new_password_is_not_written_through_a_link(tmp_path: Path) -> None:
    for call in range(CALLS):
        root = tmp_path / str(call) / "USER"
        saved = root / "cn=one"
        saved.mkdir(parents=True)
        for name, content in (("signCert.der", NPKI.get("signCert")), ("signPri.key", b"x")):
            (saved / name).write_bytes(content or b"")
        swap = Swap(saved, tmp_path / str(call) / "elsewhere")
        kept = swap.elsewhere / "signPri.key"
        kept.write_bytes(b"the person's own")

        def make(item: Item) -> Item:
            return Item.of("npki", {"signCert": item.get("signCert") or b"", "signPri": b"y"})

        with contextlib.suppress(StorageError):
            replace_files.change(root, saved, make, Swapping(call, swap))
        assert kept.read_bytes() == b"the person's own", f"at call {call}"
        assert len(swap.went_through) == 1, f"at call {call}"


@pytest.mark.attack(80)
def test_somebody_who_swaps_all_the_time_gets_nothing(tmp_path: Path) -> None:
    """As in real life: a hundred saves and more beside a thread that swaps as fast as it can."""
    root = tmp_path / "NPKI"
    place = inspect(NPKI).place
    root.joinpath(*place[:-1]).mkdir(parents=True)
    swap = Swap(root / place[0], tmp_path / "elsewhere")
    (swap.elsewhere / "USER").mkdir()
    before, is_over = swap.went_through, threading.Event()

    def swapping() -> None:
        while not is_over.is_set():
            swap()
            swap.back()

    thread = threading.Thread(target=swapping)
    thread.start()
    outcomes = {"stored": 0, "refused": 0}
    try:
        for number, item in zip(range(1000), itertools.cycle([NPKI, OTHER]), strict=False):
            if number >= 100 and swap.times >= 100:
                break
            at: Place = (place[0], "USER", f"cn={number}")
            try:
                Store(root).save(item, at)
                outcomes["stored"] += 1
            except (StorageError, OSError):
                outcomes["refused"] += 1
    finally:
        is_over.set()
        thread.join()
        swap.back()
    assert swap.went_through == before, outcomes
    assert swap.times >= 100


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    (tmp_path / "NPKI").symlink_to(tmp_path / "stick", target_is_directory=True)
    saved = Store(tmp_path / "NPKI").save(NPKI, inspect(NPKI).place)
    assert (tmp_path / "stick").joinpath(*inspect(NPKI).place).samefile(saved.path)
