"""One copy with one fault in it, between real processes; many of them by command.

Long because it is a list of faults over one pair of programs.

    python -m tests.flows.faults --copies 500          random faults at random moments
    python -m tests.flows.faults --every-frame         kill -9 between every two messages

Every copy must end with "done" and equal files, or with another word and a store that holds
the certificate whole or not at all; and after the fault the same certificate comes, by a new
code, to be there exactly once.
"""

import argparse
import itertools
import queue
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from certrelay.bundle import Item
from certrelay.client.store.parts import PART_PREFIX
from certrelay.client.store.reading import find
from certrelay.client.store.store import Store
from certrelay.pki.check import inspect
from certrelay.testkit.proxy import FaultProxy
from certrelay.wire.ids import Role
from tests.certificates import PASSWORD, person
from tests.flows.quick import Event, QuickClient, QuickRelay

PATIENCE_S = 150.0
"""Seconds for one copy, on a busy machine."""

FAULTS = (
    *("cut pc", "cut phone", "cut both", "away pc", "away phone", "away both"),
    *("silence pc", "silence phone", "move pc", "move phone", "stall", "slow"),
    *("stop pc", "stop phone", "stop relay", "kill relay", "drain relay", "kill pc", "kill phone"),
)
KILLS = ("kill relay", "kill pc", "kill phone")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens in a copy."""

    fault: str
    at: int
    """Before which message of the proxy's count."""

    seconds: float = 0.5
    """How long it lasts, where it lasts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a copy went."""

    trouble: Trouble
    to_pc: bool
    sender: str
    """"done", the last error's word, or "killed"."""

    receiver: str
    is_stored: bool
    has_struck: bool
    """Whether the copy lasted until the fault came."""

    problem: str | None = None


class Place:
    """A folder with two stores, a relay and a bad network."""

    def __init__(self, folder: Path, item: Item) -> None:
        self.folder = folder
        self.item = item
        self.relay = QuickRelay()
        self.proxy = FaultProxy("127.0.0.1", self.relay.port)
        self.told: queue.SimpleQueue[tuple[QuickClient, Event | None]] = queue.SimpleQueue()
        self._lock = threading.Lock()

    def store(self, name: str) -> Path:
        """The store of ``pc`` or ``phone``."""
        return self.folder / name

    def restart_relay(self) -> None:
        """Kill it and start another on the same port."""
        with self._lock:
            self.relay.kill()
            self.relay = QuickRelay(self.relay.port)


@contextmanager
def place(item: Item) -> Iterator[Place]:
    """Make a place and clear it away."""
    folder = Path(tempfile.mkdtemp(prefix="certrelay-faults-"))
    made = Place(folder, item)
    try:
        with made.proxy:
            yield made
    finally:
        made.relay.kill()
        shutil.rmtree(folder, ignore_errors=True)


