"""A room's life: every rule of it, and nothing else.

Long because every rule of a room is here, beside the values that it takes and gives.

A room is a value.  :func:`open_room` makes one and :func:`step` takes it, one event and the
time, and gives back the next room (or ``None``: it is over) with the effects that the caller
carries out, in order.  There is no socket, clock or store here, so the same rules run over a
dict on one node, over Redis on many, and in a test over neither.  Nothing raises: a refusal
is an effect too, and leaves the room as it was.

::

    open_room ──▶ unclaimed ──Joined──▶ claimed ───────────────▶ over (word "used")
        │         (S never seen)          ▲  Left, 10 minutes,
        │             │                   │  grace, budget
        │             └─Left, 120 s,──────│────────────────────▶ over (word "expired")
        │               grace, Suspended  │
        └──with peer_token_hash───────────┘ (S in grace)

    each place:  here ──Lost──▶ in grace (60 s) ──Resumed, or asked again──▶ here

Source: docs/protocol.md §4 and §8.
"""

import math
from enum import StrEnum
from typing import assert_never

from certrelay import limits as defaults
from certrelay.frozen import frozen, replace
from certrelay.wire import messages
from certrelay.wire.close import AFTER_CLOSED, CloseCode
from certrelay.wire.ids import PROBE_HASH, Role, RoomId, Token, TokenHash

# --- the value ---


@frozen
class RoomLimits:
    """How long a room lives and how much it carries; a test or an operator may shorten it."""

    unclaimed_s: float = defaults.UNCLAIMED_S
    session_s: float = defaults.SESSION_S
    grace_s: float = defaults.GRACE_S
    unclaimed_grace_s: float = defaults.UNCLAIMED_GRACE_S
    join_retry_s: float = defaults.JOIN_RETRY_S
    message_bytes: int = defaults.MAX_MESSAGE_BYTES
    budget_bytes: int = defaults.ROOM_BUDGET_BYTES
    budget_messages: int = defaults.ROOM_BUDGET_MESSAGES


class DeadWord(StrEnum):
    """What the relay remembers of a room that is over."""

    USED = "already_used"
    """It was claimed."""

    EXPIRED = "expired"
    """It never was."""


@frozen
class Participant:
    """One end of a room."""

    token_hash: TokenHash

    away_until: float | None = None
    """The end of its grace, in seconds on `step`'s clock; ``None`` while it is here."""

    missed_scan: bool = False
    """Somebody else scanned while it was away: it is told when it comes back."""

    @property
    def here(self) -> bool:
        """Whether a socket speaks for this end."""
        return self.away_until is None


@frozen
class Room:
    """A room that stands."""

    id: RoomId
    g: Participant
    s: Participant | None
    """``None`` until somebody has joined: the room is unclaimed."""

    ends_at: float
    """Seconds on `step`'s clock: of the unclaimed time, or of the session."""

    carried_bytes: int = 0
    carried_messages: int = 0

    @property
    def claimed(self) -> bool:
        """Whether an S has joined, here or not."""
        return self.s is not None

    @property
    def is_probe(self) -> bool:
        """Whether nobody's certificate is copied here: see `certrelay.wire.ids.PROBE`."""
        return self.g.token_hash == PROBE_HASH

    @property
    def here(self) -> tuple[Role, ...]:
        """The ends that a socket speaks for, G first."""
        return tuple(role for role in Role if (place := self.place(role)) and place.here)

    @property
    def deadline(self) -> float:
        """When the room ends if nothing happens, in seconds on `step`'s clock."""
        deadline = self.ends_at  # without a generator: it is asked for each sealed message
        for place in (self.g, self.s):
            if place is not None and place.away_until is not None:
                deadline = min(deadline, place.away_until)
        return deadline

    @property
    def dead_word(self) -> DeadWord:
        """What a later scan of its QR code is told."""
        return DeadWord.USED if self.claimed else DeadWord.EXPIRED

    def place(self, role: Role) -> Participant | None:
        """One end; ``None`` is an S that was never seen."""
        return self.g if role is Role.G else self.s

    def with_place(self, role: Role, place: Participant) -> "Room":
        """The room with one end changed."""
        return replace(self, g=place) if role is Role.G else replace(self, s=place)


# --- events: what happened ---


@frozen
class Recreated:
    """A socket asks to create a room that stands."""

    token_hash: TokenHash
    peer_token_hash: TokenHash | None = None
    token: Token | None = None
    """Proof of having been here, if it was given; its hash is ``token_hash``."""


@frozen
class Joined:
    """A socket shows the right join secret."""

    token_hash: TokenHash
    policy: messages.Refused | None = None
    """What the operator's policy has against a newcomer; ``None`` admits it."""

    token: Token | None = None
    """As in `Recreated`."""


@frozen
class Resumed:
    """A socket says that it was in this room."""

    role: Role
    token: Token


@frozen
class Left:
    """A device ends the room."""

    role: Role


@frozen
class Lost:
    """A device's socket is gone."""

    role: Role


@frozen
class Carried:
    """A device sent a sealed message of ``size`` bytes."""

    role: Role
    size: int


