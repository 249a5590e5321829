"""What is fuzzed of the protocol: everything that a stranger's bytes reach before trust.

Long because it is a list of readers, each with what it is given.

Beside the parsers there are whole machines: the handshake, the sealed channel, the driver
and the relay's rules, which a script made of the input's bytes drives.
"""

import contextlib
import hashlib
import itertools
import json

from certrelay.bundle import Item
from certrelay.e2e import bodies, frame
from certrelay.e2e.channel import Delivery
from certrelay.e2e.handshake import Random, Scanned, ScanSecrets, Showing, ShowSecrets
from certrelay.e2e.hello import Hello, fit_name
from certrelay.e2e.manifest import Manifest
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import events
from certrelay.endpoint.opening import ScanOpening, ShowOpening
from certrelay.errors import CertRelayError
from certrelay.frozen import replace
from certrelay.limits import MAX_BUNDLE_BYTES, MAX_FILE_BYTES, MAX_ITEMS
from certrelay.strict_json import NotStrict, parse_object, write_object
from certrelay.testkit import malformed
from certrelay.testkit.hostile_pc import HostilePc
from certrelay.testkit.hostile_phone import HostilePhone
from certrelay.testkit.pair import ORIGIN, PC_HELLO, PHONE_HELLO
from certrelay.testkit.victim import Victim
from certrelay.wire import messages
from certrelay.wire import room as rules
from certrelay.wire.ids import JoinSecret, Role, RoomId, Token
from certrelay.wire.release import PHONE_POLICY
from tests.fuzz.mutating_text import mutated_text
from tests.fuzz.target import Target, ours


def fixed(seed: int) -> Random:
    """Random bytes that are no such thing: a search must find the same again."""
    numbers = itertools.count()

    def random(size: int) -> bytes:
        return hashlib.shake_256(f"{seed} {next(numbers)}".encode()).digest(size)

    return random


ITEM = Item.of("npki", {"signCert": bytes(range(256)) * 6, "signPri": bytes(1700)})
KEY, OTHER_KEY = bytes(range(32)), bytes(range(32, 64))


# --- parsers ---


def read_control_from_device(data: bytes) -> None:
    """A text for the relay: what is read is written back to what reads the same."""
    with ours():
        message = messages.decode_from_device(data.decode("utf-8", "surrogateescape"))
        assert messages.decode_from_device(messages.encode(message)) == message
        if isinstance(message, messages.Join):
            with ours():
                PHONE_POLICY.check(message.platform, message.app_version, message.os_version)


def read_control_from_relay(data: bytes) -> None:
    """A text for a device."""
    with ours():
        message = messages.decode_from_relay(data.decode("utf-8", "surrogateescape"))
        assert messages.decode_from_relay(messages.encode(message)) == message


def read_strict_json(data: bytes) -> None:
    """An object: no reader of JSON may see another one than we do."""
    with contextlib.suppress(NotStrict):
        fields = parse_object(data)
        assert json.loads(data) == fields
        assert parse_object(write_object(fields)) == fields


def read_qr(data: bytes) -> None:
    """A scanned text: a code has one spelling, and what is read is exactly that."""
    with ours():
        text = data.decode("utf-8", "replace")
        assert QrCode.from_url(text).url == text


def read_origin(data: bytes) -> None:
    """A relay's place: one spelling too."""
    with ours():
        text = data.decode("utf-8", "replace")
        origin = Origin.parse(text)
        assert origin.text == text
        assert origin.is_local or not origin.is_loopback


def read_hello(data: bytes) -> None:
    """A device's introduction; what is let in is shown to a person."""
    for with_token in (False, True):
        with ours():
            hello = Hello.from_bytes(data, with_token=with_token)
            # Who writes it cuts blanks at a name's ends, which a hostile device may keep.
            again = Hello.from_bytes(hello.to_bytes(), with_token=with_token)
            assert again == replace(hello, name=fit_name(hello.name))
            assert not set(hello.name) & set(map(chr, (*range(32), *range(127, 160), 0x202E)))


def read_manifest(data: bytes) -> None:
    """An OFFER: what is accepted is within every limit."""
    with ours():
        manifest = Manifest.parse(data)
        assert 1 <= len(manifest.items) <= MAX_ITEMS
        assert manifest.total <= MAX_BUNDLE_BYTES
        sizes = [file.size for item in manifest.items for file in item.files]
        assert all(1 <= size <= MAX_FILE_BYTES for size in sizes)
        assert Manifest.parse(manifest.to_bytes()) == manifest
        assert manifest.split(bytes(manifest.total)) is not None


