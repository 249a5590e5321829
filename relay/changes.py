"""What becomes of a room in the common store: the rules' steps, with names for the sockets.

Nothing here knows of a network: a value goes in and a value comes out, so that a step can be
taken again when another node was faster.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import assert_never

from certrelay.frozen import frozen
from certrelay.wire import room as rules
from certrelay.wire.close import CloseCode
from certrelay.wire.ids import Role, RoomId
from certrelay.wire.messages import Create, Refused, encode
from certrelay.wire.room import RoomLimits
from relay.hub import note, note_opened
from relay.records import Name, Notice, Order, Record, Stored, node_of, pack
from relay.records import encode as encode_stored


@frozen
class Change:
    """A step's outcome: what shall lie in the store, and what is to be done."""

    stored: Stored
    effects: tuple[rules.Effect, ...]
    before: Mapping[Role, Name]
    """Who spoke for the ends before."""

    names: Mapping[Role, Name]
    """The same, with the socket that the step admits."""

    write_down: Callable[[], None]
    """Tells the journal, once it has happened."""

    @property
    def raw(self) -> bytes:
        """What shall lie in the store, as it is written."""
        return encode_stored(self.stored)

    @property
    def refused(self) -> Refused | None:
        """What the asking socket is refused with, if it is."""
        refusals = (e.error for e in self.effects if isinstance(e, rules.Refuse))
        return next(refusals, None)

    def keep_s(self, now: float, dead_room_s: float) -> float:
        """Seconds for which it lies in the store.

        A room that nobody watches is found there after its end, and still gives its word.
        """
        if isinstance(self.stored, Record):
            return dead_room_s + max(0.0, self.stored.room.deadline - now)
        return dead_room_s

    def notices(self, room: RoomId, asked: str) -> list[tuple[str, bytes]]:
        """Write to each node that holds, or held, one of the room's sockets."""
        orders = self._orders()
        nodes = {node_of(name) for name in (*self.before.values(), *self.names.values())}
        raw = self.raw
        return [
            (node, pack(Notice(room, raw, tuple(orders.get(node, ())), asked))) for node in nodes
        ]

    @property
    def has_orders(self) -> bool:
        """Whether any socket is to be told something."""
        return bool(self._orders())

    def _orders(self) -> dict[str, list[Order]]:
        orders: defaultdict[str, list[Order]] = defaultdict(list)
        for effect in self.effects:
            order: Order
            match effect:
                case rules.Admit(role):
                    older = self.before.get(role)
                    if older is None or older == self.names[role]:
                        continue
                    order = (older, "close", int(CloseCode.REPLACED))
                case rules.Tell(to, message):
                    order = (self.names[to], "say", encode(message))
                case rules.Disconnect(to, code):
                    order = (self.names[to], "close", int(code))
                case rules.Refuse() | rules.Forget() | rules.Deliver():
                    continue
                case _:
                    assert_never(effect)
            orders[node_of(order[0])].append(order)
        return orders


def opened(create: Create, name: Name, now: float, limits: RoomLimits) -> Change:
    """Make the room that a socket asks for."""
    room, effects = rules.open_room(create, now, limits)
    assert room is not None
    names = {Role.G: name}
    return Change(Record(room, names), effects, {}, names, lambda: note_opened(room))


def stepped(
    record: Record,
    event: rules.RoomEvent,
    now: float,
    limits: RoomLimits,
    asker: tuple[Role, Name] | None = None,
) -> Change:
    """Apply an event to a room; ``asker`` is the socket that it admits, if it does."""
    room, effects = rules.step(record.room, event, now, limits)
    names = dict(record.names)
    if asker is not None and rules.Admit(asker[0]) in effects:
        names[asker[0]] = asker[1]
    stored: Stored = None
    if room is not None:
        stored = Record(room, {role: names[role] for role in room.here})
    for effect in effects:
        if isinstance(effect, rules.Forget):
            stored = effect.word

    def write_down() -> None:
        note(record.room, event, effects, now, limits)

    return Change(stored, effects, record.names, names, write_down)
