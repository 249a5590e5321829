"""PC, phone and guest, with the people who hold them: who starts what, reads, types, gives up."""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from certrelay.bundle import Item
from certrelay.client.flow.dialogue import Ask, Dialogue
from certrelay.client.flow.receiving import Receiving
from certrelay.client.flow.sending import Sending
from certrelay.client.flow.session import CopySession, Handler, Names
from certrelay.client.store.store import Store
from certrelay.e2e.handshake import ScanSecrets, ShowSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import ScanSide, ShowSide, events
from certrelay.endpoint.code_display import CodeSource
from certrelay.frozen import replace
from certrelay.limits import QR_RENEWALS
from certrelay.wire.release import PC_POLICY, PHONE_POLICY
from client_pc.copy import RENEWED
from tests.simulation.disk import SimDisk, in_use
from tests.simulation.items import TODAY
from tests.simulation.plan import Person
from tests.simulation.programs import Program
from tests.simulation.rules import WatchedEndpoint
from tests.simulation.typed import Typing, guess, slip

if TYPE_CHECKING:
    from tests.simulation.world import World

ORIGIN = Origin.of("https", "relay.example", 443)
PC_HELLO = Hello("PC", "linux", "certrelay-pc", "P1.0", "6.1")
PHONE_HELLO = Hello("Phone", "android", "certrelay-phone", "G6.2.0", "14")


class Device:
    """A device and its person.

    Args:
        world: Where it stands.
        who: ``pc``, ``phone`` or ``guest``.
        items: What it sends; nothing if it receives.
        person: Who holds it.
    """

    def __init__(self, world: "World", who: str, items: tuple[Item, ...], person: Person) -> None:
        self.world = world
        self.who = who
        self.draw = Random(f"{who} {world.plan.seed}")
        self.items = items
        self.person = person
        self.tries_left = person.tries
        self.wrong_left = person.wrong_numbers
        folder: Path = world.folder / who
        folder.mkdir()
        self.disk = SimDisk(folder, Random(f"{who} disk {world.plan.seed}"))
        self.root = folder / "NPKI"
        self.program: Program | None = None
        self.typing: Typing | None = None
        self.offline_until = 0.0
        self.screen: str | None = None
        """The number that it shows."""

        self.has_succeeded = False

    @property
    def store(self) -> Store:
        """Where it stores what it receives."""
        return Store(self.root, self.disk)

    def handler(self) -> Handler:
        """Sending or receiving, as the programs do it."""
        if not self.items:
            return Receiving(self.store, yes=self.world.plan.yes, today=lambda: TODAY)
        return Sending(self._choose)

    def _choose(self) -> Dialogue[tuple[Item, ...]]:
        if self.who != "pc":  # the PC's person has chosen before the code was shown
            yield Ask("which")
        return self.items

    def clean(self) -> bool:
        """What a program does first when it starts; tell whether it has outlived it."""
        try:
            with in_use(self.disk):
                self.store.clean()
        except BaseException as error:
            self.world.threw(self, error)
            return False
        return True

    # --- the person ---

    def sees(self, program: Program, name: str, fields: Mapping[str, Any]) -> None:
        """Something stands on the screen."""
        match name:
            case "number":
                self.screen = fields["number"]
            case "number_wanted":
                self._later(program, lambda: self._type_number(program, 100))
            case "save_wanted":
                answer = "y" if self.person.says_yes else "n"
                self._later(program, lambda: program.keyboard.type(answer))
            case "ask" if fields["text"] == "which":
                self._later(program, lambda: program.keyboard.type("1"))
            case _:
                return

    def _type_number(self, program: Program, patience: int) -> None:
        shown = self.world.number_beside(self)
        if shown is None and patience:
            again = self._type_number
            self.world.loop.call_later(1.0, self._if_runs, program, again, program, patience - 1)
            return
        if shown is None or self.wrong_left:
            self.wrong_left -= bool(self.wrong_left)
            shown = f"{self.draw.randrange(10**6):06}"
        program.keyboard.type(f" {shown[:3]} {shown[3:]}")

    def _later(self, program: Program, act: Callable[[], None]) -> None:
        seconds = 0.01 + self.draw.random() * self.person.thinks_s
        self.world.loop.call_later(seconds, self._if_runs, program, act)

    def _if_runs(self, program: Program, act: Callable[..., None], *arguments: Any) -> None:
        if self.program is program and not program.is_over:
            act(*arguments)

    def over(self, ended: events.Ended) -> None:
        """The program has ended by itself."""
        self.program = None
        self.screen = None
        if ended.error is None:
            self.has_succeeded = True