def read_body(data: bytes) -> None:
    """A frame's body of the kind that the first byte says."""
    with ours():
        body = bodies.decode(data[0] if data else 0, data[1:])
        kind, raw = bodies.encode(body)
        assert bodies.decode(kind, raw) == body


def read_payload(data: bytes) -> None:
    """A padded payload: it can be padded in one way only."""
    kind = data[0] if data else 0
    payload = data[1:]
    for size in (len(payload), 1024, 16_640):
        with ours():
            padded = payload[:size].ljust(size, b"\0")
            assert frame.pad(kind, frame.unpad(kind, padded)) == padded


# --- machines ---


def receive_sealed(data: bytes) -> None:
    """The channel, from a relay without keys and from a peer with them."""
    delivery = Delivery(OTHER_KEY, KEY)
    delivery.send(bodies.Progress("typing"))
    delivery.take(0.0)
    at, seq = 0, 0
    while at < len(data):
        how, size = data[at], data[at + 1] * 8 if at + 1 < len(data) else 0
        piece = data[at + 2 : at + 2 + size]
        at += 2 + size
        match how % 5:
            case 0:
                message = piece
            case 1:
                message = bytes([0x10]) + piece.ljust(1057, b"\0")[:1057]
            case 2:
                message = frame.seal_ack(KEY, how, int.from_bytes(piece[:8], "big"))
            case 3:
                message = frame.seal_frame(KEY, seq, how, 0, piece[:1022])
                seq += 1
            case _:
                ack = int.from_bytes(piece[:1], "big")
                message = frame.seal_frame(
                    KEY, max(0, seq - 1), bodies.BodyKind.PROGRESS, ack, piece
                )
        before = repr(delivery)
        was_dead = delivery.is_dead
        code = ""
        try:
            delivery.receive(message, 0.0)
        except CertRelayError as error:
            code = error.code
        if code in ("bad_tag", "frame_length", "carrier_type", "bad_ack"):
            assert repr(delivery) == before, "a counter moved"
        assert code != "internal" or was_dead
        delivery.take(0.0)


def open_as_g(data: bytes) -> None:
    """m1 and m3 as G gets them: nothing but the right ones opens."""
    random = fixed(1)
    secrets = ShowSecrets.fresh(random)
    qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
    scanned = Scanned(
        ScanSecrets.fresh(random),
        qr,
        _hello_s(),
    )
    opening = ShowOpening(Showing(secrets, qr), PC_HELLO.to_bytes())
    right = data[:1] == b"\x01"
    with ours():
        if right:
            opening.receive(b"\x01" + scanned.m1)
        step = opening.receive(data[1:])
        assert step.keys is None
        assert step.hello is None or data[1:] == b"\x01" + scanned.m1


def open_as_s(data: bytes) -> None:
    """m2 as S gets it."""
    random = fixed(2)
    secrets = ShowSecrets.fresh(random)
    qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
    scanned = Scanned(ScanSecrets.fresh(random), qr, _hello_s())
    with ours():
        assert ScanOpening(scanned).receive(data).keys is None


def _hello_s() -> bytes:
    fields = (PHONE_HELLO.name, PHONE_HELLO.platform, PHONE_HELLO.app)
    versions = (PHONE_HELLO.app_version, PHONE_HELLO.os_version)
    return Hello(*fields, *versions, token_hash=Token(bytes(16)).hashed).to_bytes()


RELAY_SAYS = (
    '{"type":"created","expires_in_ms":1}',
    '{"type":"created","expires_in_ms":9007199254740991}',
    '{"type":"paired","expires_in_ms":1}',
    '{"type":"resumed","peer":"here","expires_in_ms":1}',
    '{"type":"resumed","peer":"gone","expires_in_ms":1}',
    '{"type":"peer_back"}',
    '{"type":"peer_gone"}',
    '{"type":"second_scan"}',
    *(f'{{"type":"closed","reason":"{reason}"}}' for reason in ("left", "grace", "over_budget")),
    *(
        f'{{"type":"error","code":"{code}"}}'
        for code in ("no_such_room", "peer_not_ready", "expired")
    ),
)


