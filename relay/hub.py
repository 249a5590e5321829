"""The home of the rooms, as the sockets see it.

There are several homes behind one interface: memory on one node, Redis on many.  The rules
are in `certrelay.wire.room`; a home keeps the values, carries out the effects and watches the
time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from certrelay.errors import ReleaseRefused
from certrelay.frozen import frozen
from certrelay.wire import room as rules
from certrelay.wire.close import AFTER_ERROR, CloseCode
from certrelay.wire.ids import PROBE, PROBE_HASH, Role, RoomId
from certrelay.wire.messages import (
    Closed,
    Create,
    Enter,
    ErrorCode,
    Join,
    KnockAnswer,
    PeerGone,
    Refused,
    Resume,
    encode,
)
from certrelay.wire.release import ReleasePolicy, Version
from certrelay.wire.room import DeadWord, Joined, Recreated, Resumed, RoomEvent
from relay import journal
from relay.outbox import Outbox, Pending
from relay.store_figures import StoreFigures

Request = Create | Join | Resume


@frozen
class Seat:
    """The end of a room that a socket speaks for."""

    room: RoomId
    role: Role

    @classmethod
    def of(cls, request: Request) -> "Seat":
        """The seat that a request asks for."""
        match request:
            case Create(room):
                return cls(room, Role.G)
            case Join(join):
                return cls(join.room, Role.S)
            case Resume(room, role):
                return cls(room, role)


def _nothing() -> None:
    """Do nothing."""


@dataclass(slots=True, eq=False)
class Line:
    """One socket, as the hub sees it: where to write, and whom it speaks for."""

    outbox: Outbox
    address: str
    """Whose allowance it uses: see `relay.admission`."""

    seat: Seat | None = None
    """Set by the hub when the socket is admitted to a room."""

    is_closed: bool = False
    """Whether the relay has ended the talk: nothing that is said after that counts."""

    has_entered: bool = False
    """Whether it has entered a typed code: a socket does so once."""

    is_waiting: bool = False
    """Whether it waits for the answer to a typed code."""

    renew: Callable[[], None] = _nothing
    """Called when that answer is on its way: the socket has its time to join, as a new one."""

    is_probe: bool = False
    """Whether a probe speaks, and no person's device."""

    def refuse(self, error: Refused) -> None:
        """Send an error, and close unless it is one that may be tried again."""
        room = None if self.seat is None else self.seat.room
        if _is_examined(error):
            journal.write_detail("examined", room, code=error.code)
        elif self.is_probe:
            journal.write_probed("refused", room, code=error.code)
        else:
            journal.write("refused", room, code=error.code)
        self.outbox.put(encode(error))
        if error.code in AFTER_ERROR:
            self.is_closed = True
            self.outbox.put_close(AFTER_ERROR[error.code])

    def close(self, code: CloseCode) -> None:
        """Close the socket after all that was put before."""
        self.seat = None
        self.is_closed = True
        self.outbox.put_close(code)


def _is_examined(error: Refused) -> bool:
    """Whether a refusal is an answer for `certrelay doctor`, and no old app of a person.

    It asks with release 0, which no app has, to be told which one is needed.
    """
    return error.found is not None and not any(error.found.numbers)


def is_probe(request: Request) -> bool:
    """Whether a request is a probe's: see `certrelay.wire.ids.PROBE`."""
    if isinstance(request, Resume):
        return request.token == PROBE
    return request.token_hash == PROBE_HASH


def event_of(request: Request, policy: ReleasePolicy, closed: Refused | None) -> RoomEvent:
    """Say what a request is to a room that stands; ``closed`` as in `Home`."""
    match request:
        case Create(_, token_hash, peer_token_hash, token):
            return Recreated(token_hash, peer_token_hash, token)
        case Join(_, token_hash):
            return Joined(token_hash, closed or _verdict(request, policy), request.token)
        case Resume(_, role, token):
            return Resumed(role, token)


def refusal_of_absent(
    request: Request, word: DeadWord | None, closed: Refused | None
) -> Refused | None:
    """Say what a request for a room that does not stand is refused with.

    Args:
        request: What is asked.
        word: What is remembered of the room.
        closed: As in `Home`.

    Returns:
        ``None`` if it is a `create` that may open the room.
    """
    if closed is not None and not isinstance(request, Resume):
        return closed
    if word is None and isinstance(request, Create):
        return None
    return rules.answer_absent(request, word)


