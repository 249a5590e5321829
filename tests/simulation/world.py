"""One world: made by a plan, run until nothing is left to happen, then looked over.

Long because clock, network and disk of a world move together.
"""

import asyncio
import shutil
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from certrelay.client.store.parts import PART_PREFIX
from certrelay.e2e.qr import QrCode
from certrelay.frozen import replace
from certrelay.pki.check import inspect
from relay.hub_memory import MemoryHub
from relay.outbox import OutboxItem
from relay.settings import Settings
from tests.simulation import items as certificates
from tests.simulation.devices import Device, Pc, Phone
from tests.simulation.disk import Crash, in_use, memory_folder, simulated_os
from tests.simulation.loop import Livelock, VirtualLoop
from tests.simulation.network import SimSocket, Way, Wire
from tests.simulation.nodes import Bus, Node
from tests.simulation.plan import Blow, Person, Plan
from tests.simulation.programs import Program
from tests.simulation.rules import Rules, Violation, fingerprint, watched_keys
from tests.simulation.strangers import Stranger

__all__ = ["Outcome", "World", "run"]


@dataclass(slots=True)
class Outcome:
    """How a world went."""

    seed: int
    problem: str | None
    """What does not hold, or ``None``."""

    trace: list[str] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    """How each device's last program ended."""

    messages: int = 0
    seconds: float = 0.0


