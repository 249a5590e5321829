"""examples/minimal_phone.py: short, of public names only, and a phone that really copies."""

import ast
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from relay.embedded import Running, start
from tests.certificates import PASSWORD, person
from tests.deploy.fronts import free_port
from tests.examples.public import named
from tests.flows.conftest import files_below, fill
from tests.flows.programs import ROOT, Bench, Client, bench, environment
from tests.patience import PATIENCE_S

EXAMPLE = ROOT / "examples" / "minimal_phone.py"


def test_it_has_fewer_than_200_lines() -> None:
    assert len(EXAMPLE.read_text("utf-8").splitlines()) < 200


def test_it_uses_public_names_only() -> None:
    public = named()
    used = []
    for node in ast.walk(ast.parse(EXAMPLE.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            used += [(alias.name, "") for alias in node.names if "certrelay" in alias.name]
        elif isinstance(node, ast.ImportFrom) and node.module and "certrelay" in node.module:
            used += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_"), node.attr
    assert used
    assert [each for each in used if each not in public] == []


class Phone:
    """The example as a process, and its person."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(EXAMPLE), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
        )
        self._late = threading.Timer(PATIENCE_S, self.process.kill)
        self._late.daemon = True
        self._late.start()
        self.said = ""

    def until(self, words: str) -> str:
        """Read what it shows, up to a line with those words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return line.strip()
        raise AssertionError(f"ended without {words!r}: {self.said}")

    def types(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def finish(self) -> int:
        """Wait for its end; its person stays, for who goes away has cancelled."""
        assert self.process.stdout is not None
        self.said += self.process.stdout.read()
        self.process.wait()
        self._late.cancel()
        _, err = self.process.communicate()
        assert err == "", "no traceback"
        return self.process.returncode


@contextmanager
def scanning(pc: Client, path: Path) -> Iterator[Phone]:
    """Let the example scan what the PC shows."""
    phone = Phone(path)
    try:
        phone.types(pc.expect("waiting")["url"])
        yield phone
    finally:
        phone.process.kill()
        phone.process.communicate()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Bench]:
    with start("127.0.0.1") as relay, bench(tmp_path, relay.url) as made:
        yield made


def test_a_certificate_goes_to_the_pc(desk: Bench) -> None:
    (folder,) = fill(desk.phone_store, person().npki(PASSWORD))
    with scanning(pc := desk.pc("import"), folder) as phone:
        phone.types(PASSWORD)
        phone.until("the number on the PC?")
        phone.types("000 000" if pc.expect("number")["number"] != "000000" else "111111")
        phone.until("2 tries left")
        phone.types(pc.last("number")["number"])
        pc.expect("save_wanted")
        pc.answer("y")
        assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
    assert phone.said.endswith("done\n")
    assert files_below(desk.pc_store) == files_below(desk.phone_store) != {}


def test_a_certificate_comes_from_the_pc(desk: Bench) -> None:
    fill(desk.pc_store, person().npki(PASSWORD))
    pc = desk.pc("export", "1")
    pc.expect("password_wanted")
    pc.answer(PASSWORD)
    with scanning(pc, desk.phone_store) as phone:
        pc.expect("number_wanted")
        pc.answer(phone.until("type this number").rpartition(": ")[2])
        assert "홍길동" in phone.until("save?")
        phone.types("y")
        assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
    assert files_below(desk.phone_store) == files_below(desk.pc_store) != {}


def test_no_is_no(desk: Bench) -> None:
    fill(desk.pc_store, person().npki(PASSWORD))
    pc = desk.pc("export", "1")
    pc.expect("password_wanted")
    pc.answer(PASSWORD)
    with scanning(pc, desk.phone_store) as phone:
        pc.expect("number_wanted")
        pc.answer(phone.until("type this number").rpartition(": ")[2])
        phone.until("save?")
        phone.types("")
        assert (phone.finish(), pc.finish()) == (ExitStatus.NOT_CONFIRMED,) * 2
    assert files_below(desk.phone_store) == {}


@pytest.mark.parametrize(
    ("typed", "code"), [("wrong password", "wrong_password"), (PASSWORD, "number_mismatch")]
)
def test_a_wrong_password_or_number_ends_it_with_a_word(desk: Bench, typed: str, code: str) -> None:
    (folder,) = fill(desk.phone_store, person().npki(PASSWORD))
    with scanning(pc := desk.pc("import"), folder) as phone:
        phone.types(typed)
        if typed == PASSWORD:
            number = int(pc.expect("number")["number"])
            phone.until("the number on the PC?")
            for wrong in range(1, 4):
                phone.types(f"{(number + wrong) % 1_000_000:06}")
        assert phone.finish() != ExitStatus.OK
    assert phone.said.endswith(f"not done: {code}\n")
    assert files_below(desk.pc_store) == {}


def test_a_restart_of_the_relay_is_survived(tmp_path: Path) -> None:
    port = free_port()
    first: Running = start("127.0.0.1", port)
    try:
        with bench(tmp_path, first.url) as desk:
            (folder,) = fill(desk.phone_store, person().npki(PASSWORD))
            with scanning(pc := desk.pc("import"), folder) as phone:
                phone.types(PASSWORD)
                number = pc.expect("number")["number"]
                phone.until("the number on the PC?")
                first.stop()
                phone.until("the connection is lost")
                with start("127.0.0.1", port):
                    phone.types(number)
                    pc.expect("save_wanted")
                    pc.answer("y")
                    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
            assert files_below(desk.pc_store) == files_below(desk.phone_store) != {}
    finally:
        first.stop()