@frozen
class Suspended:
    """The operator takes nobody new: a code that nobody has scanned ends, a pair goes on."""


@frozen
class Abandoned:
    """The relay needs the place of a room that nobody has claimed and whose G is away."""


@frozen
class Tick:
    """Time passed and nothing else did."""


RoomEvent = Recreated | Joined | Resumed | Left | Lost | Carried | Suspended | Abandoned | Tick


# --- effects: what the caller must do, in order ---


@frozen
class Admit:
    """The asking socket speaks for ``role``; an older one is closed as replaced."""

    role: Role


@frozen
class Refuse:
    """Answer the asking socket with an error, and close it unless the peer is not ready."""

    error: messages.Refused


@frozen
class Tell:
    """Send a control message to the socket of ``to``."""

    to: Role
    message: messages.FromRelay


@frozen
class Deliver:
    """Pass the sealed message on to ``to``, unread."""

    to: Role


@frozen
class Disconnect:
    """Close the socket of ``to``, after all that was sent to it."""

    to: Role
    code: CloseCode


@frozen
class Forget:
    """The room is over; keep this word for whoever scans its QR code now."""

    word: DeadWord


Effect = Admit | Refuse | Tell | Deliver | Disconnect | Forget
Step = tuple[Room | None, tuple[Effect, ...]]


# --- rules ---


def open_room(create: messages.Create, now: float, limits: RoomLimits) -> Step:
    """Make the room that ``create`` asks for; nobody holds its id.

    With a ``peer_token_hash`` it starts claimed, S in grace, its 10 minutes fresh.
    """
    peer = create.peer_token_hash
    s = None if peer is None else Participant(peer, now + limits.grace_s)
    ends_at = now + (limits.unclaimed_s if s is None else limits.session_s)
    room = Room(create.room, Participant(create.token_hash), s, ends_at)
    return room, (Admit(Role.G), Tell(Role.G, messages.Created(_left_ms(room, now), codes=True)))


def answer_absent(
    request: messages.Create | messages.Join | messages.Resume, word: DeadWord | None
) -> messages.Refused:
    """Say why there is no such room; ``word`` is what is remembered of it.

    The word is for those who know the QR code, and for G, whose room it was.
    """
    if word is None or isinstance(request, messages.Resume):
        return messages.Refused("no_such_room")
    return messages.Refused(word.value)


def step(room: Room, event: RoomEvent, now: float, limits: RoomLimits) -> Step:
    """Apply one event.

    Args:
        room: The room before it.
        event: What happened; of a role, on the socket that speaks for it.
        now: Seconds, on the clock that the room's times are read on.
        limits: The same for all of a room's life.

    Returns:
        The room after the event, ``None`` if it is over, and the effects in order.
    """
    if now >= room.deadline:
        _, effects = _end(room, reason_of_time(room))
        return None, effects + _answer_late(room, event)
    match event:
        case Recreated():
            return _recreated(room, event, now, limits)
        case Joined():
            return _joined(room, event, now, limits)
        case Resumed():
            return _resumed(room, event, now)
        case Left(role):
            others = tuple(other for other in room.here if other is not role)
            _, effects = _end(room, "left", others)
            return None, (Disconnect(role, CloseCode.NORMAL), *effects)
        case Lost(role):
            return _lost(room, role, now, limits)
        case Carried(role, size):
            return _carried(room, role, size, limits)
        case Suspended():
            return (room, ()) if room.claimed else _end(room, "suspended")
        case Abandoned():
            return (room, ()) if room.claimed or room.g.here else _end(room, "grace")
        case Tick():
            return room, ()
        case _:
            assert_never(event)


def carry(room: Room, size: int, now: float, limits: RoomLimits) -> Room | None:
    """Apply `Carried` where all that follows is `Deliver` to the other end.

    A copy is mostly this: it takes two calls in place of fifteen.

    Returns:
        The room after it, as `step` gives it; ``None`` where more follows, for `step` to say.
    """
    s = room.s
    if s is None or s.away_until is not None or room.g.away_until is not None:
        return None
    carried_bytes, carried_messages = room.carried_bytes + size, room.carried_messages + 1
    if (
        now >= room.ends_at
        or size > limits.message_bytes
        or carried_bytes > limits.budget_bytes
        or carried_messages > limits.budget_messages
    ):
        return None
    return Room(room.id, room.g, s, room.ends_at, carried_bytes, carried_messages)


def _recreated(room: Room, event: Recreated, now: float, limits: RoomLimits) -> Step:
    peer = event.peer_token_hash
    held_by_another = room.s is not None and peer is not None and room.s.token_hash != peer
    if not _is_of(room.g, event) or held_by_another:
        return room, (Refuse(messages.Refused("already_claimed")),)
    if room.s is None and peer is not None:
        # G knows its S from a relay that restarted since: the room is claimed as of now.
        room = replace(
            room, s=Participant(peer, now + limits.grace_s), ends_at=now + limits.session_s
        )
    room, missed = _back(room, Role.G)
    effects: tuple[Effect, ...] = (
        Admit(Role.G),
        Tell(Role.G, messages.Created(_left_ms(room, now), codes=True)),
    )
    if Role.S in room.here:
        paired = messages.Paired(_left_ms(room, now))
        effects += (Tell(Role.G, paired), Tell(Role.S, messages.PeerBack()))
    return room, effects + missed


