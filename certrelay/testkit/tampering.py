"""What a hostile relay can do to what it carries, one class for each trick.

A trick sees every message and says what becomes of it.  The same trick works between two
drivers in one process (`certrelay.testkit.pair`) and between real programs
(`certrelay.testkit.hostile_relay`), so that an app maker can try it on an app.

A sealed message is binary, talk with the relay is text; see docs/protocol.md §4.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from certrelay.wire.ids import Role

Sent = tuple[Role, bytes]
"""A sealed message and who gets it."""


class Tampering:
    """The honest carrier; a trick overrides what it does wrongly."""

    def sealed(self, sender: Role, message: bytes) -> Iterable[Sent]:
        """Carry a sealed message: what is delivered instead, and to whom."""
        yield sender.other, message

    def asked(self, sender: Role, text: str) -> Iterable[str]:
        """Pass on what a device says to the relay."""
        del sender
        yield text

    def told(self, receiver: Role, text: str) -> Iterable[str | bytes]:
        """Pass on what the relay says to a device; a sealed message may be slipped in."""
        del receiver
        yield text


class Recording(Tampering):
    """Honest, and remembers everything: what a relay can ever know."""

    def __init__(self) -> None:
        self.passed: list[tuple[Role, str | bytes]] = []
        """Each message with the device that sent it, or that heard it from the relay."""

    def sealed(self, sender: Role, message: bytes) -> Iterable[Sent]:
        """Remember it and carry it."""
        self.passed.append((sender, message))
        yield sender.other, message

    def asked(self, sender: Role, text: str) -> Iterator[str]:
        """Remember it and pass it on."""
        self.passed.append((sender, text))
        yield text

    def told(self, receiver: Role, text: str) -> Iterator[str | bytes]:
        """Remember it and pass it on."""
        self.passed.append((receiver, text))
        yield text

    def of(self, sender: Role) -> list[bytes]:
        """The sealed messages of one device, in order."""
        return [m for role, m in self.passed if role is sender and isinstance(m, bytes)]


class Altering(Tampering):
    """Change the messages of one kind on their way, every time they pass.

    Args:
        carrier: The first byte of the messages meant: 1, 2, 3, 0x10 or 0x11.
        change: Gives the changed message.
    """

    def __init__(self, carrier: int, change: Callable[[bytes], bytes]) -> None:
        self._carrier: Final = carrier
        self._change: Final = change

    def sealed(self, sender: Role, message: bytes) -> Iterator[Sent]:
        """Change it if it is meant."""
        meant = message[:1] == bytes([self._carrier])
        yield sender.other, self._change(message) if meant else message


def flip(position: int, mask: int = 1) -> Callable[[bytes], bytes]:
    """A change of one byte: bits of ``mask`` at ``position``."""

    def change(message: bytes) -> bytes:
        changed = bytearray(message)
        changed[position % len(message)] ^= mask
        return bytes(changed)

    return change


class Drop(Tampering):
    """Lose the messages of one sender from a number on, or only that one.

    Args:
        sender: Whose.
        first: The number of the first one lost, from 0.
        count: How many; ``None`` for all that follow.
    """

    def __init__(self, sender: Role, first: int, count: int | None = None) -> None:
        self._sender: Final = sender
        self._lost: Final = range(first, 1 << 62 if count is None else first + count)
        self._seen = 0

    def sealed(self, sender: Role, message: bytes) -> Iterator[Sent]:
        """Lose it, or carry it."""
        number = self._seen
        self._seen += sender is self._sender
        if sender is not self._sender or number not in self._lost:
            yield sender.other, message


class Replay(Tampering):
    """Deliver every message again, as often as wished, and everything old with each frame.

    Not with each acknowledgement: that provokes one for every old frame, each of which would
    bring all again, until the room's budget is used up.
    """

    def __init__(self, times: int = 1, *, old: bool = False) -> None:
        self._times: Final = times
        self._old: Final = old
        self._kept: dict[Role, list[bytes]] = {Role.G: [], Role.S: []}

    def sealed(self, sender: Role, message: bytes) -> Iterator[Sent]:
        """Carry it, and once more."""
        for _ in range(1 + self._times):
            yield sender.other, message
        if self._old and message[:1] == b"\x11":
            self._kept[sender].append(message)
        elif self._old:
            yield from ((sender.other, each) for each in self._kept[sender])
            self._kept[sender].append(message)


class Reorder(Tampering):
    """Hold one sender's frames back and deliver them in pairs, the later one first."""

    def __init__(self, sender: Role) -> None:
        self._sender: Final = sender
        self._held: bytes | None = None

    def sealed(self, sender: Role, message: bytes) -> Iterator[Sent]:
        """Hold it, or deliver it before the one that is held."""
        if sender is not self._sender or message[:1] != b"\x10":
            yield sender.other, message
        elif self._held is None:
            self._held = message
        else:
            yield sender.other, message
            yield sender.other, self._held
            self._held = None