class Copy:
    """One copy between two clients, with answers typed as they are asked for."""

    def __init__(self, at: Place, *, to_pc: bool) -> None:
        self._place = at
        self._to_pc = to_pc
        self.receiver_store = at.store("pc" if to_pc else "phone")
        command = ["import", "--yes"] if to_pc else ["export", "1"]
        arguments = [*command, "--store", str(at.store("pc")), "--relay", at.proxy.url]
        self.clients: dict[str, QuickClient] = {}
        self._started: list[QuickClient] = []
        self._running: set[QuickClient] = set()
        self._code: str | None = None
        """What stands on the PC's screen, to be scanned."""

        self._number: str | None = None
        self._asked: QuickClient | None = None
        """The sender, once it wants the number."""

        self._start("pc", arguments)

    @property
    def scans(self) -> int:
        """How often a phone was started."""
        return len(self._started) - 1

    def _start(self, name: str, arguments: list[str]) -> QuickClient:
        client = QuickClient(name, arguments, self._place.told)
        self.clients[name] = client
        self._started.append(client)
        self._running.add(client)
        return client

    def run(self) -> bool:
        """Answer until both have ended; tell whether they have."""
        try:
            until = time.monotonic() + PATIENCE_S
            while self._running:
                client, event = self._place.told.get(timeout=max(0.0, until - time.monotonic()))
                if event is None:
                    self._running.discard(client)
                    self._code = None if client.name == "pc" else self._code
                else:
                    self._react(client, event)
                self._scan()
        except queue.Empty:
            return False
        return True

    def _scan(self) -> None:
        """Scan the code on the screen, also once more if the phone has ended meanwhile."""
        if self._code is None or self.clients.get("phone") in self._running or self.scans >= 5:
            return
        self._number = self._asked = None
        more = ["--send", "1"] if self._to_pc else ["--yes"]
        arguments = ["scan", "-", "--keystore", str(self._place.store("phone")), *more]
        self._start("phone", arguments).answer(self._code)

    def _react(self, client: QuickClient, event: Event) -> None:
        """Do what an event asks for."""
        match event["event"]:
            case "waiting":
                self._code = event["url"]
            case "paired" if client.name == "pc":
                self._code = None
            case "password_wanted":
                client.answer(PASSWORD)
            case "number":
                self._number = event["number"]
                if self._asked is not None:
                    self._asked.answer(self._number)
            case "number_wanted":
                self._asked = client
                if self._number is not None:
                    client.answer(self._number)

    def word(self, name: str) -> str:
        """How a client ended."""
        client = self.clients.get(name)
        if client is None:
            return "not started"
        if client.status == 0:
            return "done"
        if client.status is None:
            return "killed"
        return (client.codes() or [f"status {client.status}"])[-1]

    def close(self) -> None:
        """End every client."""
        for client in self._started:
            client.close()


def run(trouble: Trouble, *, to_pc: bool) -> Outcome:
    """Run one copy in a place of its own, look at it, and try the same again without a fault."""
    item = person().npki(PASSWORD)
    with place(item) as at:
        Store(at.store("phone" if to_pc else "pc")).save(item, inspect(item).place)
        copy = Copy(at, to_pc=to_pc)
        try:
            at.proxy.watch = _watch(at, copy, trouble)
            ended = copy.run()
            words = {name: copy.word(name) for name in ("pc", "phone")}
            has_struck = at.proxy.count >= trouble.at
        finally:
            copy.close()
        at.proxy.calm_down()
        sender, receiver = ("phone", "pc") if to_pc else ("pc", "phone")
        if ended:
            problem = _problem(copy, item, words[sender], words[receiver])
        else:
            problem = f"it never ends: {words}"
        is_stored = _holds(copy.receiver_store, item) == 1
        if problem is None and words[sender] != "done":
            problem = _once_more(at, item, to_pc=to_pc)
        ends = (words[sender], words[receiver])
        return Outcome(trouble, to_pc, *ends, is_stored, has_struck, problem)


def _problem(copy: Copy, item: Item, sender: str, receiver: str) -> str | None:
    held = _holds(copy.receiver_store, item)
    if held is None:
        return "something is stored partly"
    if held > 1:
        return "it is stored twice"
    if "done" in (sender, receiver) and not held:
        return f"sender {sender}, receiver {receiver}, and it is not stored"
    if sender not in _PERHAPS_STORED and held:
        return f"the sender said {sender}, and it is stored"
    if "status" in sender + receiver:
        return f"ended without a word: sender {sender}, receiver {receiver}"
    return None


_PERHAPS_STORED = ("done", "not_confirmed", "killed")
"""What a sender may end with though the receiver has the certificate."""


def _once_more(at: Place, item: Item, *, to_pc: bool) -> str | None:
    while not at.told.empty():
        at.told.get()
    copy = Copy(at, to_pc=to_pc)
    try:
        if not copy.run():
            return "the next copy never ends"
        words = [copy.word(name) for name in ("pc", "phone")]
    finally:
        copy.close()
    if words != ["done", "done"]:
        return f"the next copy fails: {words}"
    if _holds(copy.receiver_store, item) != 1:
        return "after the next copy it is not there exactly once"
    left = list(copy.receiver_store.glob(f"{PART_PREFIX}*"))
    return f"left behind: {left}" if left else None


def _holds(root: Path, item: Item) -> int | None:
    """How often the item is in a store; ``None`` if there is anything else."""
    entries = find(root)
    return len(entries) if all(entry.item == item for entry in entries) else None


