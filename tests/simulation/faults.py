"""Planted faults: what the simulation must find, and the first seed that found each.

Long because it is a list of faults, each with what it does to a world.

    python -m tests.simulation.faults               plants each and runs its seed
    python -m tests.simulation.faults --search      looks for the seeds anew
    python -m tests.simulation.faults NAME …        only these

A fault is a piece of a module's source in another wording.  It is planted while the module
is imported, in a process of its own; nothing on the disk is changed.
"""

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).parents[2]

MOST_WORLDS = 20_000
"""Worlds in which a fault must be found."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: the words of ``module`` that are ``right``, and what stands there instead."""

    name: str
    module: str
    right: str
    wrong: str
    seed: int
    """The first world in which it shows."""

    @property
    def path(self) -> Path:
        """The module's file; nothing is imported to find it."""
        return ROOT.joinpath(*self.module.split(".")).with_suffix(".py")

    def source(self) -> str:
        """The module's source with the fault in it."""
        source = self.path.read_text(encoding="utf-8")
        if source.count(self.right) != 1:
            raise LookupError(f"{self.name}: its place is not found once in {self.module}")
        return source.replace(self.right, self.wrong)


CHANNEL = "certrelay.e2e.channel"
DRIVER = "certrelay.endpoint.driver"
PRESENCE = "certrelay.endpoint.presence"
ROOM = "certrelay.wire.room"
HUB = "relay.hub_memory"
STORE = "certrelay.client.store.store"
SYSTEM = "certrelay.client.store.system"
CODES = "certrelay.endpoint.code_display"
LOBBY = "certrelay.wire.lobby"
LOBBIES = "relay.lobbies"

