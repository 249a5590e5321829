"""Two drivers and the relay's rules in one process, with a clock that is moved by hand.

Long because two ends and the rules between them share one clock.

    pair = Pair.of(Direction.TO_PC, [item], random=os.urandom)
    pair.run()
    pair.ended(Role.S)                      # how it ended on the phone

The drivers and the rules are the real ones; only sockets and people are played.  A
`certrelay.testkit.tampering` trick may stand in the relay's place, and a person's part can
be exchanged.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, assert_never

from certrelay.bundle import Item
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.handshake import Random, ScanSecrets, ShowSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ScanSide, ShowSide, events
from certrelay.errors import StateError
from certrelay.testkit.tampering import Tampering
from certrelay.wire import room as rules
from certrelay.wire.ids import Role, RoomId
from certrelay.wire.messages import (
    Create,
    Enter,
    Join,
    KnockAnswer,
    Leave,
    Publish,
    Resume,
    decode_from_device,
    encode,
)
from certrelay.wire.release import PC_POLICY, PHONE_POLICY

ORIGIN: Final = Origin.parse("https://relay.example.com/")
PC_HELLO: Final = Hello("PC", "linux", "certrelay-pc", "P1.0", "6.1")
PHONE_HELLO: Final = Hello("Phone", "android", "test-phone", "G5.0", "14")

_MANY: Final = 100_000
"""Messages after which a run is held to be endless."""

Person = Callable[["Pair", Role, events.Event], None]
"""What a person does when the screen changes."""


class Pair:
    """G and S, a relay, and the people in front of them.

    Args:
        g: The driver that shows the code.
        s: The driver that scans it.
        tampering: What the relay does; honest without.
        person: What the people do; `helpful` without.
    """

    def __init__(
        self,
        g: Endpoint,
        s: Endpoint,
        tampering: Tampering | None = None,
        person: Person | None = None,
    ) -> None:
        self.now = 0.0
        self.ends: Final = {Role.G: g, Role.S: s}
        self.heard: Final[dict[Role, list[events.Event]]] = {Role.G: [], Role.S: []}
        self.number: str | None = None
        """The number that the receiver shows, once it does."""

        self.tampering: Tampering = tampering or Tampering()
        self._person: Final = person or helpful
        self._limits: Final = rules.RoomLimits()
        self._room: rules.Room | None = None
        self._dead: dict[RoomId, rules.DeadWord] = {}
        self._connected: set[Role] = set()
        self._queue: deque[Callable[[], None]] = deque()
        self._connect_at: dict[Role, float] = {Role.G: 0.0}

    @classmethod
    def of(
        cls,
        direction: Direction,
        items: Sequence[Item],
        *,
        random: Random,
        tampering: Tampering | None = None,
        person: Person | None = None,
    ) -> "Pair":
        """Make both ends of a fresh code; the sender has ``items`` ready."""
        secrets = ShowSecrets.fresh(random)
        qr = QrCode(ORIGIN, secrets.payload(direction, lan=False))
        g = Endpoint(ShowSide(secrets, qr, PC_HELLO), PC_HELLO, PHONE_POLICY)
        scan = ScanSide(ScanSecrets.fresh(random), qr, PHONE_HELLO)
        s = Endpoint(scan, PHONE_HELLO, PC_POLICY)
        (s if direction is Direction.TO_PC else g).offer(items)
        return cls(g, s, tampering, person)

    def run(self, seconds: float = 1000.0) -> "Pair":
        """Go on until both have ended, or for so many seconds of the pair's own clock."""
        until = self.now + seconds
        for _ in range(_MANY):
            self._turn()
            if self._queue:
                self._queue.popleft()()
                continue
            waits = [at for at in (*self._due(), *self._connect_at.values()) if at <= until]
            if not waits:
                self.now = until
                return self
            self.now = max(self.now, min(waits))
            for end in self.ends.values():
                end.tick(self.now)
            if self._room is not None and self.now >= self._room.deadline:
                self._step(rules.Tick(), None)
        raise StateError("the pair never comes to rest")

    def ended(self, role: Role) -> events.Ended | None:
        """How it ended on one side; ``None`` while it goes on."""
        last = self.heard[role][-1:]
        return last[0] if last and isinstance(last[0], events.Ended) else None

    def code(self, role: Role) -> str | None:
        """The word of the error that one side ended with; "done" for success."""
        end = self.ended(role)
        if end is None:
            return None
        return "done" if end.error is None else end.error.code

    def cut(self, role: Role) -> None:
        """Take one side's connection away; it comes back a second later."""
        if role in self._connected:
            self._connected.discard(role)
            if self._room is not None:
                self._step(rules.Lost(role), None)
            self.ends[role].connection_lost(self.now)
            self._connect_at[role] = self.now + 1.0

    def restart_relay(self) -> None:
        """Let the relay forget everything, and both connections be lost."""
        self._room = None
        self._dead.clear()
        for role in Role:
            self.cut(role)

    # --- the ends ---

    def _due(self) -> list[float]:
        times = [end.deadline() for end in self.ends.values()]
        if self._room is not None:
            times.append(self._room.deadline)
        return [at for at in times if at is not None]

    def _turn(self) -> None:
        """Connect who is to connect, and carry out what the drivers want."""
        for role, at in list(self._connect_at.items()):
            if at <= self.now:
                del self._connect_at[role]
                if self.ends[role].wants_connection:
                    self._connected.add(role)
                    self.ends[role].connected(self.now)
        # One end's person may make the other end's driver speak.
        while any(self._take(role) for role in self.ends):
            pass

    def _take(self, role: Role) -> bool:
        outputs = self.ends[role].take(self.now)
        for output in outputs:
            self._carry_out(role, output)
        return bool(outputs)

    def _carry_out(self, role: Role, output: events.Command | events.Event) -> None:
        match output:
            case events.SendText(text):
                if role in self._connected:
                    for each in self.tampering.asked(role, text):
                        self._queue.append(partial(self._ask, role, each))
            case events.SendBinary(message):
                if role in self._connected:
                    self._carry(role, message)
            case events.HangUp():
                self.cut(role)
            case _:
                self.heard[role].append(output)
                if isinstance(output, events.RoomOpened):
                    self._connect_at[Role.S] = self.now
                self._person(self, role, output)

    def _deliver(self, to: Role, message: str | bytes) -> None:
        def arrive() -> None:
            if to not in self._connected:
                return
            if isinstance(message, str):
                self.ends[to].receive_text(message, self.now)
            else:
                self.ends[to].receive_binary(message, self.now)

        self._queue.append(arrive)

    # --- the relay ---

    def _ask(self, role: Role, text: str) -> None:
        request = decode_from_device(text)
        assert not isinstance(request, Publish | Enter | KnockAnswer), "this relay offers no codes"
        if isinstance(request, Leave):
            self._step(rules.Left(role), role)
        elif self._room is not None:
            self._step(_event_of(request), role)
        elif isinstance(request, Create) and request.room not in self._dead:
            self._room, effects = rules.open_room(request, self.now, self._limits)
            self._do(effects, role)
        else:
            room = request.join.room if isinstance(request, Join) else request.room
            refused = rules.answer_absent(request, self._dead.get(room))
            self._tell(role, encode(refused))

    def _carry(self, sender: Role, message: bytes) -> None:
        for to, each in self.tampering.sealed(sender, message):
            if to is sender.other:
                carried = rules.Carried(sender, len(each))
                self._queue.append(partial(self._step, carried, sender, each))
            else:
                self._deliver(to, each)

    def _step(self, event: rules.RoomEvent, asker: Role | None, sealed: bytes = b"") -> None:
        if self._room is None:
            return
        before = self._room
        self._room, effects = rules.step(before, event, self.now, self._limits)
        self._do(effects, asker, sealed, before.id)

    def _do(
        self,
        effects: Sequence[rules.Effect],
        asker: Role | None,
        sealed: bytes = b"",
        room: RoomId | None = None,
    ) -> None:
        for effect in effects:
            match effect:
                case rules.Admit():
                    pass
                case rules.Refuse(error):
                    assert asker is not None
                    self._tell(asker, encode(error))
                case rules.Tell(to, message):
                    self._tell(to, encode(message))
                case rules.Deliver(to):
                    self._deliver(to, sealed)
                case rules.Disconnect(to):
                    self._queue.append(partial(self._hang_up, to))
                case rules.Forget(word):
                    assert room is not None
                    self._dead[room] = word
                case _:
                    assert_never(effect)

    def _tell(self, to: Role, text: str) -> None:
        for each in self.tampering.told(to, text):
            self._deliver(to, each)

    def _hang_up(self, role: Role) -> None:
        self._connected.discard(role)
        self.ends[role].connection_lost(self.now)


def helpful(pair: Pair, role: Role, event: events.Event) -> None:
    """People who do what they are asked: type the right number, save what arrives."""
    end = pair.ends[role]
    match event:
        case events.NumberShown(number):
            pair.number = number
            _type(pair, role.other)
        case events.NumberWanted():
            _type(pair, role)
        case events.ItemsArrived(items):
            end.saving()
            end.stored([_kept(item) for item in items])


def _type(pair: Pair, sender: Role) -> None:
    asked = any(isinstance(each, events.NumberWanted) for each in pair.heard[sender])
    if asked and pair.number is not None:
        pair.ends[sender].enter_number(pair.number, pair.now)


def _kept(item: Item | None) -> ItemResult:
    return ItemResult("rejected", "bad_digest") if item is None else ItemResult("stored")


def _event_of(request: Create | Join | Resume) -> rules.RoomEvent:
    match request:
        case Create(_, token_hash, peer_token_hash, token):
            return rules.Recreated(token_hash, peer_token_hash, token)
        case Join(_, token_hash):
            return rules.Joined(token_hash, token=request.token)
        case Resume(_, role, token):
            return rules.Resumed(role, token)
