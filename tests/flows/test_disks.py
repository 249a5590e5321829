"""Disks that take nothing, or not all: real ones, in a mount namespace of the PC client's own.

Whatever the disk does, nothing of the certificate is there afterwards, both people hear what
happened, and the next copy works.
"""

import os
import subprocess
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from relay.embedded import start
from tests.certificates import PASSWORD, person
from tests.component import missing, program
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Bench, Client, bench, receipt_of

DISKS = {
    # How the store is mounted, and what the PC says: one block is enough for two small files only.
    "disk_full": "mount -t tmpfs -o size=8k,mode=700 tmpfs {store}",
    # Another disk where the certificate's place is: a rename cannot go there.
    "write_failed": "mkdir {store}/yessign && mount -t tmpfs -o mode=700 tmpfs {store}/yessign",
}


def mounted(store: Path, command: str) -> list[str]:
    """Run under a mount that nobody else sees; the files left in the store go to standard error.

    They must be told there, for the mount ends with the program.
    """
    alone = [program("unshare"), "--mount" if os.geteuid() == 0 else "-rm"]
    tried = subprocess.run(
        [*alone, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    if tried.returncode:
        missing("the right to mount in a namespace of one's own")
    command = command.format(store=store)
    script = f'{command} && "$@"; status=$?; find {store} -type f >&2; exit $status'
    return [*alone, "sh", "-c", script, "sh"]


def copy(desk: Bench, under: list[str]) -> tuple[Client, Client]:
    way: list[str | Path] = ["--relay", desk.relay or "", "--store", desk.pc_store, "--lang", "en"]
    pc = Client("client_pc", "import", "--yes", *way, under=under)
    desk.clients.append(pc)
    phone = desk.phone_with_url(pc.expect("waiting")["url"], "--send", "1")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    number = pc.expect("number")["number"]
    phone.expect("number_wanted")
    phone.answer(number)
    phone.finish()
    pc.finish()
    return pc, phone


def test_a_disk_that_is_read_only_is_told_before_a_code_is_shown(tmp_path: Path) -> None:
    store = tmp_path / "pc"
    store.mkdir()
    under = mounted(store, "mount -t tmpfs -o ro,mode=700 tmpfs {store}")
    way: list[str | Path] = ["--listen", "127.0.0.1", "--store", store, "--lang", "en"]
    pc = Client("client_pc", "import", *way, under=under)
    try:
        assert pc.finish() != 0
        assert pc.names() == ["store", "error"], "no code; the NPKI folder below it is meant"
        assert pc.last("error")["code"] == "read_only"
    finally:
        pc.close()


@pytest.mark.parametrize("code", DISKS)
def test_a_disk_that_does_not_take_it_leaves_nothing_and_says_so(code: str, tmp_path: Path) -> None:
    store = tmp_path / "pc"
    store.mkdir()
    under = mounted(store, DISKS[code])
    with start("127.0.0.1") as relay, bench(tmp_path, relay.url) as desk:
        fill(desk.phone_store, person().npki(PASSWORD))
        pc, phone = copy(desk, under)
        assert pc.process.returncode == ExitStatus.STORAGE
        told = [event["code"] for event in pc.events if event["event"] == "error"]
        assert told == [code]
        assert receipt_of(phone) == [("rejected", "disk")]
        assert phone.last("error")["code"] == "rejected"
        assert str(store) not in pc.stderr, "a file is left"
        assert "Traceback" not in pc.stderr + phone.stderr
        again, _ = copy(desk, [])
        assert again.process.returncode == 0
        assert files_below(desk.pc_store) == files_below(desk.phone_store)
