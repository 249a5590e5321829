"""What must hold in every world, looked at after every step.

Long because it is a list of rules, looked at after every step.

* No certificate is stored twice or partly, in whatever moment the power goes.
* What a receipt says is stored lasts; a sender says "done" only after such a receipt, and
  "nothing was stored" only where that is so.
* No key and nonce ever seal two texts; a frame is repeated as the same bytes.
* There is never more than one acknowledgement for a frame, and none for another one.
* Three entries of the number and no more; one scanner for a room and no more; after a second
  scan that came before the number matched, no certificate moves.
* A forged message is the end of the session.
* After its end a driver does nothing more, whatever it is told.
* Every program ends in time, and nothing unexpected is ever raised.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from certrelay.bundle import Item
from certrelay.client.store.parts import PART_PREFIX
from certrelay.client.store.reading import FILE_NAMES
from certrelay.e2e import aead, frame, handshake
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.channel import Confirmed
from certrelay.e2e.frame import number_of
from certrelay.e2e.hello import Hello
from certrelay.e2e.qr import QrCode
from certrelay.endpoint import Endpoint, events
from certrelay.endpoint.code_display import CodeSource
from certrelay.endpoint.code_entry import CodeEntry
from certrelay.endpoint.driver import Phase
from certrelay.endpoint.sides import Side
from certrelay.limits import CODES_PER_ROOM, NUMBER_TRIES, SESSION_S, UNCLAIMED_S
from certrelay.wire import messages
from certrelay.wire.ids import LobbyDigits, Role, Share, Sid
from certrelay.wire.release import ReleasePolicy

if TYPE_CHECKING:
    from tests.simulation.devices import Device
    from tests.simulation.programs import Program
    from tests.simulation.world import World

MARGIN_S = 75.0
"""Beyond the unclaimed time and the session: connecting, closing, saying farewell."""


class Violation(AssertionError):
    """A rule does not hold in this world."""


class WatchedEndpoint(Endpoint):
    """The real driver; the rules see what goes in and out."""

    def __init__(
        self,
        side: Side,
        hello: Hello,
        policy: ReleasePolicy,
        rules: "Rules",
        device: "Device",
        codes: CodeSource | None = None,
    ) -> None:
        super().__init__(side, hello, policy, codes=codes)
        self._qr = None if codes is None else codes.qr
        self._codes_shown = 0
        self._may_answer = False
        """Whether a code was shown that has not answered yet."""

        self._is_paired = False
        self._rules = rules
        self.device = device
        self.is_mute = False
        """Whether it is over, and only tried once more."""

        self.acks_owed = 0
        self.frames: dict[bytes, bytes] = {}
        self.kept = 0
        """Items that this end's receipt calls stored or duplicate."""

        self.must_repeat: list[bytes] = []
        """What is to be given out next, for the other end may have missed it."""

        self.must_answer = False
        """Whether a frame has just been taken, or has come again."""

        self.numbers_typed = 0
        self.is_spoilt = False
        """Whether somebody else scanned before the number matched."""

    def take(self, now: float) -> list[events.Command | events.Event]:
        outputs = super().take(now)
        if self._stands and self._presence.both_here and self.phase is not Phase.ENDED:
            self._look_at([each.message for each in outputs if isinstance(each, events.SendBinary)])
        self.must_repeat = []
        self.must_answer = False
        for output in outputs if not self.is_mute else ():
            match output:
                case events.SendBinary(message):
                    self._rules.sends(self, message)
                case events.SendText(text):
                    self._rules.tell(self, "says", text)
                    if '"answer"' in text:
                        self._answers()
                case events.CodeShown(code):
                    self._shows(code)
                case events.CodeUnavailable() if self._is_paired:
                    raise Violation("codes are spoken of after the other device has come")
        return outputs

    def _shows(self, code: str) -> None:
        self._codes_shown += 1
        self._may_answer = True
        if self._codes_shown > CODES_PER_ROOM:
            raise Violation("more codes for a room than five")
        if self._is_paired or self._qr is None:
            raise Violation("a code is shown where none is wanted")
        self._rules.shown(code, self._qr)

    def _answers(self) -> None:
        if not self._may_answer:
            raise Violation("a secret answers twice")
        self._may_answer = False

    def _look_at(self, given: list[bytes]) -> None:
        if not all(sealed in given for sealed in self.must_repeat):
            raise Violation("not everything is repeated when the other end is there again")
        answers = (each for each in given if each[:1] == b"\x11" or self._is_new_frame(each))
        if self.must_answer and not any(answers):
            raise Violation("a frame is not answered")

    def _is_new_frame(self, message: bytes) -> bool:
        return message[:1] == b"\x10" and message[:9] not in self.frames

    def receive_text(self, text: str, now: float) -> None:
        message = messages.decode_from_relay(text)
        # Before the devices are paired, a gentle world's blows have not begun to count.
        is_code = isinstance(message, messages.Published | messages.Knock)
        self._hears("hears", text, counts=not is_code)
        self._is_paired |= isinstance(message, messages.Paired)
        if not self.is_mute and isinstance(message, messages.Paired):
            self._rules.paired(self)
        unacknowledged = self._channel.delivery._unacknowledged if self._channel else ()
        super().receive_text(text, now)
        if isinstance(message, messages.PeerBack) or _says_here(message):
            self.must_repeat = [sealed for sealed, _ in unacknowledged]

    def receive_binary(self, message: bytes, now: float) -> None:
        self._hears("gets", message)
        self.acks_owed += message[:1] in (b"\x10", b"\x03")
        must_end = self._rules.must_end(self, message)
        super().receive_binary(message, now)
        if message[:1] == b"\x10" and self._channel is not None and self._stands:
            delivery = self._channel.delivery
            self.must_answer = not delivery.is_dead and number_of(message) < delivery._expected
        if must_end and self.phase not in (Phase.CLOSING, Phase.ENDED):
            raise Violation("a forged message is passed over")

    def _hears(self, what: str, message: str | bytes, *, counts: bool = True) -> None:
        if not self.is_mute:
            self._rules.tell(self, what, message)
            if counts:
                self._rules.world.heard_a_message()

    def enter_number(self, typed: str, now: float) -> None:
        if self.phase is Phase.COMPARING:
            self.numbers_typed += 1
            if self.numbers_typed > NUMBER_TRIES:
                raise Violation("more entries of the number than three")
        super().enter_number(typed, now)

    def stored(self, results: Any) -> None:
        results = tuple(results)
        self._rules.receipt(self, results)
        super().stored(results)


