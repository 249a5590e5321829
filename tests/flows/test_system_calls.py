"""The order of a receiver's system calls: written, synced, renamed, synced, then the receipt.

strace looks at the real PC client.  tests/client/store/test_lasting.py holds the same order on a
disk of its own, at every call that can fail.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.client.store.parts import PART_PREFIX
from certrelay.e2e.frame import FRAME_BYTES
from relay.embedded import start
from tests.certificates import PASSWORD, person
from tests.component import program
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Bench, Client, bench

CALLS = "openat,write,fsync,rename,renameat,renameat2,link,linkat,sendto,sendmsg"
RECEIPT_BYTES = min(FRAME_BYTES) + 8
"""A small sealed frame in a masked WebSocket frame."""

Call = tuple[str, str]
"""A call's name, and what it is about: a path, or the number of bytes sent."""


def calls_of(trace: Path, store: Path) -> Iterator[Call]:
    """Read a trace: what was done in the store, and what was sent."""
    for line in trace.read_text("utf-8", "replace").splitlines():
        call = re.match(r"(?:\d+ +)?(\w+)\((.*)", line)
        if call is None:
            continue
        name, rest = call.groups()
        if name in ("sendto", "sendmsg"):
            size = re.search(r"\) = (\d+)$", rest)
            yield "send", size[1] if size else "?"
            continue
        paths = [path for path in re.findall(r'[<"](/[^>"]*)[>"]', rest) if str(store) in path]
        if not paths or (name == "openat" and "O_CREAT" not in rest):
            continue
        # Of a rename or a link the new name, of the others the only one.
        name = "place" if name.startswith(("rename", "link")) else name
        yield name, str(Path(paths[-1]).relative_to(store)) if paths[-1] != str(store) else "."


def trace_a_copy(folder: Path, item: Item) -> list[Call]:
    with start("127.0.0.1") as relay, bench(folder, relay.url) as desk:
        return _trace(desk, item, folder / "trace")


def _trace(desk: Bench, item: Item, trace: Path) -> list[Call]:
    under = [program("strace"), "-f", "-qq", "-y", "-s", "0", "-e", f"trace={CALLS}"]
    fill(desk.phone_store, item)
    way: list[str | Path] = ["--relay", desk.relay or "", "--store", desk.pc_store, "--lang", "en"]
    pc = Client("client_pc", "import", "--yes", *way, under=[*under, "-o", str(trace)])
    desk.clients.append(pc)
    phone = desk.phone_with_url(pc.expect("waiting")["url"], "--send", "1")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    number = pc.expect("number")["number"]
    phone.expect("number_wanted")
    phone.answer(number)
    assert (phone.finish(), pc.finish()) == (0, 0)
    assert files_below(desk.pc_store) == files_below(desk.phone_store)
    return list(calls_of(trace, desk.pc_store))


@pytest.mark.parametrize("kind", ["npki", "pkcs12"])
def test_what_the_receipt_says_is_on_the_disk_before_it_leaves(tmp_path: Path, kind: str) -> None:
    item = person().npki(PASSWORD) if kind == "npki" else person().pkcs12(PASSWORD)
    calls = trace_a_copy(tmp_path, item)
    ((placed, (_, place)),) = ((at, call) for at, call in enumerate(calls) if call[0] == "place")
    files = [path for name, path in calls if name == "openat"]
    assert len(files) == len(item.files)
    assert all(path.startswith(PART_PREFIX) for path in files)
    for path in files:
        opened, written, synced = (
            calls.index((name, path)) for name in ("openat", "write", "fsync")
        )
        assert opened < written < synced < placed, "each file is synced before it has its place"
    part = files[0].partition("/")[0]
    assert calls[placed - 1] == ("fsync", part), "its names are synced before it has its place"
    assert not [path for name, path in calls[placed:] if name in ("openat", "write")]
    sent = next(at for at in range(placed, len(calls)) if calls[at][0] == "send")
    after = calls[placed + 1 : sent]
    assert ("fsync", str(Path(place).parent)) in after, "the new name is synced"
    assert ("fsync", ".") in after
    assert "fsync" not in [name for name, _ in calls[sent:]], "and nothing is left to be synced"
    began = calls.index(("openat", files[0]))
    assert "send" not in [name for name, _ in calls[began:sent]], "nothing leaves meanwhile"
    assert calls[sent] == ("send", str(RECEIPT_BYTES)), "then the receipt"
