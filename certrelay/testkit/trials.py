"""PCs that do one thing wrong each, over a real relay, and what a right app makes of it.

    outcome = TRIALS["receipt-too-long"].play(Stage(carrier, pc, tell))

A trial plays its part after an honest opening and gives the app's last word: ``close protocol``,
``reject too_large``, ``receipt bad_digest``, or ``left`` if the app went without one.

Source: docs/protocol.md §5 to §7.
"""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from certrelay.e2e import bodies
from certrelay.e2e.bodies import Body, Kind
from certrelay.e2e.frame import Carrier as Kinds
from certrelay.e2e.qr import Direction
from certrelay.errors import RelayUnreachable
from certrelay.frozen import frozen
from certrelay.testkit import malformed
from certrelay.testkit.blocking_socket import BlockingSocket
from certrelay.testkit.hostile_end import HostileChannel, pair_offer
from certrelay.testkit.hostile_pc import HostilePc

SIGN_CERT: Final = b"certificate of nobody"
SIGN_PRI: Final = b"key of nobody"
_OFFER: Final = pair_offer(SIGN_CERT, SIGN_PRI)
_STORED: Final = bodies.ItemResult("stored")


@frozen
class Stage:
    """Where a trial is played."""

    carrier: BlockingSocket
    pc: HostilePc
    tell: Callable[[str], None]
    """Gets the number that a person must type on the phone."""

    def open(self) -> HostileChannel:
        """Answer m1 and m3 as an honest PC does."""
        self.carrier.send(self.pc.answer(self.carrier.hear_sealed(Kinds.M1)))
        self.carrier.send(self.pc.finish(self.carrier.hear_sealed(Kinds.M3)))
        return self.pc.channel

    def hear(self, *kinds: type[Body]) -> Body:
        """Wait for a body of one of these kinds, acknowledging all that comes.

        Raises:
            RelayUnreachable: If the app went before.
        """
        while True:
            heard = self.carrier.hear()
            if isinstance(heard, str):
                if '"closed"' in heard or '"peer_gone"' in heard:
                    raise RelayUnreachable("connection_lost")
                continue
            if heard[0] not in (Kinds.FRAME, Kinds.ACK):
                continue
            body = self.pc.channel.read(heard)
            if heard[0] == Kinds.FRAME:
                self.carrier.send(self.pc.channel.ack())
            if isinstance(body, kinds):
                return body

    def last_word(self) -> str:
        """Wait for what the app says to it: a CLOSE, a REJECT, a RECEIPT, or nothing."""
        try:
            match self.hear(bodies.Close, bodies.Reject, bodies.Receipt):
                case bodies.Close(reason):
                    return f"close {reason}"
                case bodies.Reject(reason):
                    return f"reject {reason}"
                case bodies.Receipt(items):
                    return f"receipt {items[0].reason or items[0].status}"
                case _:
                    return "?"
        except RelayUnreachable:
            return "left"

    def take_everything(self) -> None:
        """As the receiver: accept an offer, and take it to its end."""
        self.tell(self.pc.channel.number)
        self.hear(bodies.Offer)
        self.carrier.send(self.pc.channel.say(bodies.Accept()))
        self.hear(bodies.End)


@frozen
class Trial:
    """One thing that a PC does wrong."""

    about: str
    """What it does."""

    direction: Direction
    right: tuple[str, ...]
    """The last words of a right app."""

    play: Callable[[Stage], str]
    hello: bytes | None = None
    """What the PC says of itself, if it is not an honest hello."""


def _forged_m2(stage: Stage) -> str:
    m2 = stage.pc.answer(stage.carrier.hear_sealed(Kinds.M1))
    stage.carrier.send(m2[:-1] + bytes([m2[-1] ^ 1]))
    return _no_m3(stage)


def _bad_hello(stage: Stage) -> str:
    stage.carrier.send(stage.pc.answer(stage.carrier.hear_sealed(Kinds.M1)))
    return _no_m3(stage)


def _no_m3(stage: Stage) -> str:
    """See whether the app goes on all the same."""
    try:
        while True:
            heard = stage.carrier.hear()
            if isinstance(heard, bytes) and heard[0] != Kinds.M1:
                return "went on"
            if isinstance(heard, str) and '"closed"' in heard:
                return "left"
    except RelayUnreachable:
        return "left"


def _after_opening(*said: Callable[[HostileChannel], bytes]) -> Callable[[Stage], str]:
    """Say something as soon as the channel stands."""

    def play(stage: Stage) -> str:
        channel = stage.open()
        stage.carrier.send(*(each(channel) for each in said))
        return stage.last_word()

    return play


