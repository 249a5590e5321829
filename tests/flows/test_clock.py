"""The wall clock jumps by days in the middle of a copy: nothing waits by it.

libfaketime stands between the real programs and the system; the monotonic clock is left alone, as
it is when a person or a time server sets the clock.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.certificates import PASSWORD, person
from tests.component import missing
from tests.flows.conftest import files_below, fill
from tests.flows.programs import ROOT, bench, environment
from tests.redis_server import free_port

DAY_S = 86_400


class WallClock:
    """A clock that programs believe; see `around`."""

    def __init__(self, folder: Path, library: Path) -> None:
        self._file = folder / "clock"
        self.around = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        """Environment of a program that believes it."""

        self.jump(0)

    def jump(self, seconds: int) -> None:
        """Let it be so many seconds off from now on."""
        self._file.write_text(f"{seconds:+}", "utf-8")

    def read(self) -> tuple[float, float]:
        """What a program sees: the wall clock, the monotonic clock."""
        code = "import time; print(time.time(), time.monotonic())"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(**self.around),
            capture_output=True,
            text=True,
            check=True,
        )
        wall, monotonic = map(float, done.stdout.split())
        return wall, monotonic


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        missing("libfaketime")
    return WallClock(tmp_path, libraries[0])


@contextmanager
def relay_by(clock: WallClock) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "relay", "serve", "--port", str(free_port())],
        cwd=ROOT,
        env=environment(**clock.around),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def test_the_clock_of_these_tests_jumps_and_the_monotonic_one_does_not(clock: WallClock) -> None:
    wall, monotonic = clock.read()
    clock.jump(DAY_S)
    later, further = clock.read()
    assert later - wall >= DAY_S
    assert 0 < further - monotonic < DAY_S


@pytest.mark.parametrize("jumps", [(DAY_S, -DAY_S), (-DAY_S, DAY_S)], ids=["on", "back"])
def test_a_copy_outlives_a_clock_that_jumps(
    clock: WallClock, tmp_path: Path, jumps: tuple[int, int]
) -> None:
    with relay_by(clock) as url, bench(tmp_path, url) as desk:
        fill(desk.phone_store, person().npki(PASSWORD))
        pc = desk.pc("import", **clock.around)
        code = pc.expect("waiting")["url"]
        clock.jump(jumps[0])
        phone = desk.phone_with_url(code, "--send", "1", **clock.around)
        phone.expect("password_wanted")
        phone.answer(PASSWORD)
        number = pc.expect("number")["number"]
        phone.expect("number_wanted")
        clock.jump(jumps[1])
        phone.answer(number)
        pc.expect("save_wanted")
        clock.jump(jumps[0])
        pc.answer("y")
        assert (phone.finish(), pc.finish()) == (0, 0)
        assert files_below(desk.pc_store) == files_below(desk.phone_store)
        lost = {"connection_lost", "peer_lost", "renewed"}
        assert not lost & {*pc.names(), *phone.names()}
