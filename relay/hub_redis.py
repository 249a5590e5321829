"""The rooms of many nodes, in a Redis between them.

Long because one hub, whose steps must be read beside what other nodes do meanwhile.

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
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from certrelay.wire import room as rules
from certrelay.wire.close import CloseCode
from certrelay.wire.ids import Role, RoomId
from certrelay.wire.messages import Create, Enter, KnockAnswer, Refused
from certrelay.wire.release import ReleasePolicy
from certrelay.wire.room import DeadWord
from relay import journal, records
from relay.changes import Change, opened, stepped
from relay.hub import Line, Request, Seat, event_of, note_carried, refusal_of_absent
from relay.outbox import Pending
from relay.records import (
    KnockLetter,
    Letter,
    Name,
    Notice,
    Record,
    ReplyLetter,
    Stored,
    node_of,
)
from relay.settings import Settings
from relay.shared_lobbies import SharedLobbies
from relay.store import (
    BEAT_S,
    COMMAND_S,
    Found,
    RoomStore,
    StoreAway,
    StoreForeign,
    StoreFull,
    StoreUncertain,
)
from relay.store_figures import StoreFigures
from relay.views import View, Views

_TRIES: Final = 12
"""Times that a change is tried while other nodes are faster."""

_LONGEST_WAIT_S: Final = 0.1
"""Seconds between two of those tries at most, at random: else they starve each other."""

_AGAIN_S: Final = 1.0
"""Seconds between two tries to note something while the store is away."""

_AT_ONCE: Final = 500
"""Rooms compared with the store at a time."""

StoredStep = Callable[[Stored, float], Change | Refused | None]
"""What to make of what lies in the store at that time; ``None``: nothing."""


class RedisHub:
    """A `relay.hub.Home` for one of many nodes.

    Args:
        settings: The same on all nodes; rooms are counted for each node by itself.
        url: Of the store, see `relay.store.RoomStore`.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self.policy: ReleasePolicy = settings.policy
        """Asked at each `join`; may be exchanged while the relay runs."""

        self.closed: Refused | None = None
        """What newcomers are refused with while the operator takes none."""

        self._settings: Final = settings
        self._limits: Final = settings.room
        self._node: Final = os.urandom(8).hex()
        self._store: Final = RoomStore(url, self._node, records.VERSION)
        self._views: Final = Views(
            self._node,
            settings.admission,
            self._store.now,
            lambda room: self._note_later(room, rules.Tick()),
        )
        self._lobbies: Final = SharedLobbies(self._node, self._store, self._views, self._spawn)
        self._dead: Final[deque[tuple[RoomId, bytes, float]]] = deque()
        self._unheard: Final[dict[str, asyncio.Future[None]]] = {}
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._notings: Final[set[asyncio.Task[None]]] = set()

    @property
    def unready(self) -> str:
        """Why nobody new can come in: ``store_away``, ``store_foreign`` or ``store_full``."""
        if not self._store.listening:
            return "store_away"
        if self._store.is_foreign:
            return "store_foreign"
        return "store_full" if self._store.full else ""

    async def end_waiting(self) -> None:
        """End the rooms of this node that nobody has claimed; what fails now is tried later."""
        waiting = [room.id for room in self.rooms() if not room.claimed]
        for at in range(0, len(waiting), _AT_ONCE):
            ends = [
                self._apply(room, rules.Suspended(), None) for room in waiting[at : at + _AT_ONCE]
            ]
            await asyncio.gather(*ends, return_exceptions=True)

    def rooms(self) -> list[rules.Room]:
        """The rooms that count for this node."""
        return self._views.own_rooms()

    def is_paired(self, line: Line) -> bool:
        """Whether a socket speaks in a room that is claimed."""
        view = self._view(line)
        return view is not None and view.record.room.claimed

    def _view(self, line: Line) -> View | None:
        return None if line.seat is None else self._views.rooms.get(line.seat.room)

    @property
    def store_figures(self) -> StoreFigures:
        """What was counted of the way to the store."""
        return self._store.figures

    def use_store(self, url: str) -> None:
        """Go to the store by another address; see `relay.hub.Home`."""
        self._store.use(url)

    async def start(self) -> None:
        """Begin to listen; a store that is away is waited for, but not here."""
        joined = asyncio.Event()

        async def compare() -> None:
            await self._compare()
            joined.set()

        self._spawn(self._store.listen(self._hear, compare))
        self._spawn(self._watch_nodes())
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMAND_S):
                await joined.wait()

    async def stop(self) -> None:
        """Let what is on its way be noted, then close the store."""
        if self._notings and self._store.listening:
            await asyncio.wait(self._notings, timeout=COMMAND_S)
        for room in list(self._views.rooms):
            self._views.drop(room)
        # Again and again: a cancellation that comes just as an answer does is lost in the
        # client library (Python 3.11's `asyncio.wait_for`), and a note may follow another.
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=_LONGEST_WAIT_S)
        await self._store.close()

    # --- what sockets ask ---

    def ask(self, line: Line, request: Request) -> asyncio.Task[None]:
        """Let a socket create, join or resume; see `relay.hub.Hub`."""
        return self._spawn(self._ask(line, request))

    async def _ask(self, line: Line, request: Request) -> None:
        if self._store.is_foreign:  # those whose store it is take whoever comes
            line.close(CloseCode.RESTART)
            return
        seat = Seat.of(request)
        name = self._views.name(line)
        counted = isinstance(request, Create) and seat.room not in self._views.rooms
        has_room = self._views.rooms_of.has_room(line.address)
        if counted:
            self._views.rooms_of.add(line.address)

        def step(stored: Stored, now: float) -> Change | Refused:
            if isinstance(stored, Record):
                event = event_of(request, self.policy, self.closed)
                return self._step(stored, event, now, (seat.role, name))
            refused = refusal_of_absent(request, stored, self.closed)
            if refused is None:
                assert isinstance(request, Create)
                return self._full(has_room) or opened(request, name, now, self._limits)
            return refused

        try:
            refused = await self._change(seat.room, step)
        except StoreAway as away:
            refused = Refused("try_later")
            if isinstance(away, StoreUncertain):
                # If it was done all the same, nobody speaks for that end.
                self._note_later(seat.room, rules.Lost(seat.role), name)
        finally:
            view = self._view(line)
            if counted and view is not None and view.owner is None:
                view.owner = line.address
            elif counted:
                self._views.rooms_of.remove(line.address)
        if refused is not None:
            line.refuse(refused)

    def carry(self, line: Line, sealed: bytes) -> Pending:
        """Pass a sealed message on; see `relay.hub.Hub`."""
        view = self._view(line)
        if view is None or line.seat is None:
            return None
        role, limits = line.seat.role, self._limits
        event = rules.Carried(role, len(sealed))
        after = rules.carry(view.record.room, len(sealed), self._store.now(), limits)
        if after is None:  # more follows than to deliver it
            return self._carry_with_effects(line, view, event)
        if journal.has_details():
            note_carried(view.record.room, event)
        view.record = Record(after, view.record.names)
        return self._deliver(line.seat.room, view.record.names.get(role.other), sealed)

    def _carry_with_effects(self, line: Line, view: View, event: rules.Carried) -> Pending:
        after, effects = rules.step(view.record.room, event, self._store.now(), self._limits)
        if after is None:
            name = self._views.name(line)
            return self._spawn(self._apply_if_can(view.record.room.id, event, name))
        note_carried(view.record.room, event)
        view.record = Record(after, view.record.names)
        for effect in effects:
            if isinstance(effect, rules.Refuse):
                line.refuse(effect.error)
        return None

    async def _apply_if_can(self, room: RoomId, event: rules.RoomEvent, name: Name) -> None:
        with suppress(StoreAway):
            await self._apply(room, event, name)

    def _deliver(self, room: RoomId, name: Name | None, sealed: bytes) -> Pending:
        here = self._views.line(name)
        if here is not None:
            return here.outbox.put_sealed(sealed)
        if name is None or node_of(name) == self._node:
            return None
        return self._store.post(node_of(name), records.pack(Letter(room, name, sealed)))

    def leave(self, line: Line) -> Pending:
        """End the room; see `relay.hub.Hub`."""
        return None if line.seat is None else self._spawn(self._leave(line, line.seat))

    async def _leave(self, line: Line, seat: Seat) -> None:
        name = self._views.name(line)
        try:
            await self._apply(seat.room, rules.Left(seat.role), name)
        except StoreAway:
            self._note_later(seat.room, rules.Left(seat.role), name)
        line.close(CloseCode.NORMAL)

    def publish(self, line: Line) -> asyncio.Task[None]:
        """Give G's socket a lobby; see `relay.hub.Hub`."""
        return self._spawn(self._lobbies.publish(line, self._view))

    def enter(self, line: Line, message: Enter) -> asyncio.Task[None]:
        """Let a socket knock; see `relay.hub.Hub`."""
        return self._spawn(self._lobbies.enter(line, message))

    def answer(self, line: Line, message: KnockAnswer) -> None:
        """Pass on what G answers; see `relay.hub.Hub`."""
        self._lobbies.answer(line, message)

    def lost(self, line: Line) -> None:
        """Note that a socket is gone; see `relay.hub.Hub`."""
        self._lobbies.close(line)
        name = self._views.lose(line)
        if name is not None and line.seat is not None:
            self._note_later(line.seat.room, rules.Lost(line.seat.role), name)
            line.seat = None

    def _full(self, has_room: bool) -> Refused | None:
        """Say why there is no place for one more room; ``has_room``: in its address's share."""
        admission = self._settings.admission
        if len(self._views.rooms) >= admission.rooms:
            return Refused("try_later")
        if not has_room:
            return Refused("rate_limited")
        return None

    # --- changing a room ---

    async def _apply(self, room: RoomId, event: rules.RoomEvent, name: Name | None) -> None:
        """Apply an event; of a socket, only while it speaks for its end.

        Raises:
            StoreAway: See `_change`.
        """

        def step(stored: Stored, now: float) -> Change | None:
            if not isinstance(stored, Record):
                # It is over: the notice that says why may still be on its way.
                asyncio.get_running_loop().call_later(COMMAND_S, self._send_away, room)
                return None
            if name is not None and name not in stored.names.values():
                return None
            return self._step(stored, event, now)

        await self._change(room, step)

    def _step(
        self,
        record: Record,
        event: rules.RoomEvent,
        now: float,
        asker: tuple[Role, Name] | None = None,
    ) -> Change:
        view = self._views.rooms.get(record.room.id)
        if view is not None:
            known = view.record.room
            record = record.counted(known.carried_bytes, known.carried_messages)
        return stepped(record, event, now, self._limits, asker)

    async def _change(self, room: RoomId, step: StoredStep) -> Refused | None:
        """Take a step on what lies in the store, until no other node is faster.

        Raises:
            StoreUncertain: It may have happened, or not.
            StoreAway: It has not happened.
        """
        for attempt in range(_TRIES):
            if not self._store.listening:  # it would not hear what it has brought about
                raise StoreAway
            found = await self._store.look(room)
            try:
                stored = records.decode(room, found.raw)
            except records.RecordUnreadable as error:
                journal.write_warning("unreadable")
                raise StoreForeign from error
            change = step(stored, found.now)
            if not isinstance(change, Change):
                return change
            if await self._write(room, found, change):
                change.write_down()
                return change.refused
            self._store.figures.retries += 1
            await _wait(0, min(_LONGEST_WAIT_S, 0.002 * 2**attempt))
        raise StoreAway

    async def _write(self, room: RoomId, found: Found, change: Change) -> bool:
        """Write a change and tell the nodes concerned; wait until this one has heard it."""
        raw, asked = change.raw, os.urandom(8).hex()
        if raw == found.raw and not change.has_orders:
            return True
        send = change.notices(room, asked)
        keep_s = change.keep_s(found.now, self._settings.dead_room_s)
        over = isinstance(change.stored, DeadWord)
        heard = self._unheard[asked] = asyncio.get_running_loop().create_future()
        try:
            try:
                done = await self._store.swap(room, found.raw, raw, keep_s, send)
            except StoreFull:
                if not over:
                    raise
                done = await self._store.swap(room, found.raw, b"", keep_s, send)
            if done and self._node in dict(send):
                async with asyncio.timeout(COMMAND_S):
                    await heard
        except StoreFull:
            raise
        except (StoreAway, TimeoutError):
            raise StoreUncertain from None
        finally:
            del self._unheard[asked]
        if done and over:
            self._bury(room, raw)
        return done

    def _bury(self, room: RoomId, word: bytes) -> None:
        """Bound the words that this node leaves in the store; the oldest go first."""
        now = self._store.now()
        self._dead.append((room, word, now + self._settings.dead_room_s))
        while self._dead[0][2] <= now:
            self._dead.popleft()
        if len(self._dead) > self._settings.max_dead_rooms:
            oldest, its_word, _ = self._dead.popleft()
            self._spawn(self._forget(oldest, its_word))

    async def _forget(self, room: RoomId, word: bytes) -> None:
        with suppress(StoreAway):
            await self._store.swap(room, word, b"", 0)

    def _note_later(self, room: RoomId, event: rules.RoomEvent, name: Name | None = None) -> None:
        """Apply an event that nobody waits for, again until the store has taken it."""
        task = self._spawn(self._note(room, event, name))
        self._notings.add(task)
        task.add_done_callback(self._notings.discard)

    async def _note(self, room: RoomId, event: rules.RoomEvent, name: Name | None) -> None:
        gives_up = self._store.now() + self._limits.session_s
        while self._store.now() < gives_up:
            try:
                await self._apply(room, event, name)
                break
            except StoreForeign:
                break
            except StoreAway:
                await _wait(_AGAIN_S / 2, _AGAIN_S)
                await self._store.joined.wait()  # without asking: there may be thousands
        view = self._views.rooms.get(room)
        if not isinstance(event, rules.Tick | rules.Abandoned) or view is None:
            return
        if self._views.seated(room):
            self._views.watch(room, view, at_least_s=_AGAIN_S)
        else:
            self._views.drop(room)

    # --- what the nodes tell each other ---

    def _hear(self, message: bytes) -> None:
        """Take a notice or a letter."""
        try:
            heard = records.unpack(self._node, message)
            match heard:
                case Letter():
                    self._take_letter(heard)
                case KnockLetter():
                    self._lobbies.take_knock(heard)
                case ReplyLetter():
                    self._lobbies.take_reply(heard)
                case Notice():
                    self._take_notice(heard, records.decode(heard.room, heard.record))
        except records.RecordUnreadable:
            journal.write_warning("unreadable")

    def _take_letter(self, letter: Letter) -> None:
        line, view = self._views.line(letter.name), self._views.rooms.get(letter.room)
        if line is None or view is None:
            return
        room = view.record.room
        # Counted here too, so that the budget holds for both directions on either node.
        view.record = view.record.counted(
            room.carried_bytes + len(letter.sealed), room.carried_messages + 1
        )
        line.outbox.offer_sealed(letter.sealed)

    def _take_notice(self, notice: Notice, stored: Stored) -> None:
        gone = []
        if isinstance(stored, Record):
            gone = self._views.see(notice.room, notice.record, stored)
        for name, what, value in notice.orders:
            line = self._views.line(name)
            if line is not None and what == "say":
                line.outbox.put(str(value))
            elif line is not None:
                self._close(line, CloseCode(int(value)))
        for line in gone:  # unless an order has said why
            self._close(line, CloseCode.RESTART)
        if isinstance(stored, Record):
            self._views.seat(notice.room, stored)
            self._note_half(notice.room, stored.room)
            showing = self._views.line(stored.names.get(Role.G))
            if showing is not None and stored.room.claimed:
                self._lobbies.claim(showing)
        else:
            self._views.drop(notice.room)
        heard = self._unheard.get(notice.asked)
        if heard is not None and not heard.done():
            heard.set_result(None)

    def _note_half(self, room: RoomId, value: rules.Room) -> None:
        view = self._views.rooms.get(room)
        if view is not None and view.owner is not None:
            abandoned = self._views.half.note(value, view.owner)
            if abandoned is not None:
                self._note_later(abandoned, rules.Abandoned())

    def _close(self, line: Line, code: CloseCode) -> None:
        self._lobbies.close(line)
        line.close(code)

    # --- when notices were missed, or a node is gone ---

    async def _compare(self) -> None:
        """Keep the rooms that the store knows as this node does; send the others' sockets away.

        Raises:
            StoreAway: Then the node does not count as listening.
        """
        for heard in self._unheard.values():
            if not heard.done():
                heard.set_exception(StoreAway())
        views = list(self._views.rooms.items())
        for at in range(0, len(views), _AT_ONCE):
            some = views[at : at + _AT_ONCE]
            kept = await self._store.restore(
                [(room, view.raw, self._keep_s(view)) for room, view in some]
            )
            for (room, _), same in zip(some, kept, strict=True):
                if not same:
                    self._send_away(room)

    def _keep_s(self, view: View) -> float:
        left_s = view.record.room.deadline - self._store.now()
        return max(0.0, left_s) + self._settings.dead_room_s

    def _send_away(self, room: RoomId) -> None:
        """Let the sockets of a room that is not what this node believes come again."""
        for role, name, line in self._views.seated(room):
            self._close(line, CloseCode.RESTART)
            self._note_later(room, rules.Lost(role), name)
        self._views.drop(room)

    async def _watch_nodes(self) -> None:
        """Note the sockets of nodes that ended without a word."""
        while True:
            await asyncio.sleep(BEAT_S)
            ends: defaultdict[str, list[tuple[RoomId, Role, Name]]] = defaultdict(list)
            for end in self._views.far_ends():
                ends[node_of(end[2])].append(end)
            with suppress(StoreAway):
                alive = await self._store.alive(list(ends))
                for node in [node for node, lives in zip(ends, alive, strict=True) if not lives]:
                    for room, role, name in ends[node]:
                        self._note_later(room, rules.Lost(role), name)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _wait(least_s: float, most_s: float) -> None:
    await asyncio.sleep(random.uniform(least_s, most_s))  # noqa: S311, no secret is made of it
