"""What the nodes keep and send through their common store: rooms, notices, sealed letters.

A record is one room with the sockets that speak for its ends; it lies under one key, so that
it is read and changed at once, on a cluster too.  A notice tells the other nodes what became
of a room and what to say to their sockets.  A letter is a sealed message on its way.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal

from certrelay.frozen import frozen, replace
from certrelay.wire.ids import LobbyDigits, Role, RoomId, Share, Sid, TokenHash
from certrelay.wire.messages import KnockAnswer, decode_from_device
from certrelay.wire.messages import encode as encode_control
from certrelay.wire.room import DeadWord, Participant, Room

VERSION: Final = 1
"""Of the form below.  A relay that finds another one does not touch the room."""

Name = str
"""A socket's name among all nodes: ``<node>:<number>``, never used twice."""


def node_of(name: Name) -> str:
    """The node that holds a socket."""
    return name.partition(":")[0]


class RecordUnreadable(ValueError):
    """What lies in the store was not written by a relay of this version."""


@frozen
class Record:
    """A room that stands, and who speaks for its ends."""

    room: Room
    names: Mapping[Role, Name]
    """Of the ends that are here."""

    def counted(self, carried_bytes: int, carried_messages: int) -> "Record":
        """The record with what a node has counted, where that is more than it knows."""
        room = replace(
            self.room,
            carried_bytes=max(self.room.carried_bytes, carried_bytes),
            carried_messages=max(self.room.carried_messages, carried_messages),
        )
        return Record(room, self.names)


Stored = Record | DeadWord | None
"""What lies under a room's key; ``None``: nothing."""


def encode(stored: Stored) -> bytes:
    """Write what lies under a room's key; nothing is empty.

    The same value always gives the same bytes: whether a room has changed is told by them.
    """
    match stored:
        case None:
            return b""
        case DeadWord():
            fields: dict[str, Any] = {"v": VERSION, "over": stored.value}
        case Record(room, names):
            fields = {
                "v": VERSION,
                "g": _place(room.g),
                "s": None if room.s is None else _place(room.s),
                "ends_at": room.ends_at,
                "carried": [room.carried_bytes, room.carried_messages],
                "names": {role.value: names[role] for role in Role if role in names},
            }
    return json.dumps(fields, separators=(",", ":")).encode()


def decode(room: RoomId, raw: bytes) -> Stored:
    """Read what lies under a room's key.

    Raises:
        RecordUnreadable: If a relay of this version did not write it.
    """
    if not raw:
        return None
    try:
        fields = json.loads(raw)
        if fields["v"] != VERSION:
            raise RecordUnreadable("another version")
        if "over" in fields:
            return DeadWord(fields["over"])
        places = (fields["g"], fields["s"])
        g, s = (None if place is None else _read_place(place) for place in places)
        if g is None:
            raise RecordUnreadable("no G")
        names = {Role(role): str(name) for role, name in fields["names"].items()}
        return Record(
            Room(room, g, s, float(fields["ends_at"]), *map(int, fields["carried"])), names
        )
    except Exception as error:
        raise RecordUnreadable(type(error).__name__) from None


def _place(place: Participant) -> list[Any]:
    return [place.token_hash.hex, place.away_until, place.missed_scan]


def _read_place(fields: list[Any]) -> Participant:
    token_hash, away_until, missed_scan = fields
    return Participant(
        TokenHash(bytes.fromhex(token_hash)),
        None if away_until is None else float(away_until),
        bool(missed_scan),
    )


# --- what the nodes send each other ---

Order = tuple[Name, Literal["say", "close"], str | int]
"""For one socket: a control message to send, or the code to close it with."""


@frozen
class Notice:
    """What became of a room: for every node that holds, or held, a socket of it."""

    room: RoomId
    record: bytes
    """What lies under its key now, as `encode` writes it."""

    orders: tuple[Order, ...] = ()
    """What to do to the node's sockets, in order."""

    asked: str = ""
    """Which request brought it about, for the node that waits to see it done."""


@frozen
class Letter:
    """A sealed message for a socket of the node that it is sent to."""

    room: RoomId
    name: Name
    sealed: bytes


@frozen
class KnockLetter:
    """A knock for a G of the node that it is sent to."""

    name: Name
    waiter: Name
    digits: LobbyDigits
    sid: Sid
    share: Share


@frozen
class ReplyLetter:
    """What an S of the node that it is sent to is told: an answer, or that there is none."""

    name: Name
    answer: KnockAnswer | None


_ROOM_END: Final = 1 + RoomId.SIZE
_NUMBER_END: Final = _ROOM_END + 8


Message = Notice | Letter | KnockLetter | ReplyLetter


def pack(message: Message) -> bytes:
    """Write a message to a node."""
    match message:
        case KnockLetter(name, waiter, digits, sid, share):
            return _json(
                {
                    "knock": digits.text,
                    "name": name,
                    "waiter": waiter,
                    "sid": sid.hex,
                    "share": share.hex,
                }
            )
        case ReplyLetter(name, answer):
            return _json(
                {"reply": None if answer is None else encode_control(answer), "name": name}
            )
        case Letter(room, name, sealed):
            number = int(name.partition(":")[2])
            return b"\x00" + room.raw + number.to_bytes(8) + sealed
        case Notice(room, record, orders, asked):
            fields = {"room": room.hex, "record": record.decode(), "do": orders, "asked": asked}
            return _json(fields)


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def unpack(node: str, raw: bytes) -> Message:
    """Read a message that was sent to ``node``.

    Raises:
        RecordUnreadable: If no relay of this version sent it.
    """
    try:
        if raw[:1] == b"\x00":
            number = int.from_bytes(raw[_ROOM_END:_NUMBER_END])
            return Letter(RoomId(raw[1:_ROOM_END]), f"{node}:{number}", raw[_NUMBER_END:])
        fields = json.loads(raw)
        if "knock" in fields:
            return KnockLetter(
                str(fields["name"]),
                str(fields["waiter"]),
                LobbyDigits(fields["knock"]),
                Sid.from_hex(fields["sid"]),
                Share.from_hex(fields["share"]),
            )
        if "reply" in fields:
            answer = fields["reply"] and decode_from_device(fields["reply"])
            return ReplyLetter(
                str(fields["name"]), answer if isinstance(answer, KnockAnswer) else None
            )
        orders = tuple((name, what, value) for name, what, value in fields["do"])
        room = RoomId(bytes.fromhex(fields["room"]))
        return Notice(room, fields["record"].encode(), orders, fields["asked"])
    except Exception as error:
        raise RecordUnreadable(type(error).__name__) from None
