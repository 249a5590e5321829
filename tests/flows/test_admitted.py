"""Relays that are not for everybody: who may open rooms, and codes that open in apps alone.

What the programs say, each as a process of its own.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from certrelay.e2e.origin import Origin
from certrelay.errors import ExitStatus
from client_pc.access_key import read_access_key
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Bench, Client, bench, environment
from tests.patience import PATIENCE_S
from tests.sources import ROOT

Serve = Callable[..., "Relay"]


class Relay:
    """``certrelay-relay serve``, begun."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        self.url = process.stdout.readline().strip()

    def end(self) -> str:
        """Stop it; give all that it has said."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return out + err


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(*arguments: str | Path) -> Relay:
            words = [sys.executable, "-m", "relay", "serve", "--port", "0", "--log-level", "debug"]
            process = subprocess.Popen(
                [*words, *map(str, arguments)],
                cwd=ROOT,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return Relay(process)

        yield start


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, Path]:
    """A key's file, and the policy of a relay that knows it."""
    path, policy = tmp_path / "jongno.key", tmp_path / "policy.toml"
    made = subprocess.run(
        [sys.executable, "-m", "relay", "key", path],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    policy.write_text(f'[service]\nkeys = ["{made.stdout.strip()}"]\n', "utf-8")
    return path, policy


def is_refused(pc: Client) -> None:
    """See that a PC may open no room, and says so before it has shown anything."""
    assert pc.finish() == ExitStatus.ROOM
    assert pc.names() == ["error"], "no code was shown"
    assert pc.last("error")["code"] == "not_admitted"
    assert "Traceback" not in pc.stderr


def copied(desk: Bench, *words: str | Path) -> None:
    """A copy from the phone, which has no key and needs none."""
    pc = desk.pc("import", "--yes", *words)
    pc.expect("waiting")
    phone = desk.phone("--send", "1")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    phone.answer(pc.expect("number")["number"])
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
    assert files_below(desk.pc_store)


@pytest.mark.attack(81)
def test_with_the_operators_key_a_pc_copies_and_without_it_shows_no_code(
    tmp_path: Path, serve: Serve, key: tuple[Path, Path]
) -> None:
    path, policy = key
    relay = serve("--policy", policy)
    fill(tmp_path / "phone", person().npki(PASSWORD))
    wrong = tmp_path / "wrong.key"
    wrong.write_text("0" * 64, "ascii")
    with bench(tmp_path, relay.url) as desk:
        is_refused(desk.pc("import"))
        is_refused(desk.pc("import", "--access-key-file", wrong))
        assert not desk.picture.exists()
        copied(desk, "--access-key-file", path)
        said = "".join(client.stderr + str(client.events) for client in desk.clients)
    secret = read_access_key(path, Origin.parse(relay.url))
    for told in (said, relay.end()):
        assert secret.hex not in told


@pytest.mark.attack(81)
def test_the_doctor_says_who_is_not_admitted_and_looks_further_with_the_key(
    tmp_path: Path, serve: Serve, key: tuple[Path, Path]
) -> None:
    path, policy = key
    relay = serve("--policy", policy)
    for words, state in (((), "bad"), (("--access-key-file", path), "good")):
        doctor = Client("client_pc", "doctor", "--relay", relay.url, *words, "--store", tmp_path)
        try:
            doctor.finish()
            checks = {event["check"]: event for event in doctor.events if "check" in event}
        finally:
            doctor.close()
        assert checks["relay"]["state"] == state
        if state == "bad":
            assert checks["relay"]["code"] == "not_admitted"
            assert checks["relay"]["remedy"] == "not_admitted"
        else:
            assert checks["policy"]["state"] == "good", "phones are asked for, without the key"


def test_a_pc_outside_the_operators_networks_shows_no_code(tmp_path: Path, serve: Serve) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[service]\nnetworks = ["203.0.113.0/24"]\n', "utf-8")
    fill(tmp_path / "pc", person().npki(PASSWORD))
    with bench(tmp_path, serve("--policy", policy).url) as desk:
        is_refused(desk.pc("import"))
        pc = desk.pc("export", "1")
        pc.expect("password_wanted")
        pc.answer(PASSWORD)
        assert pc.finish() == ExitStatus.ROOM
        assert pc.last("error")["code"] == "not_admitted"
        assert "waiting" not in pc.names()


def test_in_both_languages_a_person_reads_what_to_do(
    tmp_path: Path, serve: Serve, key: tuple[Path, Path]
) -> None:
    relay = serve("--policy", key[1])
    command = [sys.executable, "-m", "client_pc", "import", "--relay", relay.url]
    for language, words in (("ko", "운영자가 허용한 PC"), ("en", "its operator admits")):
        done = subprocess.run(
            [*command, "--store", tmp_path / "store", "--lang", language],
            cwd=ROOT,
            env=environment(),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
        )
        assert done.returncode == ExitStatus.ROOM
        assert words in done.stderr
        assert "--access-key-file" in done.stderr


def test_of_a_relay_for_apps_the_pc_says_so_before_its_code_and_an_app_copies(
    tmp_path: Path, serve: Serve
) -> None:
    relay = serve()
    fill(tmp_path / "phone", person().npki(PASSWORD))
    with bench(tmp_path, relay.url) as desk:
        copied(desk)
        assert desk.clients[0].names()[:2] == ["apps_only", "waiting"]
        # What a camera opens, which knows nothing of apps.
        for language, words in (("ko", "앱으로 열어 주세요"), ("en", "open this with the app")):
            asked = Request(relay.url, headers={"Accept-Language": language})
            with pytest.raises(HTTPError) as nothing, urlopen(asked, timeout=PATIENCE_S):
                pass
            with nothing.value as page:
                assert page.code == HTTPStatus.NOT_FOUND
                assert words in page.read().decode("utf-8")


@pytest.mark.parametrize("how", ["--page", "--page-elsewhere"])
def test_of_a_relay_with_a_page_nothing_of_the_kind_is_said(
    tmp_path: Path, serve: Serve, how: str
) -> None:
    with bench(tmp_path, serve(how).url) as desk:
        pc = desk.pc("import")
        pc.expect("waiting")
        assert pc.names() == ["waiting"]
