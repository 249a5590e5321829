"""The talk between a device and the relay: every text message there is.

Long because each message stands with how it is written and read.

A text message is one JSON object of at most ``MAX_CONTROL_BYTES``, its name in ``type``;
byte strings travel as lower-case hex; unknown keys are passed over.  Sealed messages are
binary and are no business of this module.

Source: docs/protocol.md §4.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar, assert_never, get_args

from certrelay.errors import ProtocolError
from certrelay.frozen import frozen
from certrelay.limits import MAX_CONTROL_BYTES, MAX_VERSION_TEXT
from certrelay.strict_json import NotStrict, parse_object, write_object
from certrelay.wire.ids import (
    JoinSecret,
    LobbyDigits,
    Role,
    RoomId,
    SealedPayload,
    Share,
    Sid,
    Token,
    TokenHash,
)
from certrelay.wire.release import Version, VersionUnreadable

SUBPROTOCOL = "certrelay.v1"
"""The WebSocket subprotocol that every connection must ask for."""

SOCKET_PATH = "v1/ws"
"""The path of the relay's socket, after the origin's path."""

NO_PAGE = ("certrelay-page", "none")
"""The header, of the upgrade's answer too, by which a relay says that it has no page for phones."""

_T = TypeVar("_T")

ClosedReason = Literal["left", "expired", "grace", "timeout", "over_budget", "suspended"]
ErrorCode = Literal[
    "bad_message",
    "unsupported_protocol",
    "no_such_room",
    "no_such_code",
    "already_claimed",
    "peer_not_ready",
    "expired",
    "already_used",
    "version_too_low",
    "version_blocked",
    "version_unreadable",
    "platform_mismatch",
    "os_too_low",
    "over_budget",
    "rate_limited",
    "suspended",
    "not_admitted",
    "try_later",
]


@frozen
class Create:
    """G to relay: open this room, which ``token_hash`` may resume.

    With ``peer_token_hash`` the room starts claimed, S in grace: after a restart.  The first
    one that an end sends has no ``token``, each later one has it: proof that it is the same end.
    """

    room: RoomId
    token_hash: TokenHash
    peer_token_hash: TokenHash | None = None
    token: Token | None = None


@frozen
class Join:
    """S to relay: I scanned this room's QR code.  Versions are unread text here.

    ``token`` as in `Create`.
    """

    join: JoinSecret
    token_hash: TokenHash
    platform: str
    app_version: str
    os_version: str
    token: Token | None = None


@frozen
class Resume:
    """Either to relay: I was in this room."""

    room: RoomId
    role: Role
    token: Token


@frozen
class Leave:
    """Either to relay: end the room."""


@frozen
class Publish:
    """G to relay: give me a lobby for a typed code."""


@frozen
class Enter:
    """S to relay: somebody has typed a code of this lobby."""

    lobby: LobbyDigits
    sid: Sid
    share: Share


@frozen
class KnockAnswer:
    """G to relay, which passes it on to the S of the last knock as it is."""

    share: Share
    sealed: SealedPayload


@frozen
class Created:
    """Relay to G: the room stands, for so many milliseconds.

    With ``codes`` this relay takes `Publish`.
    """

    expires_in_ms: int
    codes: bool = False


@frozen
class Published:
    """Relay to G: this lobby is yours; ``None``: no code is to be had now."""

    lobby: LobbyDigits | None


@frozen
class Knock:
    """Relay to G: somebody has typed a code of your lobby, as `Enter` has it."""

    sid: Sid
    share: Share


@frozen
class Paired:
    """Relay to both, G first: the other device is here."""

    expires_in_ms: int


@frozen
class Resumed:
    """Relay to the one who resumed."""

    peer_here: bool
    expires_in_ms: int


@frozen
class PeerBack:
    """Relay to a device: the other one has resumed."""


@frozen
class PeerGone:
    """Relay to a device: the other one's connection is lost; its grace runs."""


@frozen
class SecondScan:
    """Relay to both: somebody else scanned the same QR code."""


@frozen
class Closed:
    """Relay to a device, last: why the room ended."""

    reason: ClosedReason


@frozen
class Refused:
    """Relay to a device: ``error``.  All but ``peer_not_ready`` are the last message."""

    code: ErrorCode
    found: Version | None = None
    needed: Version | None = None
    retry_in_ms: int | None = None


