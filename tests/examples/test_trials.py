"""`python -m certrelay.testkit pc`: our own phone does right in every trial, others are told."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from certrelay.e2e.qr import Direction
from certrelay.testkit.trials import TRIALS
from relay.embedded import Running, start
from tests.certificates import PASSWORD, person
from tests.flows.conftest import fill
from tests.flows.programs import Bench, bench, environment


@pytest.fixture(scope="module")
def relay() -> Iterator[Running]:
    with start("127.0.0.1") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, relay: Running) -> Iterator[Bench]:
    with bench(tmp_path, relay.url) as made:
        yield made


class Pc:
    """The command as a process."""

    def __init__(self, *arguments: str, code: str = "") -> None:
        run = [f"{code}; from certrelay.testkit.__main__ import main; raise SystemExit(main())"]
        self.process = subprocess.Popen(
            [sys.executable, *(["-c", *run] if code else ["-m", "certrelay.testkit"]), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> tuple[int, str]:
        out, err = self.process.communicate(timeout=110)
        assert err == "", "no traceback"
        return self.process.returncode, out.strip()


def run(desk: Bench, name: str, code: str = "") -> tuple[int, str]:
    """Let `certrelay-phone` scan a PC that misbehaves; give its judgement."""
    fill(desk.phone_store, person().npki(PASSWORD))
    pc = Pc("pc", name, "--relay", str(desk.relay), code=code)
    leaves = TRIALS[name].direction is Direction.TO_PC
    try:
        phone = desk.phone_with_url(pc.line(), *(["--send", "1"] if leaves else []))
        if leaves:
            phone.answer(PASSWORD)
        first = pc.line()
        if first.startswith("number "):
            phone.answer(first.removeprefix("number "))
            first = pc.line()
        status, _ = pc.end()
        phone.finish()
        if name == "not-stored":
            assert "done" not in phone.names()
        return status, first
    finally:
        pc.process.kill()
        pc.process.communicate()


@pytest.mark.parametrize("name", TRIALS)
def test_our_phone_does_right(desk: Bench, name: str) -> None:
    assert run(desk, name) == (0, "right")


def test_an_app_that_does_wrong_is_told_so(desk: Bench) -> None:
    """The PC does right in truth, so that an honest app does what is wrong in this trial."""
    honest = (
        "from certrelay.testkit import trials; from certrelay.frozen import replace; "
        "t = trials.TRIALS['receipt-too-long']; "
        "t = replace(t, play=trials._at_the_end(trials._STORED)); "
        "trials.TRIALS = {**trials.TRIALS, 'receipt-too-long': t}"
    )
    told = (1, "wrong: close done, and not close protocol")
    assert run(desk, "receipt-too-long", honest) == told


def test_the_list_names_them_all() -> None:
    status, out = Pc("list").end()
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(TRIALS)


def test_without_a_relay_it_says_so() -> None:
    status, out = Pc("pc", "gap", "--relay", "http://127.0.0.1:1/").end()
    assert (status, out) == (3, "no trial: relay_unreachable")