def _joined(room: Room, event: Joined, now: float, limits: RoomLimits) -> Step:
    if room.s is not None and room.s.token_hash != event.token_hash:
        return _second_scan(room)
    if room.s is not None and not _is_of(room.s, event):
        # A recorded `join`, or a stale one of S's own: nobody is told and no grace starts anew.
        return room, (Refuse(messages.Refused("already_claimed")),)
    if room.s is None and event.policy is not None:
        return room, (Refuse(event.policy),)
    if not room.g.here:
        retry_in_ms = math.ceil(limits.join_retry_s * 1000)
        if room.s is not None and not room.s.here:
            # Nobody is seated, but who knocks is not lost: its grace starts anew.
            room = replace(room, s=replace(room.s, away_until=now + limits.grace_s))
        return room, (Refuse(messages.Refused("peer_not_ready", retry_in_ms=retry_in_ms)),)
    if room.s is None:
        room = replace(room, s=Participant(event.token_hash), ends_at=now + limits.session_s)
    room, missed = _back(room, Role.S)
    paired = messages.Paired(_left_ms(room, now))
    return room, (Admit(Role.S), Tell(Role.G, paired), Tell(Role.S, paired), *missed)


def _is_of(place: Participant, event: Recreated | Joined) -> bool:
    """Tell whether who asks is the end that has this place: only the token proves it."""
    return place.token_hash == event.token_hash and event.token is not None


def _second_scan(room: Room) -> Step:
    tells = tuple(Tell(role, messages.SecondScan()) for role in room.here)
    for role in Role:
        place = room.place(role)
        if place is not None and not place.here:
            room = room.with_place(role, replace(place, missed_scan=True))
    return room, (*tells, Refuse(messages.Refused("already_claimed")))


def _resumed(room: Room, event: Resumed, now: float) -> Step:
    place = room.place(event.role)
    if place is None or place.token_hash != event.token.hashed:
        return room, (Refuse(messages.Refused("no_such_room")),)
    room, missed = _back(room, event.role)
    peer_here = event.role.other in room.here
    told = Tell(event.role, messages.Resumed(peer_here, _left_ms(room, now)))
    peer_told = (Tell(event.role.other, messages.PeerBack()),) if peer_here else ()
    return room, (Admit(event.role), told, *peer_told, *missed)


def _lost(room: Room, role: Role, now: float, limits: RoomLimits) -> Step:
    place = room.place(role)
    if place is None or not place.here:
        return room, ()
    grace_s = limits.grace_s if room.claimed else limits.unclaimed_grace_s
    room = room.with_place(role, replace(place, away_until=now + grace_s))
    return room, tuple(Tell(other, messages.PeerGone()) for other in room.here)


def _carried(room: Room, role: Role, size: int, limits: RoomLimits) -> Step:
    if not room.claimed or size > limits.message_bytes:
        return room, (Refuse(messages.Refused("bad_message")),)
    carried = replace(
        room,
        carried_bytes=room.carried_bytes + size,
        carried_messages=room.carried_messages + 1,
    )
    if (
        carried.carried_bytes > limits.budget_bytes
        or carried.carried_messages > limits.budget_messages
    ):
        return _end(room, "over_budget")
    peer = room.place(role.other)
    # What finds the peer away is dropped, not stored: the ends repeat it.
    return carried, (Deliver(role.other),) if peer is not None and peer.here else ()


def _back(room: Room, role: Role) -> tuple[Room, tuple[Effect, ...]]:
    """Note that ``role`` is here, and what it must still hear."""
    place = room.place(role)
    assert place is not None
    missed = (Tell(role, messages.SecondScan()),) if place.missed_scan else ()
    return room.with_place(role, Participant(place.token_hash)), missed


def reason_of_time(room: Room) -> messages.ClosedReason:
    """Say which of a room's times is over first: why it ends if nothing happens."""
    if room.deadline < room.ends_at:
        return "grace"
    return "timeout" if room.claimed else "expired"


def _answer_late(room: Room, event: RoomEvent) -> tuple[Effect, ...]:
    """Answer who asks for a room whose time was over when it asked."""
    match event:
        case Recreated() | Joined():
            return (Refuse(messages.Refused(room.dead_word.value)),)
        case Resumed():
            return (Refuse(messages.Refused("no_such_room")),)
        case _:
            return ()


def _end(
    room: Room, reason: messages.ClosedReason, to: tuple[Role, ...] | None = None
) -> tuple[None, tuple[Effect, ...]]:
    effects: list[Effect] = []
    for role in room.here if to is None else to:
        effects.append(Tell(role, messages.Closed(reason)))
        effects.append(Disconnect(role, AFTER_CLOSED[reason]))
    return None, (*effects, Forget(room.dead_word))


def _left_ms(room: Room, now: float) -> int:
    return max(0, math.floor((room.ends_at - now) * 1000))
