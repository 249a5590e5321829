"""Two PCs on one cable find each other by themselves: real programs, each on a computer of its own.

What is heard of others on the cable is an address to try, and nothing more.
"""

import getpass
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.certificates import PASSWORD
from tests.flows.cable import NEW, OLD, Cable
from tests.flows.conftest import files_below
from tests.flows.neighbour import DECOY
from tests.flows.programs import ROOT, Client, environment
from tests.flows.test_join import TwoPcs, asked_for, finish, typed

ADDRESS = f"{NEW}:8765"
_SEARCH = """
import json
from certrelay.client.terminal.interrupts import Interrupts
from client_pc.nearby import search
print(json.dumps([place.text for place in search(Interrupts())]))
"""


class OnACable(TwoPcs):
    """The two PCs, each on its own computer."""

    def __init__(self, folder: Path, cable: Cable) -> None:
        super().__init__(folder, None)
        self.cable = cable
        self.lacks_library: str | None = None
        """The PC on which the library cannot be loaded."""

    def run(self, pc: str, *arguments: str | Path, **settings: str | None) -> Client:
        home = self.folder / pc
        home.mkdir(parents=True, exist_ok=True)
        path = [str(ROOT)]
        if pc == self.lacks_library:
            (home / "zeroconf.py").write_text("raise ImportError")
            path.insert(0, str(home))
        client = Client(
            "tests.flows.hasty",
            *arguments,
            under=self.cable.at(OLD if pc == "old" else NEW),
            HOME=str(home),
            CERTRELAY_CONFIG="",
            CERTRELAY_DATA=str(home / "data"),
            PYTHONPATH=os.pathsep.join(path),
        )
        self.programs.append(client)
        return client

    def show(self, command: str, *arguments: str | Path, **settings: str | None) -> Client:
        return self.copy("new", command, *arguments)

    def found(self) -> list[str]:
        """What the old PC would find now."""
        done = subprocess.run(
            [*self.cable.at(OLD), sys.executable, "-c", _SEARCH],
            capture_output=True,
            check=True,
            env=environment(),
            cwd=ROOT,
        )
        return list(json.loads(done.stdout))


@pytest.fixture
def cable() -> Iterator[Cable]:
    with Cable() as made:
        yield made


@pytest.fixture
def pcs(tmp_path: Path, cable: Cable) -> Iterator[OnACable]:
    pytest.importorskip("zeroconf")
    made = OnACable(tmp_path, cable)
    try:
        yield made
    finally:
        for client in made.programs:
            client.close()


@contextmanager
def neighbour(cable: Cable, place: str, does: str) -> Iterator["subprocess.Popen[str]"]:
    words = [*cable.at(place), sys.executable, "-m", "tests.flows.neighbour", does, place]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT
    ) as made:
        try:
            assert made.stdout is not None
            assert made.stdout.readline() == "ready\n"
            yield made
        finally:
            made.terminate()


def test_a_pc_without_an_address_finds_the_one_that_shows_a_code(pcs: OnACable) -> None:
    pcs.fill("old")
    new = pcs.show("import", "--yes")
    code = asked_for(new)
    assert code["address"] == ADDRESS
    old = pcs.join("old", "--send", "1", "--yes")
    assert old.expect("nearby")["addresses"] == [ADDRESS]
    typed(old, code["code"])
    old.expect("password_wanted")
    old.answer(PASSWORD)
    finish(old, new)
    assert "address_wanted" not in old.names()
    assert files_below(pcs.store("new")) == files_below(pcs.store("old"))


@pytest.mark.attack(82, 66)
def test_a_pc_is_announced_while_it_shows_a_code_and_neither_its_name_nor_the_code_is(
    pcs: OnACable, cable: Cable
) -> None:
    pcs.fill("old")
    with neighbour(cable, OLD, "listen") as ear:
        new = pcs.show("import", "--yes")
        new.expect("waiting")
        assert pcs.found() == [], "nobody has asked for a code"
        new.answer("code")
        code = str(new.expect("code")["code"])
        assert pcs.found() == [f"http://{ADDRESS}/"]
        old = pcs.join("old", ADDRESS, "--yes")
        typed(old, code)
        old.expect("choose")
        assert pcs.found() == [], "the code is off the screen"
        for each in (old, new):
            each.interrupt()
            each.finish()
        ear.terminate()
        assert ear.stdout is not None
        said = b"\n".join(bytes.fromhex(line) for line in ear.stdout).lower()
    assert b"_certrelay" in said
    url = str(new.last("waiting")["url"])
    assert url.partition("#")[2].encode() not in said
    for hidden in (*code.split(), code.replace(" ", ""), platform.node(), getpass.getuser(), "pc"):
        assert hidden.lower().encode() not in said, hidden


@pytest.mark.attack(82)
def test_a_hostile_announcement_is_an_address_to_choose_and_nothing_else_of_it_is_used(
    pcs: OnACable, cable: Cable
) -> None:
    pcs.fill("old")
    with neighbour(cable, NEW, "announce"):
        new = pcs.show("import", "--yes")
        code = asked_for(new)
        old = pcs.join("old", "--send", "1", "--yes")
        found = old.expect("nearby")["addresses"]
        assert sorted(found) == [ADDRESS, f"{DECOY}:8765"]
        old.expect("address_wanted")
        old.answer(str(found.index(ADDRESS) + 1))
        typed(old, code["code"])
        old.expect("password_wanted")
        old.answer(PASSWORD)
        finish(old, new)


@pytest.mark.parametrize("pc", ["old", "new"])
def test_where_one_of_them_lacks_the_library_the_address_is_typed(pcs: OnACable, pc: str) -> None:
    pcs.fill("old")
    pcs.lacks_library = pc
    new = pcs.show("import", "--yes")
    code = asked_for(new)
    old = pcs.join("old", "--send", "1", "--yes")
    assert old.expect("nearby")["addresses"] == []
    old.expect("address_wanted")
    old.answer(str(code["address"]))
    typed(old, code["code"])
    old.expect("password_wanted")
    old.answer(PASSWORD)
    finish(old, new)
