"""Others who talk to the relay without our programs: one knows a room's name, one the code."""

from random import Random
from typing import TYPE_CHECKING

from certrelay.e2e import derive
from certrelay.e2e.qr import QrCode
from certrelay.wire import messages
from certrelay.wire.ids import JoinSecret, LobbyDigits, Role, Share, Sid, Token, TokenHash

if TYPE_CHECKING:
    from tests.simulation.network import Message, Wire
    from tests.simulation.world import World


class Stranger:
    """Says what it likes, for a while, and does not listen.

    Args:
        world: Where.
        code: What it has seen of the QR code.
        knows_code: Whether it uses the code's secret, or only the room's name, as it
            stands in a relay's store.
    """

    def __init__(self, world: "World", code: QrCode, *, knows_code: bool) -> None:
        self._world = world
        self._draw = Random(f"stranger {world.plan.seed}")
        self._join = derive.join_secret(code.payload.seed)
        self._knows_code = knows_code
        self._left = self._draw.randint(1, 6)
        self._wire: Wire | None = world.dial_as("guest", self._forget)
        if self._wire is not None:
            self._say(self._first())

    def _first(self) -> "Message":
        draw, room = self._draw, self._join.room
        if self._knows_code:
            secret = self._join
            return messages.encode(messages.Join(secret, self._hash(), "android", "G6.2.0", "14"))
        role = draw.choice(tuple(Role))
        first: tuple[Message, ...] = (
            messages.encode(messages.Resume(room, role, Token(draw.randbytes(16)))),
            messages.encode(messages.Create(room, self._hash())),
            messages.encode(messages.Create(room, self._hash(), self._hash())),
            messages.encode(
                messages.Join(JoinSecret(draw.randbytes(16)), self._hash(), "web", "W1.0", "1")
            ),
            draw.randbytes(40),
        )
        if self._world.plan.typed is not None:
            codes = (messages.Publish(), self._enter())
            first += tuple(messages.encode(message) for message in codes)
        return draw.choice(first)

    def _enter(self) -> messages.Enter:
        """A share that makes the key known, at any lobby or the one that is shown."""
        digits = self._world.digits
        lobby = f"{self._draw.randrange(10**4):04}" if digits is None else digits.split()[0]
        return messages.Enter(LobbyDigits(lobby), Sid(bytes(16)), Share(bytes(32)))

    def _hash(self) -> TokenHash:
        return TokenHash(self._draw.randbytes(32))

    def _say(self, message: "Message") -> None:
        assert self._wire is not None
        self._world.tell("guest", "throws", message if isinstance(message, str) else "binary")
        self._wire.send_up(message)
        self._left -= 1
        self._world.loop.call_later(self._draw.random() * 4, self._go_on)

    def _go_on(self) -> None:
        assert self._wire is not None
        if self._left > 0:
            kind = self._draw.choice((b"\x01", b"\x03", b"\x10", b"\x11", b"\x77"))
            self._say(kind + self._draw.randbytes(self._draw.choice((32, 592, 1057))))
        elif self._knows_code and self._draw.random() < 0.3:
            self._wire.send_up(messages.encode(messages.Leave()))
            self._world.loop.call_later(5.0, self._wire.close_up)
        else:
            self._wire.close_up()

    def _forget(self) -> None:
        """What the relay answers is nothing to it."""