FromDevice = Create | Join | Resume | Leave | Publish | Enter | KnockAnswer
FromRelay = (
    Created
    | Paired
    | Resumed
    | PeerBack
    | PeerGone
    | SecondScan
    | Closed
    | Refused
    | Published
    | Knock
    | KnockAnswer
)


def encode(message: FromDevice | FromRelay) -> str:
    """Write a control message as JSON without blanks."""
    if isinstance(message, FromDevice):
        return write_object(_said_by_device(message))
    return write_object(_said_by_relay(message))


def _said_by_device(message: FromDevice) -> dict[str, Any]:
    fields: dict[str, Any]
    match message:
        case Create(room, token_hash, peer, token):
            fields = {"type": "create", "room": room.hex, "token_hash": token_hash.hex}
            if token is not None:
                fields["token"] = token.hex
            if peer is not None:
                fields["peer_token_hash"] = peer.hex
        case Join(join, token_hash, platform, app_version, os_version, token):
            fields = {
                "type": "join",
                "join": join.hex,
                "token_hash": token_hash.hex,
                "platform": platform,
                "app_version": app_version,
                "os_version": os_version,
            }
            if token is not None:
                fields["token"] = token.hex
        case Resume(room, role, token):
            fields = {"type": "resume", "room": room.hex, "role": str(role), "token": token.hex}
        case Leave():
            fields = {"type": "leave"}
        case Publish():
            fields = {"type": "publish"}
        case Enter(lobby, sid, share):
            fields = {"type": "enter", "lobby": lobby.text, "sid": sid.hex, "share": share.hex}
        case KnockAnswer(share, sealed):
            fields = {"type": "answer", "share": share.hex, "sealed": sealed.hex}
        case _:
            assert_never(message)
    return fields


def _said_by_relay(message: FromRelay) -> dict[str, Any]:
    fields: dict[str, Any]
    match message:
        case Created(expires_in_ms, codes):
            fields = {"type": "created", "expires_in_ms": expires_in_ms}
            if codes:
                fields["codes"] = True
        case Published(given):
            fields = {"type": "published"}
            if given is not None:
                fields["lobby"] = given.text
        case Knock(sid, share):
            fields = {"type": "knock", "sid": sid.hex, "share": share.hex}
        case Paired(expires_in_ms):
            fields = {"type": "paired", "expires_in_ms": expires_in_ms}
        case Resumed(peer_here, expires_in_ms):
            peer_word = "here" if peer_here else "gone"
            fields = {"type": "resumed", "peer": peer_word, "expires_in_ms": expires_in_ms}
        case PeerBack():
            fields = {"type": "peer_back"}
        case PeerGone():
            fields = {"type": "peer_gone"}
        case SecondScan():
            fields = {"type": "second_scan"}
        case Closed(reason):
            fields = {"type": "closed", "reason": reason}
        case Refused(code, found, needed, retry_in_ms):
            fields = {"type": "error", "code": code}
            if found is not None:
                fields["found"] = str(found)
            if needed is not None:
                fields["needed"] = str(needed)
            if retry_in_ms is not None:
                fields["retry_in_ms"] = retry_in_ms
        case KnockAnswer():
            fields = _said_by_device(message)
        case _:
            assert_never(message)
    return fields


def decode_from_device(text: str) -> FromDevice:
    """Read what a device says to the relay.

    Raises:
        ProtocolError: ``bad_message``, for anything that is not one of `FromDevice`.
    """
    fields = _Fields(text)
    match fields.word("type"):
        case "create":
            token_hash = TokenHash.from_hex(fields.text("token_hash"))
            peer = fields.optional("peer_token_hash", fields.text)
            return Create(
                RoomId.from_hex(fields.text("room")),
                token_hash,
                None if peer is None else TokenHash.from_hex(peer),
                fields.token(token_hash),
            )
        case "join":
            token_hash = TokenHash.from_hex(fields.text("token_hash"))
            return Join(
                JoinSecret.from_hex(fields.text("join")),
                token_hash,
                fields.text("platform", MAX_VERSION_TEXT),
                fields.text("app_version", MAX_VERSION_TEXT),
                fields.text("os_version", MAX_VERSION_TEXT),
                fields.token(token_hash),
            )
        case "resume":
            role = fields.one_of("role", tuple(Role))
            room = RoomId.from_hex(fields.text("room"))
            return Resume(room, Role(role), Token.from_hex(fields.text("token")))
        case "leave":
            return Leave()
        case "publish":
            return Publish()
        case "enter":
            return Enter(fields.lobby("lobby"), *fields.knock())
        case "answer":
            return fields.answer()
        case _:
            raise ProtocolError("bad_message")