class World:
    """See the module."""

    def __init__(self, plan: Plan, folder: Path, *, traced: bool) -> None:
        self.plan = plan
        self.folder = folder
        self.loop = VirtualLoop()
        self.loop.set_exception_handler(self._unexpected)
        self.rules = Rules(self)
        self.problem: str | None = None
        self.trace: list[str] = []
        self.ends: dict[str, str] = {}
        self.messages = 0
        self.code: QrCode | None = None
        """What stands on the PC's screen."""

        self._last_code: QrCode | None = None
        self.digits: str | None = None
        """The typed code that stands there, ``4821 7730 1946``."""

        self.frozen_s = 0.0
        self.last_end_at = 0.0
        """When the last program ended."""

        self.confirmed_at = 0.0
        """When the sender had the receipt."""

        self.traced = traced
        self._draw = Random(f"world {plan.seed}")
        self.mischief = replace(plan.mischief, forged=set())
        self._settings = Settings()
        self._connections = 0
        self._ways: dict[str, Way] = {who: replace(way) for who, way in plan.ways.items()}
        self._ways["guest"] = replace(plan.ways["phone"])
        self._wires: dict[str, Wire] = {}
        self._blows = list(plan.blows)
        self._messages_in_channel = 0
        self.hubs: list[MemoryHub] = []
        self._make_devices()
        self._make_nodes()

    def _make_devices(self) -> None:
        plan = self.plan
        sent = tuple(certificates.of(number) for number in plan.items)
        self.offered = set(sent)
        self.known = {fingerprint(item) for item in sent}
        nothing = ()
        self.pc = Pc(self, "pc", nothing if plan.to_pc else sent, plan.people["pc"])
        self.phone = Phone(self, "phone", sent if plan.to_pc else nothing, plan.people["phone"])
        self.guest = Phone(self, "guest", sent if plan.to_pc else nothing, Person(5.0, 9))
        self.receiver: Device = self.pc if plan.to_pc else self.phone
        self.sender: Device = self.phone if plan.to_pc else self.pc
        self._stock()
        self.receiver.disk.failures = dict(plan.disk_failures)

    def _stock(self) -> None:
        """Put into the receiver's store what stands there before."""
        if self.plan.in_store == "nothing":
            return
        item = certificates.of(self.plan.items[0])
        if self.plan.in_store == "namesake":
            item = certificates.namesake(item)
        self.known.add(fingerprint(item))
        disk = self.receiver.disk
        with simulated_os(), in_use(disk):
            self.receiver.store.save(item, inspect(item).place)
        disk.settle()

    def _make_nodes(self) -> None:
        shared = self._new_hub() if self.plan.nodes > 1 else None

        def make_bus() -> Bus:
            hub = self._new_hub() if shared is None else shared
            delay_s = 0.0 if shared is None else self.plan.bus_delay_s
            draw, late = Random(self._draw.random()), self.plan.late_answers
            return Bus(self.loop, hub, delay_s, self.mischief, draw, late_answers=late)

        self.nodes = [Node(self.loop, self._settings, make_bus) for _ in range(self.plan.nodes)]

    def _new_hub(self) -> MemoryHub:
        """Where rooms are; with a new one all that were in the old one are forgotten."""
        self.hubs.append(MemoryHub(self._settings, self.loop.time))
        return self.hubs[-1]

    # --- run ---

    def run(self) -> None:
        """Run to the end; `problem` tells what was found."""
        try:
            with simulated_os(), watched_keys(self.rules):
                self.loop.run_until_rest(self._begin)
                if self.problem is None:
                    self._look_over()
        except (Violation, Livelock) as violation:
            self._found(str(violation))
        finally:
            self._sweep()

    def _sweep(self) -> None:
        """After a problem: end what still runs, quietly."""
        for node in self.nodes:
            node.kill(silently=True)
        # More than once, for a socket's task waits for its writer even when it is cancelled.
        for _ in range(3):
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_a_little()
        self.loop.close()

    def _begin(self) -> None:
        self.pc.start()
        if self.plan.guest is not None:
            self.loop.call_later(self.plan.guest.comes_after_s, self._let_guest_in)

    def _let_guest_in(self) -> None:
        assert self.plan.guest is not None
        if self._last_code is None:
            return
        match self.plan.guest.kind:
            case "scanner":
                self.guest.scan(self._last_code)
            case "typist" if self.digits is not None:
                guest = self.guest
                guest.type(self.digits, lambda qr: None if qr is None else guest.scan(qr))
            case "burner":
                self.guest.guess(self.guest.draw.randint(1, 8))
            case kind:
                Stranger(self, self._last_code, knows_code=kind == "knower")

    def tell(self, who: str, what: str, text: str) -> None:
        """Write a line of the trace."""
        if self.traced:
            self.trace.append(f"{self.loop.time():10.3f} {who:6} {what:7} {text}")

    def threw(self, device: Device, error: BaseException) -> None:
        """A device's program has raised something."""
        if isinstance(error, Crash):
            self._crash(device, 5.0, power_lost=True)
        elif isinstance(error, Exception):
            self._found(_described(error))
        else:
            raise error

    def _unexpected(self, _loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self._found(_described(error) if error is not None else context["message"])

    def _found(self, problem: str) -> None:
        if self.problem is None:
            self.problem = problem
            self.tell("RULE", "broken", problem)
        self.loop.stop()

    # --- screens ---

    def show(self, code: QrCode) -> None:
        """The PC shows a code; the phone's person will see it."""
        self.code = self._last_code = code
        self.phone.scan_later(self.plan.scans_after_s)

    def hide(self) -> None:
        """The code is gone from the screen."""
        self.code = self.digits = None

    def number_beside(self, device: Device) -> str | None:
        """The number that the person of a sender sees on the other screen."""
        if device is self.guest:
            return None
        return self.receiver.screen

    # --- connections ---

    def dial_time(self, device: Device) -> float:
        """How long it takes to connect, or to see that it does not work."""
        way = self._ways[device.who]
        if self._is_offline(device):
            return device.draw.choice((0.01, 2.0))
        return 3 * way.latency_s + 0.001

    def dial(self, program: Program) -> Wire | None:
        """Connect, or not."""
        return self.dial_for(program.device, program.wake)

    def dial_for(self, device: Device, wake: Callable[[], None]) -> Wire | None:
        """Connect, or not."""
        return None if self._is_offline(device) else self.dial_as(device.who, wake)

    def dial_as(self, who: str, wake: Callable[[], None]) -> Wire | None:
        """Connect to some node that is up."""
        nodes = [node for node in self.nodes if node.up]
        if not nodes:
            return None
        self._connections += 1
        draw = Random(f"wire {self.plan.seed} {self._connections}")
        wire = Wire(self.loop, self._ways[who], draw, wake)
        if self.plan.hides_control:
            _hide_control(wire.socket, self.plan.hides_control, draw)
        self._wires[who] = wire
        draw.choice(nodes).accept(wire, who)
        self.tell(who, "dials", "")
        return wire

    def _is_offline(self, device: Device) -> bool:
        return self.loop.time() < device.offline_until

    # --- blows ---

    def heard_a_message(self) -> None:
        """A device has taken a message; it may be time for a blow."""
        self.messages += 1
        self._messages_in_channel += self._channel_stands
        for blow in self._blows[:]:
            heard = self._messages_in_channel if blow.in_channel else self.messages
            if blow.after <= heard and (self._channel_stands or not blow.in_channel):
                self._blows.remove(blow)
                self.loop.call_later(blow.later_s, self._strike, blow)

    @property
    def _channel_stands(self) -> bool:
        programs = (self.pc.program, self.phone.program)
        return all(program is not None and program.endpoint._stands for program in programs)

    def _strike(self, blow: Blow) -> None:
        self.tell(blow.who, "BLOW", str(blow))
        device = self.pc if blow.who == "pc" else self.phone
        node = self.nodes[0 if blow.who == "pc" else -1]
        wire = self._wires.get(blow.who)
        program = device.program
        match blow.kind:
            case "cut":
                device.offline_until = self.loop.time() + blow.seconds
                if wire is not None:
                    wire.cut(None if blow.silently else 0.01, self._draw.choice((0.01, 3.0, None)))
            case "deafen" if wire is not None:
                wire.deafen(up=blow.silently)
            case "stall":
                self._ways[blow.who].stalled_until = self.loop.time() + blow.seconds
            case "freeze" if program is not None:
                self.frozen_s += blow.seconds
                program.frozen_until = self.loop.time() + blow.seconds
            case "kill":
                self._crash(device, blow.seconds, power_lost=blow.silently)
            case "restart":
                node.kill(silently=blow.silently)
                self.loop.call_later(blow.seconds, node.begin)
            case "drain":
                node.drain()
                self.loop.call_later(max(3.0, blow.seconds), node.begin)
            case "cancel" if program is not None:
                program.keyboard.interrupt()

    def _crash(self, device: Device, seconds: float, *, power_lost: bool) -> None:
        """End a device's program in the middle; its person tries again after some seconds."""
        program, device.program = device.program, None
        wire = self._wires.get(device.who)
        if program is not None:
            program.kill()
            self.ends[device.who] = "killed"
        if device.typing is not None:
            device.typing.abandon()
        if device is self.pc:
            self.hide()
        if power_lost:
            if wire is not None:
                wire.cut(None, None)
            device.disk.lose_power()
        device.disk.restart()
        device.screen = None
        try:
            self.rules.check_store(device)
        except Violation as violation:
            self._found(str(violation))
        if isinstance(device, Pc):
            self.loop.call_later(seconds, device.start)
        elif isinstance(device, Phone):
            device.scan_later(seconds)

    # --- the end ---

    def _look_over(self) -> None:
        for node in self.nodes:
            if any(len(sockets) for sockets in node.past):
                raise Violation("a socket is left")
        for hub in self.hubs:
            if len(hub) or hub._rooms_of:
                raise Violation("a room is left")
            lobbies = hub._lobbies
            if len(lobbies) or lobbies._lobbies or lobbies._waiting:
                raise Violation("a lobby is left")
        for device in (self.pc, self.phone, self.guest):
            if device.program is not None:
                raise Violation(f"the program of {device.who} has never ended")
            self._check_disk(device)
        if self.plan.gentle and not (self.pc.has_succeeded and self.phone.has_succeeded):
            raise Violation(f"a gentle world, but no copy: {self.ends}")
        # A receiver that is cut off at the very end waits for its sender through the grace.
        at = self.confirmed_at if self.plan.blows or self.plan.mischief.budget else self.last_end_at
        if self.plan.gentle and at > self.plan.confirmed_by():
            late = at - self.plan.confirmed_by()
            raise Violation(f"a gentle world, but the copy took {late:.1f} s too long")

    def _check_disk(self, device: Device) -> None:
        device.disk.repair()
        device.disk.restart()
        device.clean()
        self.rules.check_store(device)
        left = list(device.root.glob(f"{PART_PREFIX}*"))
        if left:
            raise Violation("an unfinished folder is left after a new start")
        if device is self.guest and device.root.exists():
            raise Violation("a guest has got something")


def _hide_control(socket: SimSocket, chance: float, draw: Random) -> None:
    write = socket.write

    def perhaps_write(item: OutboxItem) -> None:
        if not isinstance(item, str) or draw.random() >= chance:
            write(item)

    socket.write = perhaps_write  # type: ignore[method-assign]


def _described(error: BaseException) -> str:
    if isinstance(error, Violation):
        return str(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"


def run(plan: Plan, *, traced: bool = False) -> Outcome:
    """Run the world of a plan."""
    folder = Path(tempfile.mkdtemp(prefix="certrelay-world-", dir=memory_folder()))
    try:
        world = World(plan, folder, traced=traced)
        world.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(
        plan.seed, world.problem, world.trace, world.ends, world.messages, world.loop.time()
    )
