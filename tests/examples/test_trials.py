"""`python -m certrelay.testkit pc`: our own phone does right in every trial, others are told."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from certrelay.e2e.qr import Direction
from certrelay.frozen import replace
from certrelay.testkit.trials import TRIALS
from relay.embedded import EMBEDDED, Running, start
from relay.settings import Edges
from tests.certificates import PASSWORD, person
from tests.flows.conftest import fill
from tests.flows.programs import ROOT, Bench, bench, environment
from tests.patience import PATIENCE_S
from tests.splice import Splice


@pytest.fixture(scope="module")
def relay() -> Iterator[Running]:
    # Some trials stand between the phone and the relay, under another port.
    settings = replace(EMBEDDED, edges=Edges(hosts=frozenset(), ip_hosts=True))
    with start("127.0.0.1", settings=settings) as running:
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
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
        )

    def answer(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> tuple[int, str]:
        out, err = self.process.communicate(timeout=PATIENCE_S)
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
        if first.endswith("[y/n]"):
            phone.finish()
            pc.answer("y" if "done" in phone.names() else "n")
            first = pc.line()
        status, _ = pc.end()
        phone.finish()
        return status, first
    finally:
        pc.process.kill()
        pc.process.communicate()


SCANNED = [name for name, trial in TRIALS.items() if not trial.is_typed]
TYPED = [name for name, trial in TRIALS.items() if trial.is_typed]


@pytest.mark.parametrize("name", SCANNED)
def test_our_phone_does_right(desk: Bench, name: str) -> None:
    assert run(desk, name) == (0, "right")


def test_an_app_that_does_wrong_is_told_so(desk: Bench) -> None:
    """The PC does right in truth, so that an honest app does what is wrong in this trial."""
    honest = (
        "from certrelay.testkit import trials; from certrelay.frozen import replace; "
        "t = trials.TRIALS['receipt-too-long']; "
        "t = replace(t, play=trials._stored_and(0)); "
        "trials.TRIALS = {**trials.TRIALS, 'receipt-too-long': t}"
    )
    told = (1, "wrong: close done, and not close protocol")
    assert run(desk, "receipt-too-long", honest) == told


BROKEN = {
    "forged-m2": """
from certrelay.endpoint import opening
take = opening.ScanOpening._take_m2
def careless(self, m2):
    try:
        return take(self, m2)
    except opening.TrustError:
        return opening.OpeningStep()
opening.ScanOpening._take_m2 = careless""",
    "padding": """
from certrelay.e2e import frame
frame.unpad = lambda kind, payload: payload[2 : 2 + int.from_bytes(payload[:2], "big")]""",
    "receipt-too-long": """
from certrelay.e2e import transfer
def careless(self, body):
    if isinstance(body, transfer.Receipt):
        self.state, self.results = transfer.SenderState.ENDED, body.items
    else:
        receive(self, body)
receive, transfer.Sender.receive = transfer.Sender.receive, careless""",
    "not-stored": """
from certrelay.endpoint import outcome
outcome.of_results = lambda results: None""",
    "gap": """
from certrelay.e2e import transfer
def careless(self, chunk):
    self._content += chunk.data
transfer.Receiver._take = careless""",
    "refused-release": """
from certrelay.endpoint import driver
driver.Endpoint._peer_closed = lambda self, close, now: None""",
    "second-scan": """
from certrelay.endpoint import driver
driver.Endpoint._second_scan = lambda self, now: None""",
    "lost-socket": """
from certrelay.endpoint import driver
def careless(self, now):
    raise SystemExit(1)
driver.Endpoint.connection_lost = careless""",
    "code-late": """
from certrelay.endpoint import code_entry, Times
code_entry.Times = lambda: Times(answer=60.0)""",
    "put-out": """
from certrelay.endpoint import driver
def careless(self, now):
    raise SystemExit(1)
driver.Endpoint.connection_lost = careless""",
}
"""What is taken out of examples/minimal_phone.py, for the trial that must notice it."""

RUN = """
import runpy, sys
sys.argv = ["minimal_phone.py", *sys.argv[1:]]
runpy.run_path("examples/minimal_phone.py", run_name="__main__")
"""


def judge_minimal(desk: Bench, certificate: Path, name: str, broken: str) -> tuple[int, str]:
    """Let the minimal phone, broken or not, scan; give the judgement."""
    leaves = TRIALS[name].direction is Direction.TO_PC
    pc = Pc("pc", name, "--relay", str(desk.relay))
    phone = subprocess.Popen(
        [sys.executable, "-c", broken + RUN, certificate if leaves else desk.phone_store],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        env=environment(),
        cwd=ROOT,
    )

    def type_in(line: str) -> None:
        assert phone.stdin is not None
        with suppress(BrokenPipeError):
            phone.stdin.write(f"{line}\n")
            phone.stdin.flush()

    try:
        shown = pc.line()
        if TRIALS[name].is_typed:
            digits, _, address = shown.removeprefix("code ").partition(" at ")
            for line in (digits, address, "y"):
                type_in(line)
        else:
            type_in(shown)
        if leaves:
            type_in(PASSWORD)
        word = pc.line()
        if word.startswith("number "):
            type_in(word.removeprefix("number "))
            word = pc.line()
        if word.endswith("[y/n]"):
            said, _ = phone.communicate(timeout=PATIENCE_S)
            pc.answer("y" if "done" in said.splitlines() else "n")
            word = pc.line()
        status, _ = pc.end()
        return status, word
    finally:
        for process in (phone, pc.process):
            process.kill()
            process.communicate()


@pytest.mark.parametrize("name", BROKEN)
def test_a_phone_that_is_broken_in_just_that_way_is_caught(desk: Bench, name: str) -> None:
    (certificate,) = fill(desk.phone_store, person().npki(PASSWORD))
    assert judge_minimal(desk, certificate, name, "") == (0, "right")
    status, word = judge_minimal(desk, certificate, name, BROKEN[name])
    assert (status, word.partition(":")[0]) == (1, "wrong")


@pytest.mark.parametrize("name", TYPED)
def test_a_phone_that_types_does_right(desk: Bench, name: str) -> None:
    (certificate,) = fill(desk.phone_store, person().npki(PASSWORD))
    assert judge_minimal(desk, certificate, name, "") == (0, "right")


def test_a_number_that_is_typed_before_the_phone_asks_for_it_is_not_lost(
    tmp_path: Path, relay: Running
) -> None:
    """On a busy machine the PC's word is late: whoever reads the PC's screen is faster."""
    slow = Splice()
    slow.delay_s = 0.5
    slow.begin([("127.0.0.1", relay.port)])
    with closing(slow), bench(tmp_path, f"http://127.0.0.1:{slow.port}/") as desk:
        (certificate,) = fill(desk.phone_store, person().npki(PASSWORD))
        assert judge_minimal(desk, certificate, "not-stored", "") == (0, "right")


def test_the_list_names_them_all() -> None:
    status, out = Pc("list").end()
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(TRIALS)


def test_without_a_relay_it_says_so() -> None:
    status, out = Pc("pc", "gap", "--relay", "http://127.0.0.1:1/").end()
    assert (status, out) == (3, "no trial: relay_unreachable")