def _verdict(join: Join, policy: ReleasePolicy) -> Refused | None:
    try:
        policy.check(join.platform, join.app_version, join.os_version)
    except ReleaseRefused as refused:
        found, needed = (refused.details.get(name) for name in ("found", "needed"))
        return Refused(
            cast(ErrorCode, refused.code),
            None if found is None else Version.parse(str(found)),
            None if needed is None else Version.parse(str(needed)),
        )
    return None


class Hub(Protocol):
    """A home of rooms.  Nothing here raises: a refusal goes to the line that asked.

    Each call gives ``None`` if it is done, else a future: until that is done the line says
    nothing more.
    """

    closed: Refused | None
    """What newcomers are refused with while the operator takes none; ``None`` admits them."""

    def ask(self, line: Line, request: Request) -> Pending:
        """Let a socket create, join or resume.

        Args:
            line: The socket; if it has a seat, it is the one that ``request`` asks for.
            request: What it asks.
        """

    def carry(self, line: Line, sealed: bytes) -> Pending:
        """Pass a sealed message on from a seated socket; done when the receiver has room."""

    def leave(self, line: Line) -> Pending:
        """End the room of a seated socket."""

    def publish(self, line: Line) -> Pending:
        """Give G's socket the lobby of a typed code, if one is to be had."""

    def enter(self, line: Line, message: Enter) -> Pending:
        """Let a socket without a seat knock at the lobby that its person has typed."""

    def answer(self, line: Line, message: KnockAnswer) -> Pending:
        """Pass on what G answers to a knock."""

    def lost(self, line: Line) -> Pending:
        """Note that a socket is gone; without a seat nothing happens."""


class Home(Hub, Protocol):
    """A hub as its server sees it."""

    policy: ReleasePolicy
    """Asked at each `join`; may be exchanged while the relay runs."""

    @property
    def unready(self) -> str:
        """Why nobody new can come in, in one word; empty if somebody can."""

    @property
    def store_figures(self) -> StoreFigures | None:
        """What was counted of the way to the store; ``None`` without one."""

    def use_store(self, url: str) -> None:
        """Go to the store by another address; without one there is nothing to do.

        Raises:
            ValueError: If it is none.
        """

    async def start(self) -> None:
        """Begin; before the first `ask`."""

    async def stop(self) -> None:
        """End, after all sockets have."""

    async def end_waiting(self) -> None:
        """End the rooms of this node that nobody has claimed: ``suspended``."""

    def rooms(self) -> list[rules.Room]:
        """The rooms that stand; each is counted by one node."""

    def is_paired(self, line: Line) -> bool:
        """Whether a socket speaks in a room that is claimed."""


# --- what a home writes down ---


def note_opened(room: rules.Room) -> None:
    """Note a room that was made."""
    _writer(room)("opened", room.id, claimed=room.claimed)


def _writer(room: rules.Room) -> Callable[..., None]:
    """What a room's events are written by: a probe's count as nobody's."""
    return journal.write_probed if room.is_probe else journal.write


def note_carried(room: rules.Room, event: rules.Carried) -> None:
    """Note a sealed message."""
    journal.write_detail("carried", room.id, role=event.role, bytes=event.size)


def note(
    room: rules.Room,
    event: RoomEvent,
    effects: tuple[rules.Effect, ...],
    now: float,
    limits: rules.RoomLimits,
) -> None:
    """Note a step: the room before it, what happened, and what came of it.

    The seconds are those since the room was opened, or since it was claimed.
    """
    happened = type(event).__name__.lower()
    write = _writer(room)
    if isinstance(event, rules.Carried):
        note_carried(room, event)
    lifetime_s = limits.session_s if room.claimed else limits.unclaimed_s
    seconds = round(max(0.0, now - room.ends_at + lifetime_s), 3)
    for effect in effects:
        match effect:
            case rules.Admit(role):
                first = happened == "joined" and not room.claimed
                write("paired" if first else happened, room.id, role=role, seconds=seconds)
            case rules.Tell(to, PeerGone()):
                write("lost", room.id, role=to.other)
            case rules.Forget(word):
                sizes = {"bytes": room.carried_bytes, "messages": room.carried_messages}
                late = now >= room.deadline  # then nobody may be there to be told
                ended = rules.reason_of_time(room) if late else _reason(effects) or happened
                write("over", room.id, by=ended, word=word, seconds=seconds, **sizes)


def _reason(effects: tuple[rules.Effect, ...]) -> str:
    """The reason that the ends are told, if any is there to hear it."""
    for effect in effects:
        if isinstance(effect, rules.Tell) and isinstance(effect.message, Closed):
            return effect.message.reason
    return ""
