"""The rooms of one process, in its memory.

Everything happens on one event loop, and between reading a room and writing it back there is
no ``await``: two devices that join at once are taken one after the other.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final, assert_never

from certrelay.wire import room as rules
from certrelay.wire.close import CloseCode
from certrelay.wire.ids import Role, RoomId
from certrelay.wire.lobby import Enter as LobbyEnter
from certrelay.wire.messages import Create, Enter, KnockAnswer, Refused, encode
from certrelay.wire.release import ReleasePolicy
from relay import journal
from relay.admission import AddressCounter
from relay.clock import Clock, monotonic
from relay.dead_rooms import DeadRooms
from relay.half_rooms import HalfRooms
from relay.hub import (
    Line,
    Request,
    Seat,
    event_of,
    note,
    note_carried,
    note_opened,
    refusal_of_absent,
)
from relay.lobbies import Lobbies
from relay.outbox import Pending
from relay.settings import Settings

_LATE_S: Final = 0.001
"""Seconds added to each wait: a loop that rounds down would look too early, and again."""


@dataclass(slots=True, eq=False)
class _Home:
    """A room that stands, with what the rules do not know: its sockets and its timer."""

    room: rules.Room
    owner: str
    """The address that it counts for: the one that created it."""

    lines: dict[Role, Line] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None
    wakes_at: float = 0.0
    """When the timer looks at the room, in seconds on the hub's clock."""