def decode_from_relay(text: str) -> FromRelay:
    """Read what the relay says to a device.

    Raises:
        ProtocolError: ``bad_message``, for anything that is not one of `FromRelay`,
            a reason or code that is not ours, or a version outside the grammar.
    """
    fields = _Fields(text)
    match fields.word("type"):
        case "created":
            codes = fields.optional("codes", fields.boolean)
            return Created(fields.number("expires_in_ms"), codes or False)
        case "paired":
            return Paired(fields.number("expires_in_ms"))
        case "resumed":
            peer = fields.one_of("peer", ("here", "gone"))
            return Resumed(peer == "here", fields.number("expires_in_ms"))
        case "published":
            return Published(fields.optional("lobby", fields.lobby))
        case "knock":
            return Knock(*fields.knock())
        case "answer":
            return fields.answer()
        case "peer_back":
            return PeerBack()
        case "peer_gone":
            return PeerGone()
        case "second_scan":
            return SecondScan()
        case "closed":
            return Closed(fields.one_of("reason", get_args(ClosedReason)))
        case "error":
            return Refused(
                fields.one_of("code", get_args(ErrorCode)),
                fields.optional("found", fields.version),
                fields.optional("needed", fields.version),
                fields.optional("retry_in_ms", fields.number),
            )
        case _:
            raise ProtocolError("bad_message")


class _Fields:
    """The fields of one message; each reader refuses a missing or mistyped one."""

    def __init__(self, text: str) -> None:
        try:
            # Characters before bytes: a huge text is refused without encoding it.
            if len(text) > MAX_CONTROL_BYTES or len(text.encode()) > MAX_CONTROL_BYTES:
                raise ProtocolError("bad_message")
            self._fields = parse_object(text)
        except (NotStrict, UnicodeEncodeError):
            raise ProtocolError("bad_message") from None

    def has(self, key: str) -> bool:
        return key in self._fields

    def text(self, key: str, max_characters: int | None = None) -> str:
        value = self._fields.get(key)
        if not isinstance(value, str) or len(value) > (max_characters or len(value)):
            raise ProtocolError("bad_message")
        return value

    def word(self, key: str) -> str:
        return self.text(key, max_characters=32)

    def number(self, key: str) -> int:
        value = self._fields.get(key)
        if type(value) is not int:
            raise ProtocolError("bad_message")
        return value

    def boolean(self, key: str) -> bool:
        value = self._fields.get(key)
        if type(value) is not bool:
            raise ProtocolError("bad_message")
        return value

    def lobby(self, key: str) -> LobbyDigits:
        return LobbyDigits(self.word(key))

    def knock(self) -> tuple[Sid, Share]:
        return Sid.from_hex(self.text("sid")), Share.from_hex(self.text("share"))

    def answer(self) -> KnockAnswer:
        share = Share.from_hex(self.text("share"))
        return KnockAnswer(share, SealedPayload.from_hex(self.text("sealed")))

    def one_of(self, key: str, words: tuple[Any, ...]) -> Any:
        value = self.word(key)
        if value not in words:
            raise ProtocolError("bad_message")
        return value

    def version(self, key: str) -> Version:
        try:
            return Version.parse(self.word(key))
        except VersionUnreadable:
            raise ProtocolError("bad_message") from None

    def token(self, token_hash: TokenHash) -> Token | None:
        """The token, which must be the one of the hash beside it: that is told without a room."""
        text = self.optional("token", self.text)
        token = None if text is None else Token.from_hex(text)
        if token is not None and token.hashed != token_hash:
            raise ProtocolError("bad_message")
        return token

    def optional(self, key: str, read: Callable[[str], _T]) -> _T | None:
        return read(key) if self.has(key) else None
