"""One honest driver, face to face with whoever plays the relay and the other end.

    victim = Victim.pc(Direction.TO_PC, os.urandom)
    phone = HostilePhone(victim.url, os.urandom)
    victim.meet()                          the relay says that they are paired
    m2 = victim.take(phone.m1)[0]
    ...

What the driver tells its own person is in `heard`; what it would send is what `take` and
`wait` give.
"""

from collections.abc import Sequence
from typing import Final

from certrelay.bundle import Item
from certrelay.e2e.handshake import Random, ScanSecrets, ShowSecrets
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ScanSide, ShowSide, events
from certrelay.testkit.pair import ORIGIN, PC_HELLO, PHONE_HELLO
from certrelay.wire.ids import Role
from certrelay.wire.messages import Created, FromRelay, Paired, encode
from certrelay.wire.release import PC_POLICY, PHONE_POLICY


class Victim:
    """An honest driver whose every message is in the tester's hands."""

    def __init__(self, endpoint: Endpoint, url: str) -> None:
        self.endpoint: Final = endpoint
        self.url: Final = url
        self.now = 0.0
        self.heard: Final[list[events.Event]] = []
        self.said: Final[list[str]] = []
        """What it told the relay."""

        self.hung_up = False
        """Whether it gave up its connection."""

    @classmethod
    def pc(cls, direction: Direction, random: Random, items: Sequence[Item] = ()) -> "Victim":
        """An honest PC with a fresh code; it sends ``items`` if it is to send."""
        secrets = ShowSecrets.fresh(random)
        qr = QrCode(ORIGIN, secrets.payload(direction, lan=False))
        endpoint = Endpoint(ShowSide(secrets, qr, PC_HELLO), PC_HELLO, PHONE_POLICY)
        if items:
            endpoint.offer(items)
        return cls(endpoint, qr.url)

    @classmethod
    def phone(cls, url: str, random: Random, items: Sequence[Item] = ()) -> "Victim":
        """An honest phone that scanned ``url``; it sends ``items`` if it is to send."""
        qr = QrCode.from_url(url)
        endpoint = Endpoint(
            ScanSide(ScanSecrets.fresh(random), qr, PHONE_HELLO), PHONE_HELLO, PC_POLICY
        )
        if items:
            endpoint.offer(items)
        return cls(endpoint, url)

    def meet(self) -> list[bytes]:
        """Connect, let the relay create (for G) and pair; give what it sends by itself."""
        self.endpoint.connected(self.now)
        sent = self._collect()
        if self.endpoint.side.role is Role.G:
            sent += self.tell(Created(120_000))
        return sent + self.tell(Paired(600_000))

    def tell(self, message: FromRelay | str) -> list[bytes]:
        """Let the relay say something, also what it must not."""
        text = message if isinstance(message, str) else encode(message)
        self.endpoint.receive_text(text, self.now)
        return self._collect()

    def take(self, *messages: bytes) -> list[bytes]:
        """Deliver sealed messages; give the sealed messages that answer them."""
        sent = []
        for message in messages:
            self.endpoint.receive_binary(message, self.now)
            sent += self._collect()
        return sent

    def wait(self, seconds: float) -> list[bytes]:
        """Let time pass, timer by timer."""
        until, sent = self.now + seconds, []
        while (at := self.endpoint.deadline()) is not None and at <= until:
            self.now = max(self.now, at)
            self.endpoint.tick(self.now)
            sent += self._collect()
        self.now = until
        return sent

    def collect(self) -> list[bytes]:
        """Give what it sends after its person did something."""
        return self._collect()

    @property
    def ended(self) -> str | None:
        """The word that it ended with; "done" for success, ``None`` while it goes on."""
        last = self.heard[-1:]
        if not last or not isinstance(last[0], events.Ended):
            return None
        return "done" if last[0].error is None else last[0].error.code

    def heard_of(self, kind: type[events.Event]) -> bool:
        """Tell whether its person was told something of that kind."""
        return any(isinstance(event, kind) for event in self.heard)

    def _collect(self) -> list[bytes]:
        sent = []
        for output in self.endpoint.take(self.now):
            match output:
                case events.SendBinary(message):
                    sent.append(message)
                case events.SendText(text):
                    self.said.append(text)
                case events.HangUp():
                    self.hung_up = True
                case _:
                    self.heard.append(output)
        return sent