def drive(data: bytes) -> None:
    """A whole driver: the relay says anything at any time, the peer seals anything.

    The first byte chooses end and direction; then each pair of bytes is one thing that
    happens.  However it goes, it ends, and a sender is never told of a success.
    """
    if not data:
        return
    random = fixed(3)
    direction = Direction.TO_PC if data[0] & 1 else Direction.TO_PHONE
    scans = bool(data[0] & 2)
    items = [ITEM] if scans == (direction is Direction.TO_PC) else []
    if scans:
        pc = HostilePc(ORIGIN.text, direction, random)
        victim = Victim.phone(pc.url, random, items)
        (m1,) = victim.meet()
        (m3,) = victim.take(pc.answer(m1))
        victim.take(pc.finish(m3))
        channel = pc.channel
    else:
        victim = Victim.pc(direction, random, items)
        phone = HostilePhone(victim.url, random)
        victim.meet()
        (m2,) = victim.take(phone.m1)
        victim.take(phone.answer(m2))
        channel = phone.channel
    receipts = 0
    for at in range(1, min(len(data) - 1, 80), 2):
        what, detail = data[at] % 12, data[at + 1]
        match what:
            case 0:
                victim.tell(RELAY_SAYS[detail % len(RELAY_SAYS)])
            case 1:
                names = sorted(malformed.BODIES)
                victim.take(channel.frame(*malformed.BODIES[names[detail % len(names)]]))
            case 2:
                victim.take(channel.ack(detail % 4))
            case 3:
                victim.endpoint.connection_lost(victim.now)
            case 4:
                if victim.endpoint.wants_connection:
                    victim.endpoint.connected(victim.now)
            case 5:
                victim.wait(detail)
            case 6:
                victim.endpoint.enter_number(
                    channel.number if detail & 1 else f"{detail:06}", victim.now
                )
            case 7:
                manifest = Manifest.of([ITEM]).to_bytes()
                sayings: tuple[bodies.Body, ...] = (
                    bodies.Offer(manifest),
                    bodies.Chunk(0, b"".join(f.content for f in ITEM.files)),
                    bodies.End(hashlib.sha256(manifest).digest()),
                    bodies.Accept(),
                    bodies.Reject("too_large"),
                    bodies.Receipt((bodies.ItemResult("stored"),)),
                    bodies.Progress("saving"),
                    bodies.Close("done"),
                )
                receipts += detail % 8 == 5
                victim.take(channel.say(sayings[detail % 8]))
            case 8:
                victim.take(bytes([detail]) * (detail + 1))
            case 9:
                victim.take(channel.frame(detail, b"{}", seq=detail % 9, ack=detail % 5))
            case 10:
                stored = bodies.ItemResult("stored")
                if victim.heard_of(events.ItemsArrived):
                    victim.endpoint.stored([stored])
            case _:
                victim.endpoint.cancel(victim.now)
        victim.collect()
    victim.wait(5000)
    assert victim.ended is not None, "it never ends"
    assert victim.ended != "internal"
    assert victim.ended != "done" or receipts or not items


def step_room(data: bytes) -> None:
    """The relay's rules: any events in any order keep the room's promises."""
    limits = rules.RoomLimits(budget_bytes=3000, budget_messages=20)
    secret = JoinSecret(bytes(16))
    tokens = [Token(bytes([n]) * 16) for n in range(4)]
    create = messages.Create(secret.room, tokens[0].hashed, None)
    room, _ = rules.open_room(create, 0.0, limits)
    now = 0.0
    for at in range(0, min(len(data) - 1, 120), 2):
        if room is None:
            return
        what, detail = data[at] % 9, data[at + 1]
        role = Role.G if detail & 1 else Role.S
        token = tokens[detail >> 1 & 3]
        event: rules.RoomEvent
        match what:
            case 0:
                event = rules.Joined(token.hashed)
            case 1:
                event = rules.Recreated(token.hashed, tokens[detail >> 3 & 3].hashed)
            case 2:
                event = rules.Resumed(role, token)
            case 3:
                event = rules.Lost(role)
            case 4:
                event = rules.Carried(role, detail * 8)
            case 5:
                event = rules.Left(role)
            case 6:
                event = rules.Joined(token.hashed, messages.Refused("version_too_low"))
            case 7:
                event = rules.Suspended()
            case _:
                now += detail
                event = rules.Tick()
        seated = isinstance(event, rules.Carried | rules.Left) and role in room.here
        if isinstance(event, rules.Carried | rules.Left) and not seated:
            continue
        before, (room, effects) = room, rules.step(room, event, now, limits)
        _check_step(before, room, effects, event)


