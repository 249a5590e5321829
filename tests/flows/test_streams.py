"""Programs without standard streams, with full ones, and with readers that go away."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from relay.embedded import start
from tests.certificates import PASSWORD, person
from tests.flows.conftest import fill
from tests.flows.programs import ROOT, environment

if os.name != "posix":
    pytest.skip("streams are closed by a POSIX shell", allow_module_level=True)

CLOSED = ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"]


def in_shell(script: str, *arguments: str | Path, **more: str) -> "subprocess.Popen[bytes]":
    """Run a program of ours as a shell script says; ``{}`` stands for its command line."""
    words = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.Popen(
        ["bash", "-c", script.replace("{}", shlex.join(words))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(**more),
    )


@pytest.fixture
def store(tmp_path: Path) -> Path:
    fill(tmp_path / "store", person().npki(PASSWORD))
    return tmp_path / "store"


@pytest.mark.parametrize("closed", CLOSED)
def test_a_program_without_streams_does_its_work(store: Path, closed: str) -> None:
    program = in_shell(f"exec {{}} {closed}", "client_pc", "list", "--store", store, "--lang", "en")
    out, errors = program.communicate()
    assert program.returncode == ExitStatus.OK, errors
    assert (b"Owner" in out) is (">&-" not in closed.replace("2>&-", ""))
    assert errors == b""


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_a_copy_without_streams_begins_and_ends(tmp_path: Path, closed: str) -> None:
    """What is opened next would get the screen's number, and the code would be written into it."""
    url_file = tmp_path / "url.txt"
    with start("127.0.0.1") as relay:
        arguments = ("import", "--relay", relay.url, "--store", str(tmp_path / "pc"))
        program = in_shell(
            f"exec {{}} {closed}", "client_pc", *arguments, "--url-file", url_file, "--json"
        )
        while not url_file.exists():
            assert program.poll() is None, program.communicate()
            time.sleep(0.05)
        program.send_signal(signal.SIGINT)
        program.communicate()
    assert program.returncode == ExitStatus.INTERRUPTED
    assert not url_file.exists()


@pytest.mark.parametrize("program", ["client_mobile_sim", "relay"])
def test_the_other_programs_too(program: str) -> None:
    done = in_shell("exec {} <&- >&- 2>&-", program, "--version")
    done.communicate()
    assert done.returncode == ExitStatus.OK


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the full device is Linux's")
@pytest.mark.parametrize("how", [(), ("--json",)])
def test_an_output_that_is_full_is_no_fault_of_the_program(
    store: Path, how: tuple[str, ...]
) -> None:
    arguments = ("list", "--store", str(store), "--lang", "en", *how)
    program = in_shell("exec {} >/dev/full", "client_pc", *arguments)
    _, errors = program.communicate()
    assert program.returncode == ExitStatus.STORAGE
    assert how or b"The output cannot be written" in errors


def test_a_reader_that_has_seen_enough_is_told_by_the_usual_status(store: Path) -> None:
    arguments = ("list", "--store", store, "--json")
    script = "{} | true; echo ${PIPESTATUS[0]}"
    # Until the reader is gone nothing is written: it has all the time of the program's start.
    out, errors = in_shell(script, "client_pc", *arguments).communicate()
    assert int(out) == ExitStatus.READER_GONE
    assert errors == b""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be warned")
def test_root_in_somebody_elses_home_is_warned(tmp_path: Path, store: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    arguments = ("passwd", "1", "--store", store, "--lang", "en")
    for owner, is_warned in ((0, False), (65_534, True)):
        os.chown(home, owner, -1)
        program = in_shell("exec {}", "client_pc", *arguments, HOME=str(home))
        _, errors = program.communicate()
        assert (b"runs as root" in errors) is is_warned