FAULTS = (
    Fault(
        "a repeated frame is taken again",
        CHANNEL,
        "        if seq != self._expected:\n",
        "        if seq > self._expected:\n",
        6,
    ),
    Fault(
        "a frame that comes too early is taken",
        CHANNEL,
        "        if seq != self._expected:\n",
        "        if seq < self._expected:\n",
        50,
    ),
    Fault(
        "a frame is not acknowledged",
        CHANNEL,
        "        self._expected += 1\n        self._owes_ack = True\n",
        "        self._expected += 1\n",
        0,
    ),
    Fault(
        "a repeated frame is not acknowledged again",
        CHANNEL,
        "            self._owes_ack = self._owes_ack or seq < self._expected\n",
        "",
        2,
    ),
    Fault(
        "an acknowledgement is acknowledged",
        CHANNEL,
        "            self._forget_until(frame.open_ack(self._receive_key, message), now)\n",
        "            self._forget_until(frame.open_ack(self._receive_key, message), now)\n"
        "            self._owes_ack = True\n",
        0,
    ),
    Fault(
        "a frame counts before its tag is checked, and a bad one is passed over",
        CHANNEL,
        "        opened = frame.open_frame(self._receive_key, message)\n"
        "        self._forget_until(opened.ack, now)\n"
        "        self._expected += 1\n",
        "        self._expected += 1\n"
        "        try:\n"
        "            opened = frame.open_frame(self._receive_key, message)\n"
        "        except TrustError:\n"
        "            return None\n"
        "        self._forget_until(opened.ack, now)\n",
        19,
    ),
    Fault(
        "the counter of frames begins again on a new connection",
        CHANNEL,
        '        """Repeat everything unacknowledged at once: there is a new connection."""\n',
        "        self._next_seq = self._first_unacknowledged = 0\n",
        5,
    ),
    Fault(
        "the counter of acknowledgements begins again on a new connection",
        CHANNEL,
        '        """Repeat everything unacknowledged at once: there is a new connection."""\n',
        "        self._next_n = 0\n",
        5,
    ),
    Fault(
        "nothing is repeated on a new connection",
        CHANNEL,
        "            self._repeats = 0\n            self._repeat_all()\n",
        "            self._repeats = 0\n",
        9,
    ),
    Fault(
        "the timer repeats nothing",
        CHANNEL,
        "        self._repeat_all()\n        self._repeats = min",
        "        self._repeats = min",
        50,
    ),
    Fault(
        "an acknowledgement forgets one frame more",
        CHANNEL,
        "        while self._first_unacknowledged < next_seq:\n",
        "        while self._unacknowledged and self._first_unacknowledged <= next_seq:\n",
        50,
    ),
    Fault(
        "an acknowledged END counts as success",
        DRIVER,
        '            self._error = error if refused else NotConfirmed("not_confirmed")\n',
        "            settled = self._channel is not None and self._channel.delivery.is_settled\n"
        "            self._error = None if settled else NotConfirmed('not_confirmed')\n",
        90,
    ),
    Fault(
        "lost after END counts as refused",
        DRIVER,
        '            self._error = error if refused else NotConfirmed("not_confirmed")\n',
        '            self._error = error if refused else NotConfirmed("declined")\n',
        237,
    ),
    Fault(
        "m1 and m3 are said once",
        DRIVER,
        "            self._timers.start(Timer.REPEAT, now + self._times.repeat)\n\n"
        "    def _receive_opening",
        "            pass\n\n    def _receive_opening",
        37,
    ),
    Fault(
        "the grace goes on after the other end is back",
        PRESENCE,
        "        if self._timers.stop(Timer.PEER_GRACE):\n",
        "        if Timer.PEER_GRACE in self._timers:\n",
        171,
    ),
    Fault(
        "the oldest frame is left out when all are repeated",
        CHANNEL,
        "        self._outgoing.extend(sealed for sealed, _ in self._unacknowledged)\n",
        "        self._outgoing.extend(sealed for sealed, _ in list(self._unacknowledged)[1:])\n",
        2,
    ),
    Fault(
        "the number may be typed without end",
        CHANNEL,
        "        self._tries_left -= 1\n",
        "",
        4,
    ),
    Fault(
        "after its end the driver still hears the relay",
        DRIVER,
        "        if self.phase is Phase.ENDED:\n            return\n        try:\n"
        "            message =",
        "        try:\n            message =",
        0,
    ),
    Fault(
        "the receipt goes out before anything is stored",
        "certrelay.client.flow.receiving",
        "        results = [self._save_one(arrived, session) for arrived in self._arrived]\n"
        "        yield from self._report(results, session)\n",
        '        session.endpoint.stored([ItemResult("stored") for _ in self._arrived])\n'
        "        yield from ()\n"
        "        for arrived in self._arrived:\n"
        "            self._save_one(arrived, session)\n",
        0,
    ),
    Fault(
        "rename and fsync change places",
        STORE,
        "            self._disk.sync_folder(part)\n            complete = True\n"
        "            if source == part:\n                self._disk.rename(part, target)\n",
        "            complete = True\n            if source == part:\n"
        "                self._disk.rename(part, target)\n"
        "                self._disk.sync_folder(target)\n",
        902,
    ),
    Fault(
        "the names in the folder are not synced",
        STORE,
        "            self._disk.sync_folder(part)\n            complete = True\n",
        "            complete = True\n",
        0,
    ),
    Fault(
        "the new name is not synced",
        STORE,
        "            self._sync_names(target.parent, made)\n",
        "",
        0,
    ),
    Fault(
        "a file's content is not synced",
        SYSTEM,
        "            os.fsync(file.fileno())\n",
        "",
        0,
    ),
    Fault(
        "files are written straight into their place",
        STORE,
        "        part = parts.fresh(self.root)\n        source = part if",
        '        part = target if item.kind == "npki" else parts.fresh(self.root)\n'
        "        source = part if",
        7,
    ),
    Fault(
        "what is there already is stored again",
        STORE,
        "            if (there := self.holds(item, place)) is not None:\n",
        "            if (there := None) is not None:\n",
        3,
    ),
    Fault(
        "unfinished folders are left to lie",
        STORE,
        "        return parts.clean(self.root, self._disk)\n",
        "        return 0\n",
        7,
    ),
    Fault(
        "what another program left is not synced before it is called a duplicate",
        STORE,
        "                self._make_last(there)\n",
        "",
        2298,
    ),
    Fault(
        "a failed save is undone file by file in its place",
        STORE,
        "                self._take_back(target, part)\n",
        "                self._disk.remove_tree(target)\n",
        2780,
    ),
    Fault(
        "what was taken back is removed before its way back lasts",
        "certrelay.client.store.parts",
        "    try:\n        disk.sync_folder(part.parent)\n    except OSError:\n"
        "        return False\n",
        "",
        3441,
    ),
    Fault(
        "a dead connection is never noticed",
        "certrelay.client.link",
        "        if self._asked_at is not None:\n            raise ConnectionLostError\n",
        "",
        226,
    ),
    Fault(
        "after a restart of the relay nobody tries again",
        PRESENCE,
        "        if not self.was_in_room or refused.code not in _RETRIED:\n",
        "        if True:\n",
        36,
    ),
    Fault(
        "G creates its room again without the other end's token",
        "certrelay.endpoint.sides",
        "            self._peer_token_hash = step.hello.token_hash\n",
        "            pass\n",
        36,
    ),
    Fault(
        "a room is freed when one end is lost",
        ROOM,
        "    room = room.with_place(role, replace(place, away_until=now + grace_s))\n"
        "    return room, tuple(Tell",
        '    if room.claimed:\n        return _end(room, "grace")\n'
        "    room = room.with_place(role, replace(place, away_until=now + grace_s))\n"
        "    return room, tuple(Tell",
        30,
    ),
    Fault(
        "the grace counts from the room's beginning",
        ROOM,
        "    room = room.with_place(role, replace(place, away_until=now + grace_s))\n"
        "    return room, tuple(Tell",
        "    began = room.ends_at - limits.session_s\n"
        "    room = room.with_place(role, replace(place, away_until=began + grace_s))\n"
        "    return room, tuple(Tell",
        345,
    ),
    Fault(
        "a second scanner takes the room over",
        ROOM,
        "        return _second_scan(room)\n",
        "        room = replace(room, s=Participant(event.token_hash))\n"
        "        told = messages.Paired(_left_ms(room, now))\n"
        "        return room, (Admit(Role.S), Tell(Role.G, told), Tell(Role.S, told))\n",
        2,
    ),
    Fault(
        "anybody may resume who knows the room",
        ROOM,
        "    if place is None or place.token_hash != event.token.hashed:\n",
        "    if place is None:\n",
        3329,
    ),
    Fault(
        "the old socket's end counts as the new one's",
        "relay.hub",
        "        self.seat = None\n        self.is_closed = True\n",
        "        self.is_closed = True\n",
        5,
    ),
    Fault(
        "a room that is over is kept",
        HUB,
        "        del self._homes[home.room.id]\n",
        "",
        0,
    ),
    Fault(
        "nobody watches a room's time",
        HUB,
        "        if after is not None:\n            self._watch(home)\n",
        "        if after is not None:\n",
        9,
    ),
    Fault(
        "a typed code opens with any digits",
        "certrelay.e2e.code",
        '    return cpace.Inputs(code.secret.encode("ascii"), channel, sid, names)\n',
        '    return cpace.Inputs(b"", channel, sid, names)\n',
        3,
    ),
    Fault(
        "a sixth code is shown for one QR code",
        CODES,
        "        if not self._left:\n",
        "        if self._left < -9:\n",
        357,
    ),
    Fault(
        "codes go on after the other device has come",
        DRIVER,
        "        self._presence.peer_came()\n        self._codes.forget()\n",
        "        self._presence.peer_came()\n",
        3,
    ),
    Fault(
        "a code outlives its session",
        DRIVER,
        "            self._channel.delivery.kill()\n        self._codes.forget()\n",
        "            self._channel.delivery.kill()\n",
        117,
    ),
    Fault(
        "a lobby stands for a second one who enters",
        LOBBY,
        "            return Lobby(None, waiter), (Release(digits), TellKnock(sid, share))\n",
        "            return Lobby(digits, waiter), (TellKnock(sid, share),)\n",
        5,
    ),
    Fault(
        "a lobby outlives its socket",
        LOBBY,
        "            return Lobby(), _end(lobby)\n",
        "            return lobby, ()\n",
        14,
    ),
    Fault(
        "who types a code that is none hears nothing",
        LOBBIES,
        '        self.tell(waiter, messages.Refused("no_such_code"))\n',
        "",
        5,
    ),
    Fault(
        "who waits for an answer is kept after it has gone",
        LOBBIES,
        "                    del self._waiting[waiter]\n",
        "                    pass\n",
        135,
    ),
)