class MemoryHub:
    """A `relay.hub.Home` for one node."""

    def __init__(self, settings: Settings, clock: Clock = monotonic) -> None:
        self.policy: ReleasePolicy = settings.policy
        """Asked at each `join`; may be exchanged while the relay runs."""

        self.closed: Refused | None = None
        """What newcomers are refused with while the operator takes none."""

        self._settings: Final = settings
        self._clock: Final = clock
        self._homes: Final[dict[RoomId, _Home]] = {}
        self._rooms_of: Final = AddressCounter(settings.admission.rooms_per_address)
        self._half: Final = HalfRooms(settings.admission)
        self._dead: Final = DeadRooms(settings.max_dead_rooms, settings.dead_room_s)
        self._entered = 0
        self._lobbies: Final = Lobbies(clock, lambda _digits: None, lambda _waiter, _answer: None)

    def __len__(self) -> int:
        """Count the rooms that stand."""
        return len(self._homes)

    @property
    def unready(self) -> str:
        """Memory is always there."""
        return ""

    @property
    def store_figures(self) -> None:
        """There is no store."""
        return

    def use_store(self, url: str) -> None:
        """There is none."""

    async def start(self) -> None:
        """Nothing is to be begun."""

    async def stop(self) -> None:
        """Forget all rooms: no timer is left behind."""
        for home in self._homes.values():
            if home.timer is not None:
                home.timer.cancel()

    async def end_waiting(self) -> None:
        """End the rooms that nobody has claimed."""
        for home in list(self._homes.values()):
            self._step(home, rules.Suspended(), None)

    def rooms(self) -> list[rules.Room]:
        """The rooms that stand."""
        return [home.room for home in self._homes.values()]

    def is_paired(self, line: Line) -> bool:
        """Whether a socket speaks in a room that is claimed."""
        found = self._seated(line)
        return found is not None and found[0].room.claimed

    def ask(self, line: Line, request: Request) -> None:
        """Let a socket create, join or resume; see `relay.hub.Hub`."""
        seat = Seat.of(request)
        home = self._homes.get(seat.room)
        if home is not None:
            self._step(home, event_of(request, self.policy, self.closed), line)
            return
        word = self._dead.word(seat.room, self._clock())
        refused = refusal_of_absent(request, word, self.closed) or self._full(line)
        if refused is not None:
            line.refuse(refused)
        elif isinstance(request, Create):
            self._open(line, request)

    def carry(self, line: Line, sealed: bytes) -> Pending:
        """Pass a sealed message on; see `relay.hub.Hub`."""
        seat = line.seat
        if seat is None:
            return None
        home = self._homes[seat.room]
        after = rules.carry(home.room, len(sealed), self._clock(), self._settings.room)
        if after is None:  # more follows than to deliver it
            self._step(home, rules.Carried(seat.role, len(sealed)), line)
            return None
        if journal.has_details():
            note_carried(home.room, rules.Carried(seat.role, len(sealed)))
        home.room = after
        return home.lines[seat.role.other].outbox.put_sealed(sealed)

    def leave(self, line: Line) -> None:
        """End the room; see `relay.hub.Hub`."""
        if (found := self._seated(line)) is not None:
            home, role = found
            self._step(home, rules.Left(role), line)

    def publish(self, line: Line) -> None:
        """Give G's socket a lobby; see `relay.hub.Hub`."""
        found = self._seated(line)
        if found is not None and not found[0].room.claimed:
            self._lobbies.publish(line, self._lobbies.draw())

    def enter(self, line: Line, message: Enter) -> None:
        """Let a socket knock; see `relay.hub.Hub`."""
        self._entered += 1
        waiter = str(self._entered)
        self._lobbies.wait(line, waiter)
        found = self._lobbies.find(message.lobby)
        if found is None:
            self._lobbies.miss(waiter)
        else:
            event = LobbyEnter(waiter, message.lobby, message.sid, message.share)
            self._lobbies.enter(found, event)

    def answer(self, line: Line, message: KnockAnswer) -> None:
        """Pass on what G answers; see `relay.hub.Hub`."""
        self._lobbies.answer(line, message)

    def lost(self, line: Line) -> None:
        """Note that a socket is gone; see `relay.hub.Hub`."""
        self._lobbies.close(line)
        if (found := self._seated(line)) is not None:
            home, role = found
            self._step(home, rules.Lost(role), line)
            home.lines.pop(role, None)
            line.seat = None

    def _seated(self, line: Line) -> tuple[_Home, Role] | None:
        """The room that a socket speaks in, and as whom."""
        if line.seat is None:
            return None
        return self._homes[line.seat.room], line.seat.role

    def _full(self, line: Line) -> Refused | None:
        """Say why there is no place for one more room; those that stand stay."""
        admission = self._settings.admission
        if len(self._homes) >= admission.rooms:
            return Refused("try_later")
        if not self._rooms_of.has_room(line.address):
            return Refused("rate_limited")
        return None

    def _open(self, line: Line, create: Create) -> None:
        room, effects = rules.open_room(create, self._clock(), self._settings.room)
        assert room is not None
        home = self._homes[create.room] = _Home(room, line.address)
        self._rooms_of.add(home.owner)
        note_opened(room)
        self._carry_out(home, effects, line)
        self._watch(home)

    def _step(self, home: _Home, event: rules.RoomEvent, asker: Line | None) -> None:
        """Apply an event."""
        now = self._clock()
        after, effects = rules.step(home.room, event, now, self._settings.room)
        note(home.room, event, effects, now, self._settings.room)
        if after is not None:
            home.room = after
        self._carry_out(home, effects, asker)
        if after is not None:
            self._watch(home)
            abandoned = self._half.note(after, home.owner)
            if abandoned is not None:
                self._step(self._homes[abandoned], rules.Abandoned(), None)

    def _carry_out(
        self, home: _Home, effects: tuple[rules.Effect, ...], asker: Line | None
    ) -> None:
        for effect in effects:
            match effect:
                case rules.Admit(role):
                    self._admit(home, role, asker)
                case rules.Refuse(error):
                    assert asker is not None, "time asks for nothing"
                    asker.refuse(error)
                case rules.Tell(to, message):
                    home.lines[to].outbox.put(encode(message))
                case rules.Deliver():
                    raise AssertionError("`carry` delivers")
                case rules.Disconnect(to, code):
                    gone = home.lines.pop(to)
                    self._lobbies.close(gone)
                    gone.close(code)
                case rules.Forget(word):
                    self._forget(home, word)
                case _:
                    assert_never(effect)

    def _admit(self, home: _Home, role: Role, asker: Line | None) -> None:
        assert asker is not None
        older = home.lines.get(role)
        if older is not None and older is not asker:
            self._lobbies.close(older)
            older.close(CloseCode.REPLACED)
        if role is Role.S and (showing := home.lines.get(Role.G)) is not None:
            self._lobbies.claim(showing)
        home.lines[role] = asker
        asker.seat = Seat(home.room.id, role)

    def _forget(self, home: _Home, word: rules.DeadWord) -> None:
        if home.timer is not None:
            home.timer.cancel()
        for line in home.lines.values():
            self._lobbies.close(line)
        del self._homes[home.room.id]
        self._rooms_of.remove(home.owner)
        self._half.forget(home.room.id)
        self._dead.add(home.room.id, word, self._clock())

    def _watch(self, home: _Home) -> None:
        """Wake up at the room's deadline, unless a timer does so by then already."""
        if home.timer is not None:
            if home.wakes_at <= home.room.deadline:
                return
            home.timer.cancel()
        home.wakes_at = home.room.deadline
        wait_s = max(0.0, home.wakes_at - self._clock()) + _LATE_S
        home.timer = asyncio.get_running_loop().call_later(wait_s, self._wake, home)

    def _wake(self, home: _Home) -> None:
        home.timer = None
        self._step(home, rules.Tick(), None)
