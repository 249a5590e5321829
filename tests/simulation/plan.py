"""What befalls a world: all of it drawn from the seed before the world begins.

Long because all that is drawn from a seed is drawn in one order.

Half of the worlds are gentle: no more happens than the protocol promises to survive, so the
copy must succeed at the first try.  In the others anything may happen; there only safety is
asked for, and that everything comes to an end.
"""

import errno
from dataclasses import dataclass, field, replace
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

    in_channel: bool = False
    """Whether only those messages count that came after both ends had the channel."""


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

    comes_after_s: float
    kind: Literal["scanner", "knower", "knocker", "typist", "burner"]
    """With a phone; with the code and a program of its own; with the room's name only.  Where a
    code is typed: with a phone, typing what stands there; knowing its lobby, and guessing."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The PC's person asks for a code, and the phone's person types it."""

    tries: int
    """How often, before the QR code is scanned after all."""

    slips: int
    """How many of them have a wrong digit."""


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
    late_answers: bool
    """Whether the home of the rooms takes a while, as a Redis does: messages wait meanwhile."""

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
    typed: Typed | None = None

    def confirmed_by(self) -> float:
        """When a gentle world's sender has the receipt, at the latest.

        A dozen steps there and back, what people think, what is lost, and a margin.
        """
        one_way = 2 * self.bus_delay_s + sum(
            way.latency_s + way.jitter_s for way in self.ways.values()
        )
        slowest = min(way.bytes_per_s for way in self.ways.values())
        content = 20_000 * len(self.items) + 70_000 * sum(number >= 3 for number in self.items)
        sender = self.people["phone" if self.to_pc else "pc"]
        receiver = self.people["pc" if self.to_pc else "phone"]
        thinking = (2 + sender.wrong_numbers) * (sender.thinks_s + 1.0) + receiver.thinks_s
        moving = 24 * one_way + 2 * content / slowest
        lost = sum(30.0 if blow.silently else max(blow.seconds, 5.0) for blow in self.blows)
        again = len(self.blows) * (8.0 + 12 * one_way)
        touched = 15.0 * self.mischief.budget
        typing = 0.0 if self.typed is None else (30.0 + 12 * one_way) * self.typed.tries
        return self.scans_after_s + thinking + moving + lost + again + touched + typing + 1.0


def plan_of(seed: int) -> Plan:
    """Draw a world."""
    draw = Random(f"plan {seed}")
    plan = _gentle(seed, draw) if draw.random() < 0.5 else _wild(seed, draw)
    return _with_code(plan, Random(f"code {seed}"))


def _with_code(plan: Plan, draw: Random) -> Plan:
    """In some worlds the code is typed, and there are strangers who use codes up.

    It has a chance of its own, so that the other worlds are what they were.
    """
    if draw.random() >= 0.3:
        return plan
    typed = Typed(tries=draw.randint(1, 3), slips=draw.choice((0, 0, 1, 1, 2, 3)))
    guest = plan.guest
    if guest is None and draw.random() < 0.4:
        kind: Literal["typist", "burner"] = "burner"
        if not plan.gentle and draw.random() < 0.4:
            kind = "typist"
        guest = Guest(draw.choice((0.5, 5.0, 20.0)) * draw.random(), kind)
    # Typing comes before the QR code's time is over, also where it has to be tried again.
    scans_after_s = min(plan.scans_after_s, 20.0) if plan.gentle else plan.scans_after_s
    return replace(plan, typed=typed, guest=guest, scans_after_s=scans_after_s)


def _gentle(seed: int, draw: Random) -> Plan:
    items = _items(draw)
    slow = draw.random() < 0.1
    to_pc = draw.random() < 0.6
    sender: Who = "phone" if to_pc else "pc"
    receiver: Who = "pc" if to_pc else "phone"
    people = {
        # The number has 120 s, whatever is lost meanwhile; the question has as many.
        sender: Person(draw.choice((0.0, 1.0, 15.0)), wrong_numbers=draw.choice((0, 0, 0, 1, 2))),
        receiver: Person(draw.choice((0.0, 1.0, 15.0, 60.0))),
    }
    budget = 0 if draw.random() < 0.3 else draw.randint(1, 5)
    blows = _gentle_blows(draw)
    guest = None
    if draw.random() < 0.1 and not any(blow.kind in ("restart", "drain") for blow in blows):
        # After a restart of the relay whoever knows a room's name can take it.
        guest = Guest(draw.random() * 40.0, "knocker")
    return Plan(
        seed=seed,
        gentle=True,
        to_pc=to_pc,
        items=items,
        nodes=draw.choice((1, 1, 2)),
        bus_delay_s=0.05,
        late_answers=draw.random() < 0.5,
        ways={"pc": _way(draw, slow=False), "phone": _way(draw, slow=slow and len(items) == 1)},
        people=people,
        scans_after_s=draw.choice((0.5, 5.0, 100.0)) * draw.random(),
        yes=draw.random() < 0.3,
        mischief=_mischief(draw, budget),
        hides_control=0.0,
        blows=blows,
        guest=guest,
        in_store=draw.choice(("nothing", "nothing", "nothing", "same", "namesake")),
    )


def _gentle_blows(draw: Random) -> tuple[Blow, ...]:
    """Losses that end long before the grace time, and not too many of them."""
    blows = []
    left = {False: 6.0, True: 55.0}
    for _ in range(draw.choice((0, 0, 1, 1, 2, 3))):
        # The handshake has 30 s, so nothing long may happen in it.
        in_channel = draw.random() < 0.6
        kind: Kind = draw.choice(("cut", "cut", "cut", "stall", "freeze", "restart", "drain"))
        longest = min(left[in_channel], draw.choice((3.0, 20.0, 50.0)))
        seconds = draw.random() * longest
        silently = in_channel and left[True] == 55.0 and kind == "cut" and draw.random() < 0.2
        # A relay that forgot its rooms is waited for, asked, told again by G, and asked again.
        coming_back = 6.0 if kind in ("restart", "drain") else 2.0
        left[in_channel] -= 55.0 if silently else seconds + coming_back
        if left[in_channel] < 0 and not silently:
            break
        blows.append(
            Blow(
                kind,
                after=draw.randint(0, 40) if in_channel else draw.randint(3, 12),
                later_s=draw.random() * 0.3,
                who=draw.choice(("pc", "phone")),
                seconds=1.0 if silently else seconds,
                silently=silently,
                in_channel=in_channel,
            )
        )
    return tuple(blows)


def _wild(seed: int, draw: Random) -> Plan:
    people: dict[Who, Person] = {
        who: Person(
            thinks_s=draw.choice((0.0, 2.0, 20.0, 200.0)),
            wrong_numbers=draw.choice((0, 0, 0, 1, 2, 9)),
            says_yes=draw.random() < 0.9,
            tries=draw.choice((1, 2, 4)),
        )
        for who in ("pc", "phone")
    }
    guest = None
    if draw.random() < 0.25:
        guest = Guest(
            draw.choice((1.0, 20.0, 150.0)) * draw.random(),
            draw.choice(("scanner", "scanner", "knower", "knocker")),
        )
    return Plan(
        seed=seed,
        gentle=False,
        to_pc=draw.random() < 0.6,
        items=_items(draw),
        nodes=draw.choice((1, 1, 2)),
        bus_delay_s=draw.choice((0.01, 0.5)),
        late_answers=draw.random() < 0.5,
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
