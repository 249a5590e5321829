"""The rooms of many nodes, in a Redis between them.

The rules are those of `certrelay.wire.room`, as in memory: read the room, take a step, write
it back unless another node was faster, then again.  What a step orders is sent with the write
and done by the nodes that hold the sockets, in the order in which the room changed; the node
that asked waits until it has heard its own.  Sealed messages touch no room: they go straight
to the other end, over the store only if that is on another node, and may be lost on the way,
which the ends repair (docs/protocol.md §7).

While the store is away nobody new comes in (``try_later``), ends that are both here go on,
and what must still be noted is tried again.  A node that has missed notices compares its rooms
with the store's, puts back what the store has lost, and sends the rest of its sockets away to
come again (1012).
"""

import asyncio
import os
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, assert_never

from certrelay.wire import room as rules
from certrelay.wire.close import CloseCode
from certrelay.wire.ids import Role, RoomId
from certrelay.wire.messages import Create, Refused, encode
from certrelay.wire.release import ReleasePolicy
from certrelay.wire.room import DeadWord
from relay import journal, records
from relay.hub import Line, Request, Seat, event_of, note, note_opened
from relay.records import Letter, Name, Notice, Order, Record, Stored, node_of
from relay.settings import Settings
from relay.store import COMMAND_S, SILENT_S, Found, Store, StoreAway, StoreFull

_LATE_S: Final = 0.005
"""Seconds added to each wait for a deadline: too early would be in vain."""

_TRIES: Final = 12
"""Times that a change is tried while other nodes are faster."""

_LONGEST_WAIT_S: Final = 0.1
"""Seconds between two of those tries at most, at random: else they starve each other."""

_AGAIN_S: Final = 1.0
"""Seconds between two tries to note a loss while the store is away."""

_AT_ONCE: Final = 500
"""Rooms compared with the store at a time."""


@dataclass(slots=True, eq=False)
class _View:
    """A room as this node knows it."""

    raw: bytes
    record: Record
    """What ``raw`` says, with what was carried since."""

    owner: str | None = None
    """The address that it counts for, if it was created here."""

    timer: asyncio.TimerHandle | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """A step's outcome: what shall lie in the store, and what is to be done."""

    stored: Stored
    effects: tuple[rules.Effect, ...]
    names: Mapping[Role, Name]
    """Who is to be told: the sockets before the step, and the one that it admits."""

    write_down: Callable[[], None]
    """Tells the journal, once it has happened."""