class Rules:
    """The rules of one world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self._seals: dict[tuple[bytes, bytes], bytes] = {}
        self._calls_seen: dict[str, int] = {}
        self._receivers: dict[bytes, list[WatchedEndpoint]] = {}
        self._scanners: dict[tuple[bytes, int], WatchedEndpoint] = {}
        self._shown: dict[str, QrCode] = {}
        """What each code leads to that was ever shown."""

        self._entered: set[str] = set()
        """Those that have opened."""

    def tell(self, endpoint: WatchedEndpoint, what: str, message: str | bytes) -> None:
        """Write a message into the trace."""
        if self.world.traced:
            text = message if isinstance(message, str) else _short(message)
            self.world.tell(endpoint.device.who, what, text)

    # --- steps ---

    def heard(self, program: "Program", event: events.Event) -> None:
        """An event of the driver is on its way to the person."""
        world, device = self.world, program.device
        if world.traced:
            world.tell(device.who, "notice", str(event))
        match event:
            case events.ItemsArrived(items):
                offered = [item for item in items if item is not None]
                if not all(item in world.offered for item in offered):
                    raise Violation("bytes arrived that nobody sent")
                if len(offered) < len(items):
                    raise Violation("a digest differs though the channel is sealed")
            case events.NumberMatched() if device.who == "guest":
                raise Violation("a guest has typed the right number")
            case events.ScannedTwice():
                program.endpoint.is_spoilt |= not isinstance(program.endpoint._channel, Confirmed)
            case events.NumberMatched() | events.Moved() if program.endpoint.is_spoilt:
                raise Violation("it goes on after a second scan")
            case events.ReceiptArrived(results):
                world.confirmed_at = world.loop.time()
                self._check_receiver(device, results)

    def paired(self, endpoint: WatchedEndpoint) -> None:
        """The relay has told an end that the other one is there."""
        if endpoint.side.role is not Role.S:
            return
        # Where all rooms were forgotten, the same name may have been made anew.
        room = (endpoint.side.room.raw, len(self.world.hubs))
        if self._scanners.setdefault(room, endpoint) != endpoint:
            raise Violation("two scanners in one room")

    def must_end(self, endpoint: WatchedEndpoint, message: bytes) -> bool:
        """Tell whether this message must be the end: forged, and its turn."""
        if message not in self.world.mischief.forged:
            return False
        if endpoint.phase not in (Phase.COMPARING, Phase.MOVING) or endpoint._channel is None:
            return False
        expected = endpoint._channel.delivery._expected
        return message[:1] == b"\x11" or message[:9] == b"\x10" + expected.to_bytes(8, "big")

    def receipt(self, endpoint: WatchedEndpoint, results: tuple[ItemResult, ...]) -> None:
        """A receiver is about to say what became of the items."""
        arrived = getattr(endpoint._transfer, "items", ())
        self._receivers.setdefault(endpoint.side.room.raw, []).append(endpoint)
        for item, result in zip(arrived, results, strict=True):
            if result.is_kept:
                endpoint.kept += 1
                self._must_last(endpoint.device, item)

    def sends(self, endpoint: WatchedEndpoint, message: bytes) -> None:
        """A driver gives out a sealed message."""
        self.tell(endpoint, "sends", message)
        if message[:1] == b"\x11":
            endpoint.acks_owed -= 1
            if endpoint.acks_owed < 0:
                raise Violation("an acknowledgement of nothing")
        elif message[:1] == b"\x10" and endpoint.frames.setdefault(message[:9], message) != message:
            raise Violation("a frame was repeated as other bytes")

    def after_turn(self, program: "Program") -> None:
        """A program has done something."""
        device = program.device
        if device.disk.calls != self._calls_seen.get(device.who):
            self._calls_seen[device.who] = device.disk.calls
            self.check_store(device)

    # --- typed codes ---

    def shown(self, code: str, qr: QrCode) -> None:
        """The PC shows a typed code."""
        self._shown[code] = qr

    def typed(self, device: "Device", code: str, entry: CodeEntry) -> None:
        """Somebody has typed a code, and knows what came of it."""
        error = "opened" if entry.error is None else entry.error.code
        self.world.tell(device.who, "typed", f"{code}: {error}")
        if entry.qr is not None:
            if self._shown.get(code) != entry.qr:
                raise Violation("a code opens that was never shown, or leads elsewhere")
            if code in self._entered:
                raise Violation("a code opens twice")
            self._entered.add(code)
        elif error == "bad_message":
            raise Violation("the relay does not understand who types a code")
        elif self.world.plan.gentle and error == "code_unanswered":
            raise Violation("a gentle world, but nobody answers who types a code")
        elif self._is_undisturbed and code in self._shown:
            raise Violation(f"a gentle world, but the right code does not open: {error}")

    @property
    def _is_undisturbed(self) -> bool:
        return self.world.plan.gentle and self.world.plan.guest is None

    # --- stores ---

    def check_store(self, device: "Device") -> None:
        """Whatever stands in the store is whole, known, and there once."""
        found = [_content(path) for path in _certificates(device.root)]
        for content in found:
            if content not in self.world.known:
                raise Violation("a certificate is stored partly, or is not what was sent")
        if len(set(found)) < len(found):
            raise Violation("a certificate is stored twice")

    def _must_last(self, device: "Device", item: Item | None) -> None:
        assert item is not None
        wanted = fingerprint(item)
        for path in _certificates(device.root):
            if _content(path) == wanted:
                if not device.disk.lasts(path):
                    raise Violation("what is called stored would not outlast a loss of power")
                return
        raise Violation("what is called stored is not there")

    # --- ends ---

    def ended(self, program: "Program", ended: events.Ended) -> None:
        """A program is over."""
        device, world = program.device, self.world
        world.tell(device.who, "ended", str(ended))
        world.last_end_at = world.loop.time()
        world.ends[device.who] = "done" if ended.error is None else ended.error.code
        self._check_time(program)
        self._check_dead(program.endpoint)
        if ended.error is None and (device.who == "guest" or not ended.results):
            raise Violation("success without a receipt")
        if device.items and ended.error is None:
            for item in device.items:
                self._must_last(world.receiver, item)
        if device.items and ended.error is not None and ended.error.code in _NOTHING_STORED:
            for receiver in self._receivers.get(program.endpoint.side.room.raw, ()):
                if receiver.kept:
                    raise Violation(f"said {ended.error.code}, but it is stored")

    def _check_receiver(self, device: "Device", results: tuple[ItemResult, ...]) -> None:
        for item, result in zip(device.items, results, strict=True):
            if result.is_kept:
                self._must_last(self.world.receiver, item)

    def _check_time(self, program: "Program") -> None:
        took = self.world.loop.time() - program.began_at - self.world.frozen_s
        if took > UNCLAIMED_S + SESSION_S + MARGIN_S:
            raise Violation(f"a program has run for {took:.0f} s")

    def _check_dead(self, endpoint: WatchedEndpoint) -> None:
        if endpoint.phase is not Phase.ENDED:
            return  # it never got through to the relay
        now = self.world.loop.time() + 1000.0
        endpoint.is_mute = True
        for text in _LATE_TEXTS:
            endpoint.receive_text(text, now)
        for binary in (b"", b"\x01late", b"\x10late", b"\x11" + bytes(32)):
            endpoint.receive_binary(binary, now)
        endpoint.enter_number("000000", now)
        endpoint.show_code(now)
        endpoint.report_step("choosing")
        endpoint.cancel(now)
        endpoint.connection_lost(now)
        endpoint.tick(now)
        if endpoint.take(now) or endpoint.deadline() is not None or endpoint.wants_connection:
            raise Violation("a driver goes on after its end")

    # --- keys ---

    def seal(self, key: bytes, nonce: bytes, text: bytes) -> None:
        """Something is sealed."""
        digest = hashlib.sha256(text).digest()
        if self._seals.setdefault((key, nonce), digest) != digest:
            raise Violation("one key and nonce for two texts")


_NOTHING_STORED = frozenset({"declined", "rejected", "cancelled"})
_LATE_TEXTS = tuple(
    messages.encode(message)
    for message in (
        messages.Created(1),
        messages.Paired(1),
        messages.Resumed(peer_here=True, expires_in_ms=1),
        messages.PeerBack(),
        messages.PeerGone(),
        messages.SecondScan(),
        messages.Closed("left"),
        messages.Refused("no_such_room"),
        messages.Published(LobbyDigits("4821")),
        messages.Knock(Sid(bytes(16)), Share(bytes(31) + b"\x09")),
    )
)


@contextlib.contextmanager
def watched_keys(rules: Rules) -> Iterator[None]:
    """Let the rules see everything that is sealed."""

    def seal(key: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        rules.seal(key, nonce, associated + b"|" + plaintext)
        return aead.seal(key, nonce, plaintext, associated)

    with mock.patch.object(frame, "seal", seal), mock.patch.object(handshake, "seal", seal):
        yield


def _says_here(message: messages.FromRelay) -> bool:
    return isinstance(message, messages.Resumed) and message.peer_here


def fingerprint(item: Item) -> bytes:
    """What a stored item is known by."""
    if item.kind == "pkcs12":
        return hashlib.sha256(item.get("pkcs12") or b"").digest()
    return _digest({FILE_NAMES[file.role]: file.content for file in item.files})


def _certificates(root: Path) -> list[Path]:
    """Everything in a store that stands where certificates stand."""
    found = []
    for top in sorted(root.iterdir()) if root.is_dir() else ():
        if top.name.startswith(PART_PREFIX):
            continue
        if top.name == "PKCS12":
            found += sorted(top.iterdir())
        else:
            found += sorted(path for user in top.iterdir() for path in user.iterdir())
    return found


def _content(path: Path) -> bytes:
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).digest()
    return _digest({file.name: file.read_bytes() for file in path.iterdir()})


def _digest(files: dict[str, bytes]) -> bytes:
    whole = b"".join(
        name.encode() + b"\0" + hashlib.sha256(content).digest()
        for name, content in sorted(files.items())
    )
    return hashlib.sha256(whole).digest()


def _short(message: bytes) -> str:
    number = f" {int.from_bytes(message[1:9], 'big')}" if message[:1] in (b"\x10", b"\x11") else ""
    digest = hashlib.sha256(message).hexdigest()[:6]
    return f"{message[:1].hex()}{number} ({len(message)} bytes, {digest})"
