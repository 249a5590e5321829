"""deploy/certrelay-relay.service: judged by systemd itself, and by what the relay really does."""

import re
import shlex
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from certrelay.texts import Texts
from relay.__main__ import make_parser
from relay.environment import arguments_of
from tests.component import program
from tests.deploy.copying import copy_once
from tests.deploy.fronts import DEPLOY, exchange, free_port
from tests.flows.programs import ROOT, environment
from tests.patience import PATIENCE_S

UNIT = (DEPLOY / "certrelay-relay.service").read_text("utf-8")
SETTINGS = dict(
    line.split("=", 1)
    for line in (DEPLOY / "relay.env").read_text("utf-8").splitlines()
    if not line.startswith("#")
)

EXPOSURE = 14
"""Tenths of systemd's measure, from 0 (sealed) to 100: what is left is that it uses the network."""


def values(key: str) -> list[str]:
    """What the unit says of a key, in order."""
    return re.findall(rf"^{key}=(.*)$", UNIT, re.M)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program that is really there."""
    installed = Path(sys.executable).with_name("certrelay-relay")
    path = tmp_path / "certrelay-relay.service"
    path.write_text(exchange(UNIT, ("/opt/certrelay/bin/certrelay-relay", str(installed))))
    return path


def analyze(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [program("systemd-analyze"), *words]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_systemd_finds_nothing_wrong(unit: Path) -> None:
    done = analyze("verify", "--man=no", unit)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_systemd_holds_it_for_well_protected(unit: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", unit)
    assert done.returncode == 0, done.stdout


def test_its_settings_are_options_of_the_relay() -> None:
    _, *words = shlex.split(values("ExecStart")[0])
    arguments = make_parser(Texts("en")).parse_args([*words, *arguments_of(SETTINGS)])
    assert arguments.public_url == "https://relay.example.kr/"
    assert arguments.trust_proxy == ["127.0.0.1"]
    (files,) = values("EnvironmentFile")
    assert f"{files}\n" in UNIT.partition("[Unit]")[0], "where it lies is told"


def test_it_waits_for_paired_devices_to_finish() -> None:
    drain = make_parser(Texts("en")).parse_args(["serve"]).drain_s
    assert int(values("TimeoutStopSec")[0]) > drain


@cache
def expand(name: str) -> frozenset[str]:
    """The system calls of a set of systemd's."""
    if not name.startswith("@"):
        return frozenset((name,))
    lines = analyze("syscall-filter", "--no-pager", name).stdout.splitlines()
    words = [line.strip() for line in lines[1:]]
    found = [word for word in words if re.fullmatch(r"@?[a-z0-9_-]+", word)]
    assert found, name
    return frozenset().union(*(expand(word) for word in found))


def test_the_relay_does_nothing_that_the_unit_forbids(tmp_path: Path) -> None:
    trace, port = tmp_path / "trace", free_port()
    process = subprocess.Popen(
        [
            *(program("strace"), "-f", "-qq", "-o", str(trace)),
            *(sys.executable, "-m", "relay", "serve", "--port", str(port), "--page"),
            *("--operate", f"127.0.0.1:{free_port()}", "--admin", str(tmp_path / "admin.sock")),
        ],
        cwd=ROOT,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        copy_once(tmp_path, url)
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        subprocess.run(["kill", f"-{signal.SIGTERM}", child], check=True)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.communicate()
    calls = trace.read_text("utf-8", "replace")
    used = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", calls, re.M))
    assert {"accept4", "epoll_ctl", "sendto"} & used, "it was watched while it worked"

    allowed: set[str] = set()
    for value in values("SystemCallFilter"):
        sets = [expand(name) for name in value.removeprefix("~").split()]
        allowed = allowed.difference(*sets) if value[0] == "~" else allowed.union(*sets)
    assert used - allowed == set()

    families = set(re.findall(r"^\d+ +socket(?:pair)?\((AF_[A-Z0-9]+)", calls, re.M))
    assert families <= set(values("RestrictAddressFamilies")[0].split())
    assert values("MemoryDenyWriteExecute") == ["yes"]
    assert not re.search(r"PROT_(WRITE\|PROT_EXEC|READ\|PROT_WRITE\|PROT_EXEC)", calls)
    written = re.findall(r"openat\(\S+ \"([^\"]+)\", O_(?:WRONLY|RDWR)", calls)
    assert set(written) <= {"/dev/null"}, "it writes nowhere"
