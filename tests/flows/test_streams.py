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


@pytest.mark.parametrize("closed", [*CLOSED, "</dev/null >/dev/null 2>&1"])
def test_the_name_alone_opens_the_centre_whatever_streams_there_are(
    tmp_path: Path, closed: str
) -> None:
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >"{opened}.part" && mv "{opened}.part" "{opened}"\n')
    browser.chmod(0o755)
    more = {"DISPLAY": ":0", "BROWSER": str(browser), "HOME": str(tmp_path)}
    program = in_shell(f"exec {{}} {closed}", "client_pc", **more, CERTRELAY_DATA=str(tmp_path))
    while not opened.exists():
        assert program.poll() is None, program.communicate()
        time.sleep(0.05)
    assert opened.read_text().startswith("http://127.0.0.1:")
    program.send_signal(signal.SIGINT)
    program.communicate()
    assert program.returncode == ExitStatus.INTERRUPTED


@pytest.mark.parametrize("closed", CLOSED)
def test_a_fault_of_the_name_alone_is_shown_where_nobody_reads(tmp_path: Path, closed: str) -> None:
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    fetch = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())"
    browser.write_text(f'#!/bin/sh\n"{sys.executable}" -c "{fetch}" "$1" >"{seen}"\n')
    browser.chmod(0o755)
    (tmp_path / "data").write_text("a file in the folder's place")
    more = {"DISPLAY": ":0", "BROWSER": str(browser), "HOME": str(tmp_path)}
    more["CERTRELAY_DATA"] = str(tmp_path / "data")
    program = in_shell(f"exec {{}} {closed}", "client_pc", **more)
    program.communicate()
    assert program.returncode == ExitStatus.STORAGE
    assert "<h1>" in seen.read_text("utf-8")


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
