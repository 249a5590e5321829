"""Small faults put into the core one by one: does a test of its own room see each?

    pip install 'cosmic-ray>=8.3'
    python -m tests.mutants [ROOM ...] [--sample 20] [--seed 1] [--neighbours]

Cosmic Ray makes the faults: a turned comparison, another number, `and` for `or`, a loop that never
runs.  Each is put into a copy of the sources, in which the room's tests run until the first is red.
A fault that they do not see is listed as a diff; with ``--neighbours`` the tests around get a try.

Without ``--sample`` every fault is tried, which takes hours.  The sample follows from the seed.
The share that was seen stands in CONTRIBUTING.md.
"""

import argparse
import difflib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Room:
    """Modules of one package, the tests of its own, and those around it."""

    sources: tuple[str, ...]
    own: tuple[str, ...]
    neighbours: tuple[str, ...]


_AROUND = ("tests/attacks/test_channel.py", "tests/attacks/test_peer.py", "tests/simulation")

ROOMS = {
    "endpoint": Room(("certrelay/endpoint",), ("tests/endpoint",), _AROUND),
    "e2e": Room(("certrelay/e2e",), ("tests/e2e",), ("tests/endpoint", *_AROUND)),
    "store": Room(
        ("certrelay/client/store",),
        ("tests/client/store", "tests/test_other_systems.py"),
        ("tests/simulation", "tests/flows/test_disks.py"),
    ),
    "terminal": Room(
        ("certrelay/client/terminal",),
        ("tests/client/terminal", "tests/test_other_systems.py"),
        ("tests/client_pc/test_shell_integration.py", "tests/flows/test_interrupts.py"),
    ),
    "flow": Room(
        ("certrelay/client/flow",),
        ("tests/client/flow",),
        ("tests/simulation", "tests/client_pc", "tests/flows/test_copy.py"),
    ),
    "room": Room(("certrelay/wire/room.py",), ("tests/wire",), ("tests/relay/test_rules.py",)),
}

LEFT_OUT = ("BitOr", "RemoveDecorator")
"""Operators that only break types and frozen classes: any import sees that."""

EQUIVALENT: dict[tuple[str, str], str] = {}
"""Faults that change nothing anybody could see: module and changed line, with the reason."""


@dataclass(frozen=True)
class Fault:
    """One place and what is done to it."""

    module: str
    operator: str
    occurrence: int
    line: int

    def put_into(self, source: str) -> str:
        """The module's text with the fault."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        text: str | None = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        assert text is not None
        return text


def changes(before: str, after: str) -> str:
    """Only the lines that changed."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in lines if line[:3] not in ("---", "+++", "@@ "))


def is_equivalent(module: str, diff: str) -> bool:
    """Tell whether a fault is listed as one that changes nothing."""
    added = (line[1:].strip() for line in diff.splitlines() if line.startswith("+"))
    return any((module, line) in EQUIVALENT for line in added)


def faults(module: Path, dice: random.Random) -> Iterator[Fault]:
    """The faults of a module: one, by chance, for each place and kind of operator."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(module.read_text("utf-8"))))
    found: defaultdict[tuple[str, object], list[Fault]] = defaultdict(list)
    for name in operator_names():
        kind = get_operator(name)
        if any(word in name for word in LEFT_OUT) or kind.arguments():
            continue
        operator = kind()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for number, place in enumerate(places):
            family = name.rpartition("/")[2].split("_")[0]
            fault = Fault(str(module.relative_to(ROOT)), name, number, place[0][0])
            found[family, place].append(fault)
    yield from (dice.choice(alike) for alike in found.values())


def all_of(room: Room, dice: random.Random) -> list[Fault]:
    """The faults of a room, shuffled."""
    modules = [
        path
        for source in map(ROOT.joinpath, room.sources)
        for path in (sorted(source.glob("*.py")) if source.is_dir() else [source])
    ]
    found = [fault for module in modules for fault in faults(module, dice)]
    dice.shuffle(found)
    return found


def copied(folder: Path) -> Path:
    """Copy what git knows of the sources: nothing here ever changes them themselves."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def is_red(tree: Path, tests: tuple[str, ...], limit_s: float) -> bool:
    """Run tests until the first is red; a run without an end is one that somebody would see."""
    program = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*program, "--hypothesis-seed=1", *tests],
            cwd=tree,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def try_room(name: str, tree: Path, options: argparse.Namespace) -> None:
    """Try a room's faults and tell how many were seen by its own tests, and by any."""
    room = ROOMS[name]
    found = all_of(room, random.Random(options.seed))
    started = time.monotonic()
    if is_red(tree, room.own, 600):
        raise SystemExit(f"{name}: its tests are red without a fault")
    limit_s = 60 + 5 * (time.monotonic() - started)
    tried = own = seen = 0
    for fault in found[: options.sample or None]:
        target = tree / fault.module
        source = target.read_text("utf-8")
        text = fault.put_into(source)
        diff = changes(source, text)
        if is_equivalent(fault.module, diff):
            continue
        target.write_text(text, "utf-8")
        try:
            by_own = is_red(tree, room.own, limit_s)
            by_any = by_own or (options.neighbours and is_red(tree, room.neighbours, 600))
        finally:
            target.write_text(source, "utf-8")
        tried, own, seen = tried + 1, own + by_own, seen + by_any
        print(f"\r{name}: {own} of {tried} seen", end="", file=sys.stderr, flush=True)
        if not by_own:
            who = "a neighbour" if by_any else "nobody"
            print(
                f"\n{fault.module}:{fault.line} {fault.operator}: seen by {who}\n{diff}", flush=True
            )
    print(f"\n{name}: {own} of {tried} seen by its own tests, {seen} by any ({len(found)} faults)")


def main() -> int:
    """Try the rooms; the exit status tells nothing but whether that worked."""
    parser = argparse.ArgumentParser(description="put small faults into the core", prog="mutants")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--sample", type=int, default=0, help="faults a room (all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--neighbours", action="store_true", help="try the tests around, too")
    options = parser.parse_args()
    for name in options.rooms:
        if name not in ROOMS:
            parser.error(f"no room {name!r}")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = copied(Path(folder))
        for name in options.rooms or ROOMS:
            try_room(name, tree, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
