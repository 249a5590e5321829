"""What people feel: one table, medians of rounds in which everything runs once, in turns.

    python -m bench.feel [--rounds 7] [--peers FOLDER] [--certificates 1000]

Real programs, a relay on this machine, all cold but for the phone, which no person starts by
importing Python: it has its modules and is then told what it sees.  "Saved" is the event of the
PC, after fsync; the typing of password and number is nobody's time.  The page is opened in
Chromium with an empty cache, network and processor slowed by the browser itself.

--peers is a folder with ``wormhole`` and ``twist`` (pip install magic-wormhole
magic-wormhole-mailbox-server); wormhole-william is looked for on the path, and sshd.  What is not
there is said.
"""

import argparse
import base64
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from bench import certificates, copies, page, start
from relay.embedded import EMBEDDED, reserve
from relay.page import page_routes
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import bench
from tests.nodes import nodes
from tests.web_phone.modules import MODULES

WARM_S: Final = 1.0
"""Seconds for a phone to be there before it sees the code."""


class Row(NamedTuple):
    """A measure; ``at_most`` is of milliseconds, or of the measure named in ``against``."""

    name: str
    at_most: float | None = None
    against: str | None = None


def screen(slowdown: int, latency: int) -> str:
    """The name of a measure of the page."""
    slow = f"processor slowed {slowdown} ×" if slowdown > 1 else "a PC's processor"
    return f"page, first screen: {slow}, round trip {latency} ms"


PASS, LIST, OPENSSL = "`python -c pass`", "`list`", "`openssl x509` over the same files"
RELAY, OWN = "Enter until the code can be scanned, with a relay", "the same with its own relay"
SEND = "`wormhole send` until its code"
NUMBER, SAVED = "scan until the number", 'number until "saved" on the PC'
TOLD = "number until the phone says so"
WHOLE, MAGIC = "whole copy, both programs cold", "magic-wormhole, a text"
WILLIAM, CROC, SCP = "wormhole-william, a text", "croc", "`scp` of one file"

ROWS: Final = (
    Row(PASS),
    Row(RELAY, 80),
    Row(OWN, 160),
    Row(SEND),
    Row(NUMBER),
    Row(SAVED, 100),
    Row(TOLD, 100),
    Row(WHOLE, 0.4, MAGIC),
    Row(MAGIC),
    Row(WILLIAM),
    Row(CROC),
    Row(SCP),
    Row(LIST, 0.05, OPENSSL),
    Row(OPENSSL),
    Row(screen(1, 0)),
    Row(screen(4, 0)),
    Row(screen(4, 20), 450),
    Row(screen(4, 100), 600),
)

Measure = Callable[[int], Mapping[str, float]]
"""Measures something, given the round: milliseconds by the name of the row."""