class _Planter(MetaPathFinder):
    """Imports one module with a fault in it."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._source = fault.source()

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._fault.module:
            return None
        path = str(self._fault.path)
        loader = _Loader(name, path, self._source)
        return importlib.util.spec_from_file_location(name, path, loader=loader)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, _name: str) -> CodeType:
        code: CodeType = compile(self._source, self.path, "exec")
        return code


def plant(fault: Fault) -> None:
    """Plant a fault; its module must not have been imported yet."""
    planter = _Planter(fault)
    if fault.module in sys.modules:
        raise RuntimeError(f"{fault.module} is imported already")
    sys.meta_path.insert(0, planter)


def find(fault: Fault, seeds: Sequence[int]) -> tuple[int, str] | None:
    """In this process: plant a fault and give the first world that shows it, and how."""
    plant(fault)
    from tests.simulation.plan import plan_of
    from tests.simulation.world import run

    for seed in seeds:
        problem = run(plan_of(seed)).problem
        if problem is not None:
            return seed, problem
    return None


def main() -> int:
    """Run the command; the status is 1 if a fault was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.faults")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a part of a fault's name")
    parser.add_argument("--search", action="store_true", help="begin at seed 0")
    parser.add_argument("--exactly", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    faults = [
        fault
        for fault in FAULTS
        if not arguments.names or any(name in fault.name for name in arguments.names)
    ]
    if arguments.exactly:
        (fault,) = (fault for fault in faults if [fault.name] == arguments.names)
        seeds = range(MOST_WORLDS) if arguments.search else (fault.seed,)
        found = find(fault, seeds)
        print(f"seed {found[0]}: {found[1]}" if found else "not found")
        return 0 if found else 1
    missed = 0
    for fault, words in find_all(faults, search=arguments.search):
        missed += not words.startswith("seed ")
        print(f"{fault.name}: {words}", flush=True)
    print(f"{len(faults) - missed} of {len(faults)} planted faults found")
    return 1 if missed else 0


def find_all(faults: Sequence[Fault], *, search: bool = False) -> Iterator[tuple[Fault, str]]:
    """Look for each fault in a process of its own, two at a time.

    Args:
        faults: Which.
        search: Whether to begin at seed 0; else only the seed that found it once is tried.

    Yields:
        Each, in order, with ``seed N: what was broken``, or with other words if it was missed.
    """
    with ThreadPoolExecutor(2) as pool:
        yield from zip(
            faults, pool.map(lambda fault: _look_for(fault, search), faults), strict=True
        )


def _look_for(fault: Fault, search: bool) -> str:
    command = [sys.executable, "-m", "tests.simulation.faults", fault.name, "--exactly"]
    done = subprocess.run(
        [*command, "--search"] if search else command,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
