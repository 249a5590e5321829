"""What befalls a world: all of it drawn from the seed before the world begins.

Half of the worlds are gentle: no more happens than the protocol promises to survive, so the
copy must succeed at the first try.  In the others anything may happen; there only safety is
asked for, and that everything comes to an end.
"""

import errno
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from tests.simulation.disk import Failure
from tests.simulation.network import Way
from tests.simulation.nodes import Mischief

Who = Literal["pc", "phone"]
Kind = Literal["cut", "deafen", "stall", "freeze", "kill", "restart", "drain", "cancel"]


@dataclass(frozen=True, slots=True)
class Blow:
    """Something happens, once."""

    kind: Kind
    after: int
    """When the devices have heard so many messages of the relay in all."""

    later_s: float
    who: Who
    seconds: float
    """How long it lasts, or until the program or the node runs again."""

    silently: bool = False
    """Whether those who are cut off are not told; for ``kill``: with loss of power."""


@dataclass(frozen=True, slots=True)
class Person:
    """How a person behaves."""

    thinks_s: float
    """The longest time for an answer."""

    wrong_numbers: int = 0
    says_yes: bool = True
    tries: int = 1
    """How often the program is started or the code scanned, if it did not work."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody else who has seen the QR code."""

    scans_after_s: float
    wrong_token: bool = False
    """Only talks to the relay, as if it were one of the two."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A world."""

    seed: int
    gentle: bool
    to_pc: bool
    items: tuple[int, ...]
    """Numbers of `tests.simulation.items`: below 3 small ones, above large ones."""

    nodes: int
    bus_delay_s: float
    ways: dict[Who, Way]
    people: dict[Who, Person]
    scans_after_s: float
    yes: bool
    """Whether the receiver runs with ``--yes``."""

    mischief: Mischief
    hides_control: float
    """The chance that the relay keeps a control message to itself."""

    blows: tuple[Blow, ...]
    disk_failures: dict[int, Failure] = field(default_factory=dict)
    """Of the receiver's disk, by call."""

    guest: Guest | None = None
    in_store: Literal["nothing", "same", "namesake"] = "nothing"


def plan_of(seed: int) -> Plan:
    """Draw a world."""
    draw = Random(f"plan {seed}")
    return _gentle(seed, draw) if draw.random() < 0.5 else _wild(seed, draw)


def _gentle(seed: int, draw: Random) -> Plan:
    items = _items(draw)
    slow = draw.random() < 0.1
    people: dict[Who, Person] = {
        "pc": Person(draw.choice((0.0, 1.0, 15.0)), wrong_numbers=draw.choice((0, 0, 0, 1, 2))),
        "phone": Person(draw.choice((0.0, 1.0, 15.0)), wrong_numbers=draw.choice((0, 0, 0, 1, 2))),
    }
    budget = 0 if draw.random() < 0.3 else draw.randint(1, 8)
    return Plan(
        seed=seed,
        gentle=True,
        to_pc=draw.random() < 0.6,
        items=items,
        nodes=draw.choice((1, 1, 2)),
        bus_delay_s=0.05,
        ways={"pc": _way(draw, slow=False), "phone": _way(draw, slow=slow and len(items) == 1)},
        people=people,
        scans_after_s=draw.choice((0.5, 5.0, 100.0)) * draw.random(),
        yes=draw.random() < 0.3,
        mischief=_mischief(draw, budget),
        hides_control=0.0,
        blows=_gentle_blows(draw),
        in_store=draw.choice(("nothing", "nothing", "nothing", "same", "namesake")),
    )


def _gentle_blows(draw: Random) -> tuple[Blow, ...]:
    """Losses that end long before the grace time, and not too many of them."""
    blows = []
    seconds_left = 50.0
    for _ in range(draw.choice((0, 0, 1, 1, 2, 3))):
        # The handshake has 30 s, so nothing long may happen in it.
        after = draw.choice((draw.randint(3, 12), draw.randint(3, 60)))
        longest = min(seconds_left, 5.0 if after < 16 else draw.choice((3.0, 20.0, 50.0)))
        kind: Kind = draw.choice(("cut", "cut", "cut", "stall", "freeze", "restart", "drain"))
        seconds = draw.random() * longest
        seconds_left -= seconds + 2.0
        if seconds_left < 0:
            break
        who: Who = draw.choice(("pc", "phone"))
        blows.append(Blow(kind, after, draw.random() * 0.3, who, seconds))
    return tuple(blows)