class Pc(Device):
    """Shows the QR code, and fresh ones where the program does so by itself."""

    def start(self) -> None:
        """Start the program, if it does not run and there is still a reason to."""
        if self.program is not None or self.has_succeeded or not self.tries_left:
            return
        self.tries_left -= 1
        self._renewals = 0
        if self.clean():
            self._show()

    def _show(self) -> None:
        direction = Direction.TO_PHONE if self.items else Direction.TO_PC
        secrets = ShowSecrets.fresh(self.draw.randbytes)
        qr = QrCode(ORIGIN, secrets.payload(direction, lan=False))
        side = ShowSide(secrets, qr, PC_HELLO)
        endpoint = WatchedEndpoint(
            side,
            PC_HELLO,
            PHONE_POLICY,
            self.world.rules,
            self,
            None if self.world.plan.typed is None else CodeSource(qr, self.draw.randbytes),
        )
        handler = _Showing(self.handler(), qr, self.world)
        self.program = Program(self, endpoint, handler, Names("pc", "phone"), self._ended)

    def _ended(self, ended: events.Ended) -> None:
        self.world.hide()
        code = None if ended.error is None else ended.error.code
        self.over(ended)
        if code in RENEWED and self._renewals < QR_RENEWALS:
            self._renewals += 1
            self._show()
        elif ended.error is not None:
            self.world.loop.call_later(3.0, self.start)


class _Showing:
    """As `client_pc.showing`, without the drawing."""

    def __init__(self, handler: Handler, qr: QrCode, world: "World") -> None:
        self._handler = handler
        self._qr = qr
        self._world = world

    def on_event(self, event: events.Event, session: CopySession) -> None:
        match event:
            case events.RoomOpened():
                self._world.show(self._qr)
                if self._world.plan.typed is not None:
                    session.endpoint.show_code(session.now())
            case events.CodeShown(code):
                self._world.digits = code
            case events.CodeWithdrawn():
                self._world.digits = None
            case events.PeerIntroduced() | events.ScannedTwice():
                self._world.hide()
        self._handler.on_event(event, session)


class Phone(Device):
    """Scans the code on the PC's screen, or types the other one."""

    def __init__(self, world: "World", who: str, items: tuple[Item, ...], person: Person) -> None:
        super().__init__(world, who, items, person)
        typed = world.plan.typed
        self.typed_left = 0 if typed is None else typed.tries
        self.slips_left = 0 if typed is None else typed.slips

    def scan(self, qr: QrCode) -> None:
        """Scan a code, if there is still a reason to."""
        if self._is_busy or not self.tries_left:
            return
        self.tries_left -= 1
        if not self.items and not self.clean():
            return
        hello = PHONE_HELLO if self.who == "phone" else replace(PHONE_HELLO, name="Guest")
        side = ScanSide(ScanSecrets.fresh(self.draw.randbytes), qr, hello)
        endpoint = WatchedEndpoint(side, hello, PC_POLICY, self.world.rules, self)
        self.program = Program(self, endpoint, self.handler(), Names("phone", "pc"), self._ended)

    def scan_later(self, seconds: float) -> None:
        """Look at the PC's screen after a while, and scan what is there."""
        self.world.loop.call_later(seconds, self._scan_what_is_there)

    @property
    def _is_busy(self) -> bool:
        return self.program is not None or self.typing is not None or self.has_succeeded

    def _scan_what_is_there(self, patience: int = 15) -> None:
        world = self.world
        if world.code is None or self._is_busy:
            return
        if not self.typed_left:
            self.scan(world.code)
        elif world.digits is not None:
            self.typed_left -= 1
            self.type(world.digits, self._typed)
        elif patience:  # a fresh one is on its way, or none will come any more
            world.loop.call_later(1.0, self._scan_what_is_there, patience - 1)
        else:
            self.scan(world.code)

    def type(self, digits: str, then: Callable[[QrCode | None], None]) -> None:
        """Type a code, perhaps with a slip of the finger."""
        if self.slips_left:
            self.slips_left -= 1
            digits = slip(digits, self.draw)
        self.typing = Typing(self, digits, then)

    def guess(self, times: int) -> None:
        """Type the right lobby with any secret, so many times."""
        if self.world.digits is not None and self.typing is None:
            self.typing = Typing(self, guess(self.world.digits, self.draw), lambda _qr: None)
            times -= 1
        if times and self.world.loop.time() < 300.0:  # a fresh code may be on its way
            self.world.loop.call_later(4.0 * self.draw.random(), self.guess, times)

    def _typed(self, qr: QrCode | None) -> None:
        if qr is not None:
            self.scan(qr)
        else:
            self.scan_later(3.0)

    def _ended(self, ended: events.Ended) -> None:
        self.over(ended)
        if ended.error is not None:
            self.scan_later(3.0)
