"""Two releases side by side on one Redis, each from a wheel of its own: how an operator goes over.

The next releases are this tree with a version raised in a copy, built and installed as a wheel.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certrelay import __version__
from certrelay.errors import ExitStatus
from certrelay.wire.messages import Closed, Created, Leave, Paired, Refused
from tests.client.test_probe import probe
from tests.deploy.standing import Standing, rings, standing
from tests.deploy.test_drill import node_of
from tests.nodes import ROOT
from tests.redis_server import RedisServer, redis_server
from tests.relay.conftest import Connect
from tests.relay.device import Pair

SHIPPED = ("certrelay", "relay", "client_pc", "client_mobile_sim", "web_phone")
BESIDE = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE")

VERSION = ("certrelay/__init__.py", f'"{__version__}"', '"0.2.0"')
RECORDS = ("relay/records.py", "VERSION: Final = 1\n", "VERSION: Final = 2\n")
PROTOCOL = ("certrelay/wire/messages.py", '"certrelay.v1"', '"certrelay.v2"')

RELEASES = {
    "today's": (),
    "the next one": (VERSION,),
    "other records": (VERSION, RECORDS),
    "another protocol": (VERSION, PROTOCOL),
}
"""What is exchanged in which file."""


class Wheels:
    """Builds releases and puts each into a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._builder = folder / "builder"

    def install(self, name: str) -> Path:
        """Give the folder that has that release and nothing else."""
        place = self._folder / name.replace(" ", "-").replace("'", "")
        if not (place / "installed").exists():
            self._build(place, RELEASES[name])
            (wheel,) = (place / "dist").glob("*.whl")
            told = ("--no-deps", "--target", str(place / "installed"), str(wheel))
            self._run("-m", "pip", "install", "-q", "--disable-pip-version-check", *told)
        return place / "installed"

    def _build(self, place: Path, exchanges: tuple[tuple[str, str, str], ...]) -> None:
        source = place / "source"
        for name in SHIPPED:
            left = shutil.ignore_patterns("tools", "__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=left)
        for name in BESIDE:
            shutil.copy(ROOT / name, source / name)
        for name, old, new in exchanges:
            text = (source / name).read_text("utf-8")
            assert text.count(old) == 1, name
            (source / name).write_text(text.replace(old, new), "utf-8")
        self._run("-m", "build", "--wheel", "--outdir", str(place / "dist"), str(source))

    def _run(self, *words: str) -> None:
        done = subprocess.run([sys.executable, *words], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    return Wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def store() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@contextmanager
def release(wheels: Wheels, name: str, folder: Path, store: RedisServer) -> Iterator[Standing]:
    """A node of a release."""
    place = wheels.install(name)
    with standing(folder, redis=store.url, under=f"cd {place} && exec") as node:
        number = __version__ if name == "today's" else "0.2.0"
        assert f" version={number} " in node.logged("started")
        yield node


def test_releases_with_the_same_records_share_their_rooms(
    wheels: Wheels, store: RedisServer, tmp_path: Path, connect_to: Connect, pair: Pair
) -> None:
    with (
        release(wheels, "today's", tmp_path / "a", store) as older,
        release(wheels, "the next one", tmp_path / "b", store) as newer,
    ):
        g, s = connect_to(node_of(older)), connect_to(node_of(newer))
        assert isinstance(g.ask(pair.create), Created)
        assert isinstance(s.ask(pair.join), Paired)
        assert isinstance(g.hear(), Paired)
        g.say(b"to the newer")
        assert s.hear() == b"to the newer"
        older.send(signal.SIGTERM)
        s.say(b"to the older, which drains")
        assert g.hear() == b"to the older, which drains"
        s.say(Leave())
        assert g.hear_all() == [Closed("left"), 1000]
        assert older.wait() == 0
        assert probe(newer.url).returncode == ExitStatus.OK


def test_going_over_to_other_records_as_the_book_says(
    wheels: Wheels, store: RedisServer, tmp_path: Path, connect_to: Connect, pair: Pair
) -> None:
    with release(wheels, "today's", tmp_path / "a", store) as older:
        g, s = pair.meet(lambda: connect_to(node_of(older)))
        with release(wheels, "other records", tmp_path / "b", store) as newer:
            newer.becomes(503, "store_foreign")
            both = older.scrape() | newer.scrape("b")
            assert rings(tmp_path, both, both, "CertrelayRecordsDiffer", minutes=7)
            sent_away = connect_to(node_of(newer))
            sent_away.say(Pair().create)
            assert sent_away.hear_all() == [1012]
            assert probe(older.url).returncode == ExitStatus.OK, "nothing was harmed"

            older.carry_out_line("certrelay-relay admin suspend")
            waiting = connect_to(node_of(older))
            waiting.say(Pair().create)
            assert waiting.hear_all()[0] == Refused("suspended")
            s.say(b"a pair finishes")
            assert g.hear() == b"a pair finishes"
            s.say(Leave())
            assert g.hear_all() == [Closed("left"), 1000]
            assert "paired             0" in older.carry_out_line("certrelay-relay admin count")
            older.send(signal.SIGTERM)
            assert older.wait() == 0
            newer.logged("store_own_again")
            newer.becomes(200, "ok")
            assert probe(newer.url).returncode == ExitStatus.OK


def test_devices_of_one_protocol_are_told_by_a_relay_of_another(
    wheels: Wheels, store: RedisServer, tmp_path: Path
) -> None:
    """Equal records and another protocol: both are ready, so both need a name of their own."""
    with (
        release(wheels, "today's", tmp_path / "a", store) as older,
        release(wheels, "another protocol", tmp_path / "b", store) as newer,
    ):
        newer.becomes(200, "ok")
        assert probe(older.url).returncode == ExitStatus.OK
        refused = probe(newer.url)
        assert refused.returncode == ExitStatus.UNREACHABLE
        assert refused.stderr.startswith("certrelay-relay: ")
        assert probe(older.url).returncode == ExitStatus.OK
