"""A link in a certificate's place is no copy of it: what it points to may go at any time."""

from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.client.store.store import Store
from certrelay.errors import StorageError
from certrelay.pki.check import inspect
from tests.certificates import PASSWORD, person

NPKI = person().npki(PASSWORD)
FILE = person().pkcs12(PASSWORD)


def link_in_place(folder: Path, item: Item) -> Path:
    """Store an item, move it elsewhere and leave a link in its place."""
    saved = Store(folder / "NPKI").save(item, inspect(item).place).path
    elsewhere = folder / "elsewhere"
    saved.rename(elsewhere)
    saved.symlink_to(elsewhere, target_is_directory=elsewhere.is_dir())
    return saved


@pytest.mark.parametrize("item", [NPKI, FILE], ids=["npki", "pkcs12"])
def test_a_link_to_the_same_bytes_is_no_duplicate(tmp_path: Path, item: Item) -> None:
    link = link_in_place(tmp_path, item)
    store, place = Store(tmp_path / "NPKI"), inspect(item).place
    assert store.holds(item, place) is None
    with pytest.raises(StorageError) as caught:
        store.save(item, place)
    assert caught.value.code == "name_taken"
    saved = store.save(item, place, beside=True)
    assert saved.status == "stored"
    assert saved.path != link
    assert not saved.path.is_symlink()
    assert link.is_symlink(), "the link is left alone"
