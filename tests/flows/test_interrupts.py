"""Ctrl-C at every step: no file, no room, and both sides say so."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.errors import ExitStatus
from certrelay.limits import MAX_KDF_ITERATIONS
from certrelay.pki import der, pbe
from tests.attacks.terminal import Terminal
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import ROOT, Bench, Client, environment
from tests.homes import one_home

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGINT to one process is POSIX")


class Copy:
    """A copy that can be brought to any of its steps."""

    def __init__(self, desk: Bench, command: str) -> None:
        self.desk = desk
        self.command = command
        self.url = ""
        self.pc: Client
        self.phone: Client

    def until_waiting(self) -> None:
        if self.command == "import":
            fill(self.desk.phone_store, person().npki(PASSWORD))
            self.pc = self.desk.pc("import")
        else:
            fill(self.desk.pc_store, person().npki(PASSWORD))
            self.pc = self.desk.pc("export", "1")
            self.pc.expect("password_wanted")
            self.pc.answer(PASSWORD)
        self.url = self.pc.expect("waiting")["url"]

    def until_paired(self) -> None:
        self.until_waiting()
        self.phone = self.desk.phone("--send", "1")
        self.phone.expect("paired")
        self.pc.expect("paired")

    def until_number(self) -> None:
        self.until_paired()
        if self.command == "import":
            self.phone.expect("password_wanted")
            self.phone.answer(PASSWORD)
        self.number = self.receiver.expect("number")["number"]
        self.sender.expect("number_wanted")

    def until_question(self) -> None:
        self.until_number()
        self.sender.answer(self.number)
        self.receiver.expect("save_wanted")

    @property
    def sender(self) -> Client:
        return self.phone if self.command == "import" else self.pc

    @property
    def receiver(self) -> Client:
        return self.pc if self.command == "import" else self.phone


STEPS: dict[str, Callable[[Copy], None]] = {
    "paired": Copy.until_paired,
    "number": Copy.until_number,
    "question": Copy.until_question,
}


@one_home
@pytest.mark.parametrize("who", ["sender", "receiver"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("command", ["import", "export"])
def test_ctrl_c_leaves_nothing_and_both_sides_say_so(
    desk: Bench, command: str, step: str, who: str
) -> None:
    copy = Copy(desk, command)
    STEPS[step](copy)
    stopped, other = copy.sender, copy.receiver
    if who == "receiver":
        stopped, other = other, stopped
    stopped.interrupt()
    status = stopped.finish()
    code = stopped.last("error")["code"]
    if (step, who) == ("question", "sender"):
        # Everything was sent: only the receiver knows, so the sender may not say "nothing".
        assert (status, code) == (ExitStatus.NOT_CONFIRMED, "not_confirmed")
    else:
        assert (status, code) == (ExitStatus.INTERRUPTED, "interrupted")
    heard = (other.finish(), other.last("error")["code"])
    # Before the channel stands there is no sealed CLOSE: leaving the room says it.
    left = (ExitStatus.ROOM, "left")
    cancelled = (ExitStatus.NOT_CONFIRMED, "cancelled")
    assert heard == cancelled or (step == "paired" and heard == left)
    nothing_is_left(copy)


@one_home
@pytest.mark.parametrize("command", ["import", "export"])
def test_ctrl_c_while_the_code_is_shown(desk: Bench, command: str) -> None:
    copy = Copy(desk, command)
    copy.until_waiting()
    copy.pc.interrupt()
    assert copy.pc.finish() == ExitStatus.INTERRUPTED
    nothing_is_left(copy)


@one_home
def test_ctrl_c_at_the_password_question_before_anything_is_shown(desk: Bench) -> None:
    fill(desk.pc_store, person().npki(PASSWORD))
    pc = desk.pc("export", "1")
    pc.expect("password_wanted")
    pc.interrupt()
    assert pc.finish() == ExitStatus.INTERRUPTED
    assert pc.names()[-1] == "error"


@pytest.mark.attack(46)
@pytest.mark.parametrize("outlives_it", [False, True])
def test_a_window_that_is_closed_takes_the_code_and_its_files_with_it(
    tmp_path: Path, outlives_it: bool
) -> None:
    """Who started it under nohup is told by the first thing that cannot be shown any more."""
    picture, url = tmp_path / "qr.png", tmp_path / "url.txt"
    arguments = ("--store", tmp_path / "pc", "--listen", "127.0.0.1", "--lang", "en")
    pc = Terminal(
        *("client_pc", "import", *arguments, "--qr-png", picture, "--url-file", url),
        outlives_it=outlives_it,
    )
    try:
        pc.read_until("Time left")
        assert picture.exists()
        assert url.exists()
        status = pc.hang_up()
        assert status == ExitStatus.INTERRUPTED or (outlives_it and status != ExitStatus.OK)
    finally:
        pc.close()
    assert not list(tmp_path.glob("[!p]*"))


def test_a_closed_window_says_farewell_to_the_other_device(desk: Bench) -> None:
    copy = Copy(desk, "import")
    copy.until_question()
    for _ in range(2):  # the shell hands it on, the system says it too
        copy.pc.process.send_signal(signal.SIGHUP)
    assert copy.pc.finish() == ExitStatus.INTERRUPTED
    assert copy.phone.finish() == ExitStatus.NOT_CONFIRMED
    nothing_is_left(copy)


@one_home
def test_who_reads_no_more_is_told_no_more_and_sees_no_traceback(desk: Bench) -> None:
    pc = subprocess.Popen(
        [sys.executable, "-m", "client_pc", "import", "--listen", "127.0.0.1", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        cwd=ROOT,
    )
    assert pc.stdout is not None
    while b'"waiting"' not in pc.stdout.readline():
        pass
    pc.stdout.close()
    pc.send_signal(signal.SIGTERM)
    _, errors = pc.communicate()
    assert b"Traceback" not in errors


def nothing_is_left(copy: Copy) -> None:
    desk = copy.desk
    target = desk.pc_store if copy.command == "import" else desk.phone_store
    assert not files_below(target)
    assert not Path(desk.picture).exists()
    assert not Path(desk.url_file).exists()
    for client in desk.clients:
        assert "Traceback" not in client.stderr
        assert client.last("error")["text"]
    late = desk.phone_with_url(copy.url)
    assert late.finish() == ExitStatus.ROOM
    assert late.last("error")["code"] in ("already_used", "expired"), "the room is gone"


@one_home
@pytest.mark.attack(76)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are listed in /proc")
def test_ctrl_c_ends_a_derivation_that_a_key_file_asks_for(desk: Bench) -> None:
    """The program that waited for it would find the password wrong before it heard Ctrl-C."""
    item = person().npki(PASSWORD)
    scheme = pbe.triple_des_pkcs12(bytes(8), MAX_KDF_ITERATIONS)
    files = {file.role: file.content for file in item.files}
    files["signPri"] = der.sequence(scheme.encode(), der.octets(bytes(64)))
    fill(desk.pc_store, Item.of("npki", files))
    pc = desk.pc("export", "1")
    pc.expect("password_wanted")
    pc.answer(PASSWORD)
    children = Path(f"/proc/{pc.process.pid}/task/{pc.process.pid}/children")
    while not children.read_text():  # the test's own limit ends it
        time.sleep(0.05)
    pc.interrupt()
    assert pc.finish() == ExitStatus.INTERRUPTED
    assert "password_wrong" not in pc.names()