class Reflect(Tampering):
    """Give each device its own sealed messages back: besides the other's, or in their place."""

    def __init__(self, carriers: Iterable[int], *, instead: bool = False) -> None:
        self._carriers: Final = frozenset(carriers)
        self._instead: Final = instead

    def sealed(self, sender: Role, message: bytes) -> Iterator[Sent]:
        """Carry it back."""
        reflected = bool(message) and message[0] in self._carriers
        if not (reflected and self._instead):
            yield sender.other, message
        if reflected:
            yield sender, message


class Splice(Tampering):
    """Put in one device's messages of another session, each in the place of its like.

    Args:
        sender: Whose messages are exchanged.
        other: Those of the other session, in their order.
        carriers: The kinds of message that are exchanged.
    """

    def __init__(self, sender: Role, other: Iterable[bytes], carriers: Iterable[int]) -> None:
        self._sender: Final = sender
        self._other: Final = list(other)
        self._carriers: Final = frozenset(carriers)

    def sealed(self, sender: Role, message: bytes) -> Iterator[Sent]:
        """Exchange it."""
        if sender is self._sender and message[0] in self._carriers:
            for number, each in enumerate(self._other):
                if each[0] == message[0]:
                    message = self._other.pop(number)
                    break
        yield sender.other, message


class Inject(Tampering):
    """Slip sealed messages in for a device, before each one that it gets."""

    def __init__(self, receiver: Role, messages: Iterable[bytes]) -> None:
        self._receiver: Final = receiver
        self._messages: Final = list(messages)

    def sealed(self, sender: Role, message: bytes) -> Iterator[Sent]:
        """Slip the next one in."""
        if sender.other is self._receiver and self._messages:
            yield self._receiver, self._messages.pop(0)
        yield sender.other, message


class Lie(Tampering):
    """Change the talk with the relay, to it and from it."""

    def __init__(
        self,
        *,
        asked: Callable[[Role, str], Iterable[str]] | None = None,
        told: Callable[[Role, str], Iterable[str | bytes]] | None = None,
    ) -> None:
        self._asked: Final = asked
        self._told: Final = told

    def asked(self, sender: Role, text: str) -> Iterable[str]:
        """Tell the relay something else."""
        return (text,) if self._asked is None else self._asked(sender, text)

    def told(self, receiver: Role, text: str) -> Iterable[str | bytes]:
        """Tell the device something else."""
        return (text,) if self._told is None else self._told(receiver, text)


class Silence(Tampering):
    """Answer nothing and carry nothing."""

    def sealed(self, *_: Role | bytes) -> Iterable[Sent]:
        """Nothing."""
        return ()

    def asked(self, *_: Role | str) -> Iterable[str]:
        """Nothing."""
        return ()

    def told(self, *_: Role | str) -> Iterable[str | bytes]:
        """Nothing."""
        return ()