def _check_step(
    before: rules.Room,
    after: rules.Room | None,
    effects: tuple[rules.Effect, ...],
    event: rules.RoomEvent,
) -> None:
    forgotten = [effect for effect in effects if isinstance(effect, rules.Forget)]
    assert len(forgotten) == (after is None)
    refused = any(isinstance(effect, rules.Refuse) for effect in effects)
    admitted = any(isinstance(effect, rules.Admit) for effect in effects)
    assert not (refused and admitted)
    if after is not None:
        assert after.id == before.id
        assert after.ends_at >= before.ends_at or after.claimed
        assert after.g.token_hash == before.g.token_hash, "G's seat is never given away"
        if before.s is not None:
            assert after.s is not None
            assert after.s.token_hash == before.s.token_hash, "nor is S's"
    for effect in effects:
        if isinstance(effect, rules.Deliver):
            assert isinstance(event, rules.Carried)
            assert effect.to is not event.role


# --- seeds ---

_ROOM = RoomId(bytes(32))
_FROM_DEVICE = tuple(
    messages.encode(each).encode()
    for each in (
        messages.Create(_ROOM, Token(bytes(16)).hashed),
        messages.Create(_ROOM, Token(bytes(16)).hashed, Token(bytes(16)).hashed),
        messages.Join(JoinSecret(bytes(16)), Token(bytes(16)).hashed, "android", "G5.0", "14"),
        messages.Resume(_ROOM, Role.S, Token(bytes(16))),
        messages.Leave(),
    )
)
_FROM_RELAY = tuple(
    text.encode()
    for text in (
        *RELAY_SAYS,
        '{"type":"error","code":"version_too_low","found":"G4.9","needed":"G5.0","retry_in_ms":1}',
    )
)
_URLS = tuple(
    HostilePc(origin, direction, fixed(4)).url.encode()
    for origin in ("https://relay.example.com/", "http://192.168.0.7:8765/", "http://[::1]:1/a.b/")
    for direction in Direction
)
_BODIES = tuple(bytes([kind]) + body for kind, body in malformed.BODIES.values() if len(body) < 900)
_MANIFEST = Manifest.of([ITEM, ITEM]).to_bytes()

PROTOCOL = {
    "control_from_device": Target(read_control_from_device, _FROM_DEVICE, mutated_text),
    "control_from_relay": Target(read_control_from_relay, _FROM_RELAY, mutated_text),
    "strict_json": Target(read_strict_json, (*_FROM_RELAY, _MANIFEST), mutated_text),
    "qr": Target(read_qr, _URLS, mutated_text),
    "origin": Target(read_origin, tuple(url.partition(b"#")[0] for url in _URLS), mutated_text),
    "hello": Target(
        read_hello, (_hello_s(), PC_HELLO.to_bytes(), *malformed.HELLOS.values()), mutated_text
    ),
    "manifest": Target(
        read_manifest,
        (_MANIFEST, *(raw for raw, _ in malformed.MANIFESTS.values() if len(raw) < 2000)),
        mutated_text,
    ),
    "body": Target(read_body, (*_BODIES, b"\x01" + _MANIFEST), mutated_text),
    "payload": Target(read_payload, (b"\x08\0\2{}", b"\x04\0\5\0\0\0\0x"), mutated_text),
    "sealed": Target(
        receive_sealed,
        (b"\3\2" + bytes(16) + b"\2\1" + bytes(8), b"\1\4" + bytes(32), b"\x08\3" + b"{" * 24),
        mutated_text,
    ),
    "opening_g": Target(open_as_g, (b"\0\1" + bytes(592), b"\1\3" + bytes(48)), mutated_text),
    "opening_s": Target(open_as_s, (b"\2" + bytes(560), b"\x10" + bytes(1057)), mutated_text),
    "driver": Target(
        drive,
        (
            b"\1\7\0\7\1\7\2\12\0\7\7",  # a whole copy to the PC
            b"\0\6\1\7\3\7\5\7\7",  # a whole copy to the phone
            b"\3\6\1\7\3\7\5\0\6\3\0\4\0\0\3",
            b"\2\7\0\7\1\3\0\4\0\0\3\7\2",
        ),
        mutated_text,
    ),
    "room": Target(
        step_room, (b"\0\2\4\20\4\21\3\0\2\2\5\1", b"\0\2\0\4\3\1\1\1\10\75"), mutated_text
    ),
}
