"""The home of the rooms, as the sockets see it.

There are several homes behind one interface: memory on one node, Redis on many.  The rules
are in `certrelay.wire.room`; a home keeps the values, carries out the effects and watches the
time.
"""

from dataclasses import dataclass
from typing import Protocol, cast

from certrelay.errors import ReleaseRefused
from certrelay.wire.close import AFTER_ERROR, CloseCode
from certrelay.wire.ids import Role, RoomId
from certrelay.wire.messages import Create, ErrorCode, Join, Refused, Resume, encode
from certrelay.wire.release import ReleasePolicy, Version
from certrelay.wire.room import Event, Joined, Recreated, Resumed
from relay import journal
from relay.outbox import Outbox

Request = Create | Join | Resume


@dataclass(frozen=True, slots=True)
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


@dataclass(slots=True, eq=False)
class Line:
    """One socket, as the hub sees it: where to write, and whom it speaks for."""

    outbox: Outbox
    address: str
    """Whose allowance it uses: see `relay.admission`."""

    seat: Seat | None = None
    """Set by the hub when the socket is admitted to a room."""

    def refuse(self, error: Refused) -> None:
        """Send an error, and close unless it is one that may be tried again."""
        room = None if self.seat is None else self.seat.room
        journal.write("refused", room, code=error.code)
        self.outbox.put(encode(error))
        if error.code in AFTER_ERROR:
            self.outbox.put_close(AFTER_ERROR[error.code])

    def close(self, code: CloseCode) -> None:
        """Close the socket after all that was put before."""
        self.seat = None
        self.outbox.put_close(code)


def event_of(request: Request, policy: ReleasePolicy) -> Event:
    """Say what a request is to a room that stands."""
    match request:
        case Create(_, token_hash, peer_token_hash):
            return Recreated(token_hash, peer_token_hash)
        case Join(_, token_hash):
            return Joined(token_hash, _verdict(request, policy))
        case Resume(_, role, token):
            return Resumed(role, token)


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
    """A home of rooms.  Nothing here raises: a refusal goes to the line that asked."""

    async def ask(self, line: Line, request: Request) -> None:
        """Let a socket create, join or resume.

        Args:
            line: The socket; if it has a seat, it is the one that ``request`` asks for.
            request: What it asks.
        """

    async def carry(self, line: Line, sealed: bytes) -> None:
        """Pass a sealed message on from a seated socket, waiting for a slow receiver."""

    async def leave(self, line: Line) -> None:
        """End the room of a seated socket."""

    async def lost(self, line: Line) -> None:
        """Note that a socket is gone; without a seat nothing happens."""