def until_the_code(relay_url: str) -> Measure:
    def run(_round: int) -> dict[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            receive = ["-c", start.PROBE, "import", "--json", "--store", folder]
            ways = {PASS: ["-c", "pass"], RELAY: [*receive, "--relay", relay_url]}
            ways[OWN] = [*receive, "--listen", "127.0.0.1"]
            return {name: start.run([sys.executable, *way])[0] for name, way in ways.items()}

    return run


def until_saved(relay_url: str) -> Measure:
    def run(_round: int) -> dict[str, float]:
        with tempfile.TemporaryDirectory() as folder, bench(Path(folder), relay_url) as desk:
            fill(desk.phone_store, person().npki(PASSWORD))
            phone = desk.phone("--send", "1", source="-")
            pc = desk.pc("import", "--yes")
            url = pc.expect("waiting")["url"]
            time.sleep(WARM_S)
            scanned = time.perf_counter()
            phone.answer(url)
            phone.expect("password_wanted")
            asked = time.perf_counter()
            phone.answer(PASSWORD)
            number = pc.expect("number")["number"]
            shown = time.perf_counter()
            phone.expect("number_wanted")
            typed = time.perf_counter()
            phone.answer(number)
            pc.expect("saved")
            saved = time.perf_counter()
            phone.expect("done")
            told = time.perf_counter()
            assert (phone.finish(), pc.finish()) == (0, 0)
            assert files_below(desk.pc_store) == files_below(desk.phone_store)
        opening, number_s = asked - scanned, shown - asked
        took = {NUMBER: opening + number_s, SAVED: saved - typed, TOLD: told - typed}
        return {name: seconds * 1e3 for name, seconds in took.items()}

    return run


def whole(name: str, way: copies.Way) -> Measure:
    # Peers' codes must not be the same twice at one server.
    place = [row.name for row in ROWS].index(name)
    return lambda number: {name: copies.once(way, number * len(ROWS) + place + 1)[0] * 1e3}


def until_their_code(program: Path, server: str) -> Measure:
    def run(_round: int) -> dict[str, float]:
        began = time.perf_counter()
        told = ["--relay-url", server, "send", "--hide-progress", "--text", "x"]
        process = subprocess.Popen(
            [program, *told], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "code is" in line:
                break
        took = time.perf_counter() - began
        process.kill()
        process.communicate()
        return {SEND: took * 1e3}

    return run


def of_many(folder: Path, count: int) -> Measure:
    root = folder / "NPKI"
    paths = certificates.make_store(root, count)
    files = [str(path / "signCert.der") for path in paths]
    program = (sys.executable, "-m", "client_pc", "list", "--json", "--store", str(root))

    def run(_round: int) -> dict[str, float]:
        return {
            LIST: certificates.timed(lambda: certificates.process(*program)),
            OPENSSL: certificates.timed(
                lambda: certificates.process("sh", "-c", certificates.LOOP, "sh", *files)
            ),
        }

    return run


def first_screens(stack: ExitStack, chromium: str) -> Measure:
    from playwright.sync_api import sync_playwright

    relay = stack.enter_context(reserve("127.0.0.1").serve(EMBEDDED, [MODULES, *page_routes()]))
    playwright = stack.enter_context(sync_playwright())
    browser = playwright.chromium.launch(executable_path=chromium, args=list(page.ARGUMENTS))
    stack.callback(browser.close)

    def run(_round: int) -> dict[str, float]:
        return {
            screen(*weather): page.first_screen(browser, relay.url, *weather)
            for weather in page.WEATHER
        }

    return run


def measures(stack: ExitStack, peers: Path | None, count: int) -> Iterator[Measure]:
    """Everything that can be measured here."""
    (relay,) = stack.enter_context(nodes(1))
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    yield until_the_code(relay.url)
    yield until_saved(relay.url)
    yield whole(WHOLE, copies.ours(relay.url))
    if peers is not None and (peers / "twist").exists():
        server = f"ws://127.0.0.1:{copies.mailbox(stack, peers).port}/v1"
        text = base64.b64encode(os.urandom(2400)).decode()
        yield until_their_code(peers / "wormhole", server)
        yield whole(MAGIC, copies.wormhole(str(peers / "wormhole"), server, text))
        if shutil.which("wormhole-william"):
            yield whole(WILLIAM, copies.wormhole("wormhole-william", server, text))
    if (sshd := shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")) is not None:
        yield whole(SCP, copies.scp(stack, sshd))
    if shutil.which("openssl"):
        yield of_many(folder, count)
    if (chromium := shutil.which("chromium")) is not None:
        yield first_screens(stack, chromium)


def table(found: Mapping[str, list[float]]) -> Iterator[str]:
    """The rows, medians in milliseconds with their quarters, won or lost."""
    yield f"| | median, ms | quarters | × {PASS} | aim | |"
    yield "|---|---|---|---|---|---|"
    for row in ROWS:
        values = found.get(row.name)
        if not values:
            yield f"| {row.name} | not run: it is not here | | | | |"
            continue
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
        of_pass = f"{_ratio(values, found[PASS]):.1f}"
        cells = [row.name, f"{middle:,.0f}", f"{low:,.0f}–{high:,.0f}", of_pass, "", ""]
        if row.against is not None and row.against in found:
            ratio = _ratio(values, found[row.against])
            cells[4:] = [
                f"≤ {row.at_most:g} × {row.against}",
                _verdict(ratio, row, f"{ratio:.2f} ×"),
            ]
        elif row.at_most is not None and row.against is None:
            cells[4:] = [f"≤ {row.at_most:g} ms", _verdict(middle, row, "")]
        yield f"| {' | '.join(cells)} |"


def _ratio(mine: list[float], its: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(mine, its, strict=True))


def _verdict(value: float, row: Row, told: str) -> str:
    assert row.at_most is not None
    return f"{told} {'won' if value <= row.at_most else 'lost'}".strip()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--certificates", type=int, default=1000)
    parser.add_argument("--peers", type=Path, help="the folder of wormhole and twist")
    arguments = parser.parse_args()
    found: dict[str, list[float]] = {}
    with ExitStack() as stack:
        runs = list(measures(stack, arguments.peers, arguments.certificates))
        for number in range(arguments.rounds + 1):
            for run in runs if number % 2 else runs[::-1]:
                taken = run(number)
                if number:  # the first compiles and fills caches
                    for name, value in taken.items():
                        found.setdefault(name, []).append(value)
            print(f"round {number}", file=sys.stderr, flush=True)
    print("\n".join(table(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