def _wild(seed: int, draw: Random) -> Plan:
    people: dict[Who, Person] = {
        who: Person(
            thinks_s=draw.choice((0.0, 2.0, 20.0, 200.0)),
            wrong_numbers=draw.choice((0, 0, 0, 1, 2, 3)),
            says_yes=draw.random() < 0.9,
            tries=draw.choice((1, 2, 4)),
        )
        for who in ("pc", "phone")
    }
    guest = None
    if draw.random() < 0.25:
        guest = Guest(draw.choice((1.0, 20.0, 150.0)) * draw.random(), draw.random() < 0.3)
    return Plan(
        seed=seed,
        gentle=False,
        to_pc=draw.random() < 0.6,
        items=_items(draw),
        nodes=draw.choice((1, 1, 2)),
        bus_delay_s=draw.choice((0.01, 0.5)),
        ways={"pc": _way(draw, slow=False), "phone": _way(draw, slow=draw.random() < 0.1)},
        people=people,
        scans_after_s=draw.choice((1.0, 20.0, 20.0, 300.0)) * draw.random(),
        yes=draw.random() < 0.3,
        mischief=_mischief(draw, draw.choice((0, 3, 30, 300)), alters=draw.random() < 0.2),
        hides_control=draw.choice((0.0, 0.0, 0.0, 0.05, 0.3)),
        blows=_wild_blows(draw),
        disk_failures=_disk_failures(draw),
        guest=guest,
        in_store=draw.choice(("nothing", "nothing", "nothing", "same", "namesake")),
    )


def _wild_blows(draw: Random) -> tuple[Blow, ...]:
    kinds: tuple[Kind, ...] = (
        *("cut", "cut", "cut", "deafen", "stall", "freeze"),
        *("kill", "kill", "restart", "drain", "cancel"),
    )
    return tuple(
        Blow(
            kind=draw.choice(kinds),
            after=draw.choice((draw.randint(0, 12), draw.randint(0, 60))),
            later_s=draw.choice((0.0, 0.1, 10.0, 200.0)) * draw.random(),
            who=draw.choice(("pc", "phone")),
            seconds=draw.choice((0.0, 3.0, 58.0, 64.0, 300.0)) * draw.random(),
            silently=draw.random() < 0.5,
        )
        for _ in range(draw.choice((0, 1, 1, 2, 3, 5)))
    )


def _disk_failures(draw: Random) -> dict[int, Failure]:
    if draw.random() < 0.6:
        return {}
    numbers = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EXDEV, None, None, None)
    return {
        draw.randint(1, 25): Failure(draw.choice(numbers), draw.random() < 0.4)
        for _ in range(draw.choice((1, 1, 2)))
    }


def _items(draw: Random) -> tuple[int, ...]:
    few: tuple[int, ...] = draw.choice(((0,), (0,), (1,), (2,), (0, 1), (0, 1, 2)))
    if draw.random() < 0.15:
        few += tuple(range(3, 3 + draw.choice((1, 2, 5))))
    return few


def _way(draw: Random, *, slow: bool) -> Way:
    if slow:
        return Way(0.4, 0.1, 8_000.0)
    latency = draw.choice((0.001, 0.02, 0.1, 0.4))
    return Way(latency, latency * draw.random(), draw.choice((1e5, 1e6, 1e8)))


def _mischief(draw: Random, budget: int, *, alters: bool = False) -> Mischief:
    return Mischief(
        drop=draw.choice((0.0, 0.05, 0.3)),
        double=draw.choice((0.0, 0.05, 0.3)),
        delay=draw.choice((0.0, 0.05, 0.3)),
        alter=draw.choice((0.02, 0.1)) if alters else 0.0,
        budget=budget,
    )