def _at_the_end(*results: bodies.ItemResult) -> Callable[[Stage], str]:
    """Take everything, and give this receipt."""

    def play(stage: Stage) -> str:
        stage.open()
        stage.take_everything()
        stage.carrier.send(stage.pc.channel.say(bodies.Receipt(results)))
        return stage.last_word()

    return play


def _offered(offer: bytes, *said: Callable[[HostileChannel], bytes]) -> Callable[[Stage], str]:
    """As the sender: offer this, and, once it is accepted, say this."""

    def play(stage: Stage) -> str:
        channel = stage.open()
        stage.carrier.send(channel.frame(Kind.OFFER, offer))
        if said:
            stage.hear(bodies.Accept)
            stage.carrier.send(*(each(channel) for each in said))
        return stage.last_word()

    return play


def _chunk(offset: int, data: bytes) -> Callable[[HostileChannel], bytes]:
    return lambda channel: channel.say(bodies.Chunk(offset, data))


def _end(offer: bytes) -> Callable[[HostileChannel], bytes]:
    return lambda channel: channel.say(bodies.End(hashlib.sha256(offer).digest()))


def _forged_frame(channel: HostileChannel) -> bytes:
    frame = channel.say(bodies.Progress("asking"))
    return frame[:-1] + bytes([frame[-1] ^ 1])


_PROTOCOL: Final = ("close protocol",)
_GONE: Final = ("left", "close protocol")
_OTHER: Final = pair_offer(SIGN_CERT, SIGN_PRI, sha256="00" * 32)

TRIALS: Final[Mapping[str, Trial]] = MappingProxyType(
    {
        "forged-m2": Trial("m2 does not open", Direction.TO_PC, ("left",), _forged_m2),
        "bad-hello": Trial(
            "the PC's name has control characters",
            Direction.TO_PC,
            ("left",),
            _bad_hello,
            malformed.HELLOS["a name that clears the screen"],
        ),
        "forged-frame": Trial(
            "a frame does not open", Direction.TO_PC, _GONE, _after_opening(_forged_frame)
        ),
        "unknown-kind": Trial(
            "a frame of kind 99",
            Direction.TO_PC,
            _PROTOCOL,
            _after_opening(lambda channel: channel.frame(99, b"{}")),
        ),
        "padding": Trial(
            "zeros that are none behind a body",
            Direction.TO_PC,
            _PROTOCOL,
            _after_opening(lambda c: c.payload(Kind.PROGRESS, b"\0\2{}".ljust(1024, b"\1"))),
        ),
        "early-receipt": Trial(
            "a RECEIPT before anything was offered",
            Direction.TO_PC,
            _PROTOCOL,
            _after_opening(lambda channel: channel.say(bodies.Receipt((_STORED,)))),
        ),
        "receipt-too-long": Trial(
            "a RECEIPT with one result too many",
            Direction.TO_PC,
            _PROTOCOL,
            _at_the_end(*[_STORED] * 21),
        ),
        "not-stored": Trial(
            "everything is taken, nothing is stored; the app must not say that it is done",
            Direction.TO_PC,
            ("close done",),
            _at_the_end(bodies.ItemResult("rejected", "disk")),
        ),
        "offer-too-large": Trial(
            "a file of more than 64 KiB",
            Direction.TO_PHONE,
            ("reject too_large",),
            _offered(malformed.MANIFESTS["a file too large"][0]),
        ),
        "offer-path": Trial(
            "a path in place of a role",
            Direction.TO_PHONE,
            ("reject bad_manifest",),
            _offered(malformed.MANIFESTS["a path as a role"][0]),
        ),
        "gap": Trial(
            "the content begins at offset 1",
            Direction.TO_PHONE,
            _PROTOCOL,
            _offered(_OFFER, _chunk(1, SIGN_CERT)),
        ),
        "too-much": Trial(
            "more content than was offered",
            Direction.TO_PHONE,
            _PROTOCOL,
            _offered(_OFFER, _chunk(0, SIGN_CERT + SIGN_PRI + b"!")),
        ),
        "wrong-digest": Trial(
            "a file is not the one that was offered",
            Direction.TO_PHONE,
            ("receipt bad_digest",),
            _offered(_OTHER, _chunk(0, SIGN_CERT + SIGN_PRI), _end(_OTHER)),
        ),
        "no-certificate": Trial(
            "what arrives is no certificate",
            Direction.TO_PHONE,
            ("receipt bad_certificate",),
            _offered(_OFFER, _chunk(0, SIGN_CERT + SIGN_PRI), _end(_OFFER)),
        ),
    }
)
"""The trials by name."""