class RedisHub:
    """A `relay.hub.Home` for one of many nodes.

    Args:
        settings: The same on all nodes; rooms are counted for each node by itself.
        url: Of the store, see `relay.store.Store`.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self.policy: ReleasePolicy = settings.policy
        """Asked at each `join`; may be exchanged while the relay runs."""

        self._settings: Final = settings
        self._node: Final = os.urandom(8).hex()
        self._store: Final = Store(url, self._node)
        self._views: Final[dict[RoomId, _View]] = {}
        self._lines: Final[dict[Name, Line]] = {}
        self._names: Final[dict[Line, Name]] = {}
        self._numbered = 0
        self._rooms_of: Final[Counter[str]] = Counter()
        self._dead: Final[deque[tuple[RoomId, bytes, float]]] = deque()
        self._unheard: Final[dict[str, asyncio.Future[None]]] = {}
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    def __len__(self) -> int:
        """Count the rooms that this node knows."""
        return len(self._views)

    @property
    def ready(self) -> bool:
        """Whether somebody new may come in."""
        return self._store.listening

    def rooms(self) -> list[rules.Room]:
        """The rooms that count for this node: where it speaks for G, or for S alone."""
        found = []
        for view in self._views.values():
            names = view.record.names
            name = names.get(Role.G) or names.get(Role.S)
            if name is not None and node_of(name) == self._node:
                found.append(view.record.room)
        return found

    def is_paired(self, line: Line) -> bool:
        """Whether a socket speaks in a room that is claimed."""
        view = None if line.seat is None else self._views.get(line.seat.room)
        return view is not None and view.record.room.claimed

    async def start(self) -> None:
        """Begin to listen; a store that is away is waited for, but not here."""
        self._spawn(self._store.listen(self._hear, self._compare))
        self._spawn(self._watch_nodes())
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMAND_S):
                while not self._store.listening:
                    await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Let what is on its way be noted, then close the store."""
        noting = [task for task in self._tasks if task.get_name().startswith("noting")]
        if noting:
            await asyncio.wait(noting, timeout=COMMAND_S)
        for view in list(self._views.values()):
            if view.timer is not None:
                view.timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._store.close()

    # --- what sockets ask ---

    async def ask(self, line: Line, request: Request) -> None:
        """Let a socket create, join or resume; see `relay.hub.Hub`."""
        seat = Seat.of(request)
        name = self._name(line)
        counted = isinstance(request, Create) and seat.room not in self._views
        if counted:
            self._rooms_of[line.address] += 1

        def step(stored: Stored, now: float) -> _Change | Refused:
            if isinstance(stored, Record):
                return self._step(stored, event_of(request, self.policy), now, (seat.role, name))
            if stored is not None or not isinstance(request, Create):
                return rules.answer_absent(request, stored)
            if (refused := self._full(line.address)) is not None:
                return refused
            room, effects = rules.open_room(request, now, self._settings.room)
            assert room is not None
            names = {Role.G: name}
            return _Change(Record(room, names), effects, names, lambda: note_opened(room))

        try:
            refused = await self._change(seat.room, step)
        except StoreAway:
            refused = Refused("try_later")
            # It may have been done all the same: then nobody speaks for that end.
            self._note_later(seat.room, rules.Lost(seat.role), name)
        finally:
            view = self._views.get(seat.room)
            if counted and view is not None and view.owner is None and line.seat == seat:
                view.owner = line.address
            elif counted:
                self._count_out(line.address)
        if refused is not None:
            line.refuse(refused)

    async def carry(self, line: Line, sealed: bytes) -> None:
        """Pass a sealed message on; see `relay.hub.Hub`."""
        if line.seat is None or (view := self._views.get(line.seat.room)) is None:
            return
        room, role = line.seat.room, line.seat.role
        event = rules.Carried(role, len(sealed))
        now = self._store.now()
        after, effects = rules.step(view.record.room, event, now, self._settings.room)
        if after is None:
            with suppress(StoreAway):
                await self._apply(room, event, self._name(line))
            return
        note(view.record.room, event, (), now, self._settings.room)
        view.record = Record(after, view.record.names)
        for effect in effects:
            match effect:
                case rules.Refuse(error):
                    line.refuse(error)
                case rules.Deliver(to):
                    await self._deliver(room, view.record.names.get(to), sealed)

    async def _deliver(self, room: RoomId, name: Name | None, sealed: bytes) -> None:
        if name is None:
            return
        here = self._lines.get(name)
        if here is not None:
            await here.outbox.put_sealed(sealed)
        elif node_of(name) != self._node:
            with suppress(StoreAway):  # lost like any other: the ends repeat it
                await self._store.post(node_of(name), records.pack(Letter(room, name, sealed)))

    async def leave(self, line: Line) -> None:
        """End the room; see `relay.hub.Hub`."""
        if line.seat is None:
            return
        seat, name = line.seat, self._name(line)
        try:
            await self._apply(seat.room, rules.Left(seat.role), name)
        except StoreAway:
            line.close(CloseCode.NORMAL)
            self._note_later(seat.room, rules.Left(seat.role), name)

    async def lost(self, line: Line) -> None:
        """Note that a socket is gone; see `relay.hub.Hub`."""
        name = self._names.pop(line, None)
        if name is None:
            return
        self._lines.pop(name, None)
        if line.seat is not None:
            self._note_later(line.seat.room, rules.Lost(line.seat.role), name)
            line.seat = None

    def _name(self, line: Line) -> Name:
        if line not in self._names:
            self._numbered += 1
            self._names[line] = f"{self._node}:{self._numbered}"
            self._lines[self._names[line]] = line
        return self._names[line]

    def _full(self, address: str) -> Refused | None:
        admission = self._settings.admission
        if len(self._views) >= admission.rooms:
            return Refused("try_later")
        if self._rooms_of[address] > admission.rooms_per_address:
            return Refused("rate_limited")
        return None

    # --- changing a room ---

    async def _apply(self, room: RoomId, event: rules.Event, name: Name | None) -> None:
        """Apply an event; of a socket, only while it speaks for its end.

        Raises:
            StoreAway: It may have happened, or not.
        """

        def step(stored: Stored, now: float) -> _Change | None:
            if not isinstance(stored, Record):
                self._send_away(room)  # what this node knew of it is over
                return None
            if name is not None and name not in stored.names.values():
                return None
            return self._step(stored, event, now)

        await self._change(room, step)

    def _step(
        self, record: Record, event: rules.Event, now: float, asker: tuple[Role, Name] | None = None
    ) -> _Change:
        """Apply an event to a room; ``asker`` is the socket that it admits, if it does."""
        view = self._views.get(record.room.id)
        if view is not None:
            carried = view.record.room
            record = record.counted(carried.carried_bytes, carried.carried_messages)
        room, effects = rules.step(record.room, event, now, self._settings.room)
        names = dict(record.names)
        if asker is not None and rules.Admit(asker[0]) in effects:
            names[asker[0]] = asker[1]
        here = () if room is None else room.here
        after = None if room is None else Record(room, {role: names[role] for role in here})
        stored: Stored = after
        for effect in effects:
            if isinstance(effect, rules.Forget):
                stored = effect.word
        limits = self._settings.room
        return _Change(
            stored, effects, names, lambda: note(record.room, event, effects, now, limits)
        )

    async def _change(
        self, room: RoomId, step: Callable[[Stored, float], _Change | Refused | None]
    ) -> Refused | None:
        """Take a step on what lies in the store, until no other node is faster.

        Raises:
            StoreAway: It may have happened, or not.
        """
        for attempt in range(_TRIES):
            if not self._store.listening:  # it would not hear what it has brought about
                raise StoreAway
            found = await self._store.look(room)
            try:
                before = records.decode(room, found.raw)
            except records.RecordUnreadable as error:
                journal.write("unreadable", room)
                raise StoreAway from error
            change = step(before, found.now)
            if not isinstance(change, _Change):
                return change
            if await self._write(room, found, before, change):
                change.write_down()
                refusals = [e.error for e in change.effects if isinstance(e, rules.Refuse)]
                return refusals[0] if refusals else None
            await _wait(0, min(_LONGEST_WAIT_S, 0.002 * 2**attempt))
        raise StoreAway

    async def _write(self, room: RoomId, found: Found, before: Stored, change: _Change) -> bool:
        """Write a change and tell the nodes concerned; wait until this one has heard it."""
        raw = records.encode(change.stored)
        old_names: Mapping[Role, Name] = before.names if isinstance(before, Record) else {}
        orders = _orders(change, old_names)
        if raw == found.raw and not orders:
            return True
        nodes = {node_of(n) for n in (*old_names.values(), *change.names.values())} | set(orders)
        asked = os.urandom(8).hex()
        send = [
            (node, records.pack(Notice(room, raw, tuple(orders.get(node, ())), asked)))
            for node in nodes
        ]
        keep_s = self._settings.dead_room_s
        if isinstance(change.stored, Record):
            keep_s += max(0.0, change.stored.room.deadline - found.now)
        heard = self._unheard[asked] = asyncio.get_running_loop().create_future()
        try:
            try:
                done = await self._store.swap(room, found.raw, raw, keep_s, send)
            except StoreFull:
                if not isinstance(change.stored, DeadWord):
                    raise
                done = await self._store.swap(room, found.raw, b"", keep_s, send)
            if done and self._node in nodes:
                async with asyncio.timeout(COMMAND_S):
                    await heard
        except TimeoutError:
            raise StoreAway from None
        finally:
            del self._unheard[asked]
        if done and isinstance(change.stored, DeadWord):
            self._bury(room, raw)
        return done

    def _bury(self, room: RoomId, raw: bytes) -> None:
        """Bound the words that this node leaves in the store; the oldest go first."""
        now = self._store.now()
        self._dead.append((room, raw, now + self._settings.dead_room_s))
        while self._dead[0][2] <= now:
            self._dead.popleft()
        if len(self._dead) > self._settings.max_dead_rooms:
            oldest, word, _ = self._dead.popleft()
            self._spawn(self._forget(oldest, word))

    async def _forget(self, room: RoomId, word: bytes) -> None:
        with suppress(StoreAway):
            await self._store.swap(room, word, b"", 0)

    def _note_later(self, room: RoomId, event: rules.Event, name: Name | None = None) -> None:
        """Apply an event that nobody waits for, again until the store has taken it."""
        self._spawn(self._note(room, event, name), f"noting {type(event).__name__}")

    async def _note(self, room: RoomId, event: rules.Event, name: Name | None) -> None:
        gives_up = self._store.now() + self._settings.room.session_s
        while self._store.now() < gives_up:
            try:
                await self._apply(room, event, name)
                break
            except StoreAway:
                await _wait(_AGAIN_S / 2, _AGAIN_S)
        if isinstance(event, rules.Tick):
            self._look_again(room)

    # --- what the nodes tell each other ---

    def _hear(self, message: bytes) -> None:
        """Take a notice or a letter."""
        try:
            heard = records.unpack(self._node, message)
            if isinstance(heard, Letter):
                self._take_letter(heard)
                return
            stored = records.decode(heard.room, heard.record)
        except records.RecordUnreadable:
            journal.write("unreadable")
            return
        self._take_notice(heard, stored)

    def _take_letter(self, letter: Letter) -> None:
        line, view = self._lines.get(letter.name), self._views.get(letter.room)
        if line is None or view is None:
            return
        room = view.record.room
        # Counted here too, so that the budget holds for both directions on either node.
        view.record = view.record.counted(
            room.carried_bytes + len(letter.sealed), room.carried_messages + 1
        )
        line.outbox.offer_sealed(letter.sealed)

    def _take_notice(self, notice: Notice, stored: Stored) -> None:
        names: Mapping[Role, Name] = stored.names if isinstance(stored, Record) else {}
        if isinstance(stored, Record):
            self._see(notice.room, notice.record, stored)
        for name, what, value in notice.orders:
            line = self._lines.get(name)
            if line is None:
                continue
            if what == "say":
                line.outbox.put(str(value))
            else:
                line.close(CloseCode(int(value)))
        if not isinstance(stored, Record):
            self._drop(notice.room)
        for role, name in names.items():
            line = self._lines.get(name)
            if line is not None and not line.outbox.ending:
                line.seat = Seat(notice.room, role)
        heard = self._unheard.get(notice.asked)
        if heard is not None and not heard.done():
            heard.set_result(None)

    def _see(self, room: RoomId, raw: bytes, record: Record) -> None:
        """Note what has become of a room, and be there at its deadline."""
        view = self._views.get(room)
        if view is None:
            if not any(node_of(name) == self._node for name in record.names.values()):
                return
            view = self._views[room] = _View(raw, record)
        else:
            for role, name in view.record.names.items():
                taken_from = self._lines.get(name)
                if taken_from is not None and record.names.get(role) != name:
                    self._put_out(taken_from, role, room)
            known = view.record.room
            view.raw = raw
            view.record = record.counted(known.carried_bytes, known.carried_messages)
        self._watch(room, view)

    def _put_out(self, line: Line, role: Role, room: RoomId) -> None:
        """Send a socket away whose end another one, or nobody, speaks for by now.

        An order that comes with the same notice finds it still open and says why.
        """

        def close() -> None:
            if line.seat == Seat(room, role):
                line.close(CloseCode.RESTART)

        asyncio.get_running_loop().call_soon(close)

    def _watch(self, room: RoomId, view: _View, at_least_s: float = 0.0) -> None:
        if view.timer is not None:
            view.timer.cancel()
        wait_s = max(at_least_s, view.record.room.deadline - self._store.now()) + _LATE_S
        loop = asyncio.get_running_loop()
        view.timer = loop.call_later(wait_s, self._note_later, room, rules.Tick())

    def _look_again(self, room: RoomId) -> None:
        """After a deadline: a room that stands is watched on by those who have a part in it."""
        view = self._views.get(room)
        if view is None:
            return
        if any(name in self._lines for name in view.record.names.values()):
            self._watch(room, view, at_least_s=_AGAIN_S)
        else:
            self._drop(room)

    def _drop(self, room: RoomId) -> None:
        view = self._views.pop(room, None)
        if view is None:
            return
        if view.timer is not None:
            view.timer.cancel()
        if view.owner is not None:
            self._count_out(view.owner)

    def _count_out(self, address: str) -> None:
        self._rooms_of[address] -= 1
        if not self._rooms_of[address]:
            del self._rooms_of[address]

    # --- when notices were missed, or a node is gone ---

    async def _compare(self) -> None:
        """Keep the rooms that the store knows as this node does; send the others' sockets away.

        Raises:
            StoreAway: Then the node does not count as listening.
        """
        for heard in self._unheard.values():
            if not heard.done():
                heard.set_exception(StoreAway())
        rooms = list(self._views.items())
        for at in range(0, len(rooms), _AT_ONCE):
            some = rooms[at : at + _AT_ONCE]
            now = self._store.now()
            believed = [
                (
                    room,
                    view.raw,
                    max(0.0, view.record.room.deadline - now) + self._settings.dead_room_s,
                )
                for room, view in some
            ]
            kept = await self._store.restore(believed)
            for (room, _), same in zip(some, kept, strict=True):
                if not same:
                    self._send_away(room)

    def _send_away(self, room: RoomId) -> None:
        """Let the sockets of a room that is not what this node believes come again."""
        view = self._views.get(room)
        for role, name in view.record.names.items() if view else ():
            line = self._lines.get(name)
            if line is not None and line.seat == Seat(room, role):
                line.close(CloseCode.RESTART)
                self._note_later(room, rules.Lost(role), name)
        self._drop(room)

    async def _watch_nodes(self) -> None:
        """Note the sockets of nodes that ended without a word."""
        while True:
            await asyncio.sleep(SILENT_S / 2)
            ends: defaultdict[str, list[tuple[RoomId, Role, Name]]] = defaultdict(list)
            for room, view in self._views.items():
                for role, name in view.record.names.items():
                    if node_of(name) != self._node:
                        ends[node_of(name)].append((room, role, name))
            nodes = list(ends)
            with suppress(StoreAway):
                for node, alive in zip(nodes, await self._store.alive(nodes), strict=True):
                    for room, role, name in () if alive else ends[node]:
                        self._note_later(room, rules.Lost(role), name)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str = "") -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _orders(change: _Change, old_names: Mapping[Role, Name]) -> dict[str, list[Order]]:
    """Say which node does what to which of its sockets."""
    orders: defaultdict[str, list[Order]] = defaultdict(list)
    for effect in change.effects:
        order: Order
        match effect:
            case rules.Admit(role):
                older = old_names.get(role)
                if older is None or older == change.names[role]:
                    continue
                order = (older, "close", int(CloseCode.REPLACED))
            case rules.Tell(to, message):
                order = (change.names[to], "say", encode(message))
            case rules.Disconnect(to, code):
                order = (change.names[to], "close", int(code))
            case rules.Refuse() | rules.Forget() | rules.Deliver():
                continue
            case _:
                assert_never(effect)
        orders[node_of(order[0])].append(order)
    return orders


async def _wait(least_s: float, most_s: float) -> None:
    await asyncio.sleep(random.uniform(least_s, most_s))  # noqa: S311, no secret is made of it