def _watch(at: Place, copy: Copy, trouble: Trouble) -> Callable[[int, Role, bool], None]:
    def watch(number: int, _role: Role, _sealed: bool) -> None:
        if number == trouble.at:
            _strike(at, copy, trouble)

    return watch


def _strike(at: Place, copy: Copy, trouble: Trouble) -> None:
    what, _, whom = trouble.fault.partition(" ")
    role = {"pc": Role.G, "phone": Role.S}.get(whom)
    client = copy.clients.get(whom)

    def later(act: Callable[[], None]) -> None:
        threading.Timer(trouble.seconds, act).start()

    match what:
        case "cut":
            at.proxy.cut(role)
        case "away":
            at.proxy.take_away(role)
            later(at.proxy.bring_back)
        case "silence":
            at.proxy.silence(role)
        case "move":
            at.proxy.move(role)
        case "stall":
            at.proxy.stall(trouble.seconds)
        case "slow":  # 64 kbit/s, 800 ms there and back
            at.proxy.latency_s, at.proxy.bytes_per_s = 0.4, 8_000.0
        case "stop":
            stopped = client or at.relay
            stopped.signal(signal.SIGSTOP)
            later(lambda: stopped.signal(signal.SIGCONT))
        case "kill" if client is not None:
            client.kill()
        case "kill" if whom == "relay":
            at.restart_relay()
        case "drain":
            at.relay.signal(signal.SIGTERM)
            at.relay.join()
            at.restart_relay()


def random_trouble(draw: Random) -> Trouble:
    """Any fault at any moment."""
    return Trouble(draw.choice(FAULTS), draw.randint(1, 44), draw.random() * draw.choice((0.3, 3)))


def run_random(seed: int, number: int) -> Outcome:
    """Run one random copy; where it was over before the fault came, another one."""
    draw = Random(f"{seed} {number}")
    while True:
        outcome = run(random_trouble(draw), to_pc=number % 2 == 0)
        if outcome.has_struck or outcome.problem:
            return outcome


def main() -> int:
    """Run many copies; tell a table of outcomes."""
    parser = argparse.ArgumentParser(prog="python -m tests.flows.faults")
    parser.add_argument("--copies", type=int, default=500, metavar="N", help="how many (500)")
    parser.add_argument("--seed", type=int, default=0, help="of the random faults (0)")
    parser.add_argument("--at-once", type=int, default=4, metavar="N", help="copies at once (4)")
    parser.add_argument("--every-frame", action="store_true", help="kill -9 before each message")
    arguments = parser.parse_args()
    jobs: list[Callable[[], Outcome]]
    if arguments.every_frame:
        jobs = [
            partial(run, Trouble(fault, at), to_pc=to_pc)
            for fault, to_pc, at in itertools.product(KILLS, (True, False), range(1, 45))
        ]
    else:
        jobs = [partial(run_random, arguments.seed, number) for number in range(arguments.copies)]
    began = time.monotonic()
    with ThreadPoolExecutor(arguments.at_once) as pool:
        outcomes = []
        for outcome in pool.map(_told, jobs):
            outcomes.append(outcome)
            if len(outcomes) % 50 == 0:
                print(f"{len(outcomes)} copies", flush=True)
    table(outcomes)
    bad = [outcome for outcome in outcomes if outcome.problem]
    print(
        f"{len(outcomes)} copies, {sum(each.has_struck for each in outcomes)} of them struck, in "
        f"{time.monotonic() - began:.0f} s: {len(bad)} with a problem"
    )
    return 1 if bad else 0


def _told(job: Callable[[], Outcome]) -> Outcome:
    outcome = job()
    if outcome.problem:
        print(outcome, flush=True)
    return outcome


def table(outcomes: list[Outcome]) -> None:
    """Print how often each end came, by fault."""
    rows = Counter(
        (each.trouble.fault, each.sender, each.receiver, "stored" if each.is_stored else "nothing")
        for each in outcomes
    )
    print(f"{'fault':14} {'sender':16} {'receiver':18} {'store':8} copies")
    for (fault, sender, receiver, store), count in sorted(rows.items()):
        print(f"{fault:14} {sender:16} {receiver:18} {store:8} {count:6}")


if __name__ == "__main__":
    sys.exit(main())
