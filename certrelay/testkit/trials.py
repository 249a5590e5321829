"""PCs that do one thing wrong each, over a real relay, and what a right app makes of it.

Long because it is a list, read beside the few moves that it is made of.

    outcome = TRIALS["receipt-too-long"].play(Stage(carrier, pc, tell))

A trial plays its part after an honest opening and gives the app's last word: ``close protocol``,
``reject too_large``, ``receipt bad_digest``, or ``left`` if the app went without one.

Source: docs/protocol.md §5 to §7.
"""

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from certrelay.e2e import bodies
from certrelay.e2e.bodies import Body, BodyKind
from certrelay.e2e.code import Code
from certrelay.e2e.frame import Carrier as Kinds
from certrelay.e2e.manifest import Manifest
from certrelay.e2e.qr import Direction
from certrelay.errors import RelayUnreachable
from certrelay.frozen import frozen
from certrelay.limits import ANSWER_S
from certrelay.testkit import malformed
from certrelay.testkit.blocking_socket import BlockingSocket
from certrelay.testkit.hostile_end import HostileChannel, pair_offer
from certrelay.testkit.hostile_pc import HostilePc
from certrelay.testkit.proxy import FaultProxy
from certrelay.wire.ids import Role, Share, Token
from certrelay.wire.messages import KnockAnswer, encode

SIGN_CERT: Final = b"certificate of nobody"
SIGN_PRI: Final = b"key of nobody"
_OFFER: Final = pair_offer(SIGN_CERT, SIGN_PRI)
_STORED: Final = bodies.ItemResult("stored")
_PROGRESS: Final = b'{"step":"asking"}'
_PADDED_WRONGLY: Final = (len(_PROGRESS).to_bytes(2, "big") + _PROGRESS).ljust(1024, b"\1")
"""All is right but the bytes behind the body."""

_CROSSES_S: Final = 2.0
"""Seconds for which a message may have crossed ours: S repeats m1 every three."""

_STAYS_S: Final = 12.0
"""Seconds after which an app that says nothing has not ended: a right one leaves within five."""


@frozen
class Stage:
    """Where a trial is played."""

    carrier: BlockingSocket
    pc: HostilePc
    tell: Callable[[str], None]
    """Gets the number that a person must type on the phone."""

    ask: Callable[[str], str] = lambda _question: ""
    """Puts a question to whoever holds the phone: what only its screen tells."""

    proxy: FaultProxy | None = None
    """Stands between the phone and the relay, where the trial needs it."""

    code: Code | None = None
    """What is typed on the phone, in a trial whose code is typed and not scanned."""

    def open(self) -> HostileChannel:
        """Answer m1 and m3 as an honest PC does."""
        self.carrier.send(self.pc.answer(self.carrier.hear_sealed(Kinds.M1)))
        self.carrier.send(self.pc.finish(self.carrier.hear_sealed(Kinds.M3)))
        return self.pc.channel

    def hear(self, *kinds: type[Body], patience_s: float | None = None) -> Body:
        """Wait for a body of one of these kinds, acknowledging all that comes.

        Where its connection was taken away, the app may come back.

        Raises:
            RelayUnreachable: If the app went before.
        """
        while True:
            heard = self.carrier.hear(patience_s=patience_s)
            if isinstance(heard, str):
                is_gone = '"peer_gone"' in heard and self.proxy is None
                if '"closed"' in heard or is_gone:
                    raise RelayUnreachable("connection_lost")
                continue
            if heard[0] == Kinds.M3:  # our answer was lost with the connection
                self.carrier.send(self.pc.channel.ack())
            if heard[0] not in (Kinds.FRAME, Kinds.ACK):
                continue
            body = self.pc.channel.read(heard)
            if heard[0] == Kinds.FRAME:
                self.carrier.send(self.pc.channel.ack())
            if isinstance(body, kinds):
                return body

    def last_word(self, patience_s: float | None = None) -> str:
        """Wait for what the app says to it: a CLOSE, a REJECT, a RECEIPT, or nothing.

        Args:
            patience_s: Seconds of silence after which the app has stayed; for what no person
                has a part in.
        """
        began = time.monotonic()
        try:
            match self.hear(bodies.Close, bodies.Reject, bodies.Receipt, patience_s=patience_s):
                case bodies.Close() as close:
                    return f"close {close.reason}"
                case bodies.Reject(reason):
                    return f"reject {reason}"
                case bodies.Receipt(items):
                    return f"receipt {items[0].reason or items[0].status}"
                case _:
                    return "?"
        except RelayUnreachable:
            was_silent = patience_s is not None and time.monotonic() >= began + patience_s
            return "stayed" if was_silent else "left"

    def take_everything(self) -> int:
        """As the receiver: accept an offer, and take it to its end; give the number of items."""
        self.tell(self.pc.channel.number)
        offer = self.hear(bodies.Offer)
        self.carrier.send(self.pc.channel.say(bodies.Accept()))
        self.hear(bodies.End)
        assert isinstance(offer, bodies.Offer)
        return len(Manifest.parse(offer.manifest).items)


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

    through_proxy: bool = False
    """Whether the phone must reach the relay through `Stage.proxy`."""

    is_typed: bool = False
    """Whether a typed code leads to the PC, and not a QR code."""


def _forged_m2(stage: Stage) -> str:
    m2 = stage.pc.answer(stage.carrier.hear_sealed(Kinds.M1))
    stage.carrier.send(m2[:-1] + bytes([m2[-1] ^ 1]))
    return _no_more(stage)


def _bad_hello(stage: Stage) -> str:
    stage.carrier.send(stage.pc.answer(stage.carrier.hear_sealed(Kinds.M1)))
    return _no_more(stage)


def _no_more(stage: Stage, *allowed: Kinds) -> str:
    """See whether the app ends, or goes on all the same.

    An m1 that crossed ours is no fault, nor one that is late on a busy machine; more of them are,
    since an app that goes on repeats it every three seconds.
    """
    began, late = time.monotonic(), 0
    while time.monotonic() < began + _STAYS_S:
        try:
            heard = stage.carrier.hear(patience_s=began + _STAYS_S - time.monotonic())
        except RelayUnreachable:
            break
        if isinstance(heard, str) and '"closed"' in heard:
            return "left"
        if heard[0] == Kinds.M1:
            late += time.monotonic() >= began + _CROSSES_S
            if late > 1:
                return "went on"
        elif isinstance(heard, bytes) and heard[0] not in allowed:
            return "went on"
    return "stayed"


def _refused_release(stage: Stage) -> str:
    stage.carrier.send(stage.pc.answer(stage.carrier.hear_sealed(Kinds.M1)))
    refusal = bodies.Close("version_too_low", "G5.0", "G99.0")
    stage.carrier.send(stage.pc.refuse(stage.carrier.hear_sealed(Kinds.M3), refusal))
    return _no_more(stage, Kinds.ACK)


def _second_scan(stage: Stage) -> str:
    stage.open()
    with BlockingSocket(stage.pc.qr.origin.text) as other:
        other.say(stage.pc.second_scan(Token(os.urandom(16))))
        other.hear()
    try:
        while True:
            heard = stage.carrier.hear(patience_s=_STAYS_S)
            if isinstance(heard, str) and '"closed"' in heard:
                return "left"
            if isinstance(heard, bytes) and heard[0] == Kinds.FRAME:
                match stage.pc.channel.read(heard):
                    case bodies.Close() as close:
                        return f"close {close.reason}"
                stage.carrier.send(stage.pc.channel.ack())
    except RelayUnreachable:
        return "stayed"


def _not_stored(stage: Stage) -> str:
    stage.open()
    count = stage.take_everything()
    rejected = (bodies.ItemResult("rejected", "disk"),) * count
    stage.carrier.send(stage.pc.channel.say(bodies.Receipt(rejected)))
    word = stage.last_word()
    says_done = stage.ask("Does the phone say that it is done, or that anything is stored? [y/n]")
    return word if says_done == "n" else f"{word}, and said done"


def _interrupted(take_away: Callable[[FaultProxy], None]) -> Callable[[Stage], str]:
    """Take the app's connection away once the channel stands; all goes well after that."""

    def play(stage: Stage) -> str:
        stage.open()
        time.sleep(1.0)  # our answer to m3 arrives
        assert stage.proxy is not None
        take_away(stage.proxy)
        try:
            count = stage.take_everything()
        except RelayUnreachable:
            return "left"
        stage.carrier.send(stage.pc.channel.say(bodies.Receipt((_STORED,) * count)))
        return stage.last_word()

    return play


def _after_opening(*said: Callable[[HostileChannel], bytes]) -> Callable[[Stage], str]:
    """Say something as soon as the channel stands."""

    def play(stage: Stage) -> str:
        channel = stage.open()
        stage.carrier.send(*(each(channel) for each in said))
        return stage.last_word(_STAYS_S)

    return play


def _stored_and(more: int) -> Callable[[Stage], str]:
    """Take everything, and give a receipt with so many results more than there are items."""

    def play(stage: Stage) -> str:
        stage.open()
        count = stage.take_everything()
        stage.carrier.send(stage.pc.channel.say(bodies.Receipt((_STORED,) * (count + more))))
        return stage.last_word()

    return play


def _hasty_receipt(stage: Stage) -> str:
    """Accept, and give a receipt in the same breath: nothing has been taken yet."""
    channel = stage.open()
    stage.tell(channel.number)
    offer = stage.hear(bodies.Offer)
    assert isinstance(offer, bodies.Offer)
    count = len(Manifest.parse(offer.manifest).items)
    receipt = bodies.Receipt((_STORED,) * count)
    stage.carrier.send(channel.say(bodies.Accept()), channel.say(receipt))
    return stage.last_word()


def _offered(offer: bytes, *said: Callable[[HostileChannel], bytes]) -> Callable[[Stage], str]:
    """As the sender: offer this, and, once it is accepted, say this."""

    def play(stage: Stage) -> str:
        channel = stage.open()
        stage.carrier.send(channel.frame(BodyKind.OFFER, offer))
        if said:
            stage.hear(bodies.Accept)
            stage.carrier.send(*(each(channel) for each in said))
        return stage.last_word()

    return play


def _knocked(
    *answers: Callable[[HostilePc, str, Code], KnockAnswer], after_s: float = 0.0
) -> Callable[[Stage], str]:
    """Answer the app that has typed the code, and see whether it joins.

    Args:
        answers: Each makes an answer of the knock and the code.
        after_s: Seconds to let it wait.
    """

    def play(stage: Stage) -> str:
        assert stage.code is not None
        knock = stage.carrier.hear()
        assert isinstance(knock, str)
        time.sleep(after_s)
        for answer in answers:
            stage.carrier.say(encode(answer(stage.pc, knock, stage.code)))
        try:
            while '"paired"' not in str(stage.carrier.hear(patience_s=_STAYS_S)):
                pass
        except RelayUnreachable:
            return "stayed away"
        return "joined"

    return play


def _right_answer(pc: HostilePc, knock: str, code: Code) -> KnockAnswer:
    return pc.answer_knock(knock, code)


def _wrong_answer(pc: HostilePc, knock: str, code: Code) -> KnockAnswer:
    """As a relay that guesses, or a PC whose code is another."""
    other = Code(code.lobby, f"{(int(code.secret) + 1) % 10**8:08}")
    return pc.answer_knock(knock, other)


def _known_answer(pc: HostilePc, knock: str, code: Code) -> KnockAnswer:
    """With a share of low order, that makes the key known to everybody."""
    return KnockAnswer(Share(bytes(32)), pc.answer_knock(knock, code).sealed)


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
            _after_opening(lambda channel: channel.payload(BodyKind.PROGRESS, _PADDED_WRONGLY)),
        ),
        "early-receipt": Trial(
            "a RECEIPT before anything was offered",
            Direction.TO_PC,
            _PROTOCOL,
            _after_opening(lambda channel: channel.say(bodies.Receipt((_STORED,)))),
        ),
        "hasty-receipt": Trial(
            "a RECEIPT right behind the ACCEPT, before END was taken",
            Direction.TO_PC,
            _PROTOCOL,
            _hasty_receipt,
        ),
        "receipt-too-long": Trial(
            "a RECEIPT with one result too many",
            Direction.TO_PC,
            _PROTOCOL,
            _stored_and(1),
        ),
        "not-stored": Trial(
            "everything is taken, nothing is stored; the app must not say that it is done",
            Direction.TO_PC,
            ("close done",),
            _not_stored,
        ),
        "refused-release": Trial(
            "m3 is answered by a refusal of the app's release; no number may be asked for",
            Direction.TO_PC,
            ("left",),
            _refused_release,
        ),
        "second-scan": Trial(
            "another phone scans the same code before the number matched",
            Direction.TO_PC,
            ("close second_scan",),
            _second_scan,
        ),
        "lost-socket": Trial(
            "the app's connection is lost; it must come back and finish",
            Direction.TO_PC,
            ("close done",),
            _interrupted(lambda proxy: proxy.cut(Role.S)),
            through_proxy=True,
        ),
        "put-out": Trial(
            "the app's socket is closed with 4000, though it opened no newer one; as lost-socket",
            Direction.TO_PC,
            ("close done",),
            _interrupted(lambda proxy: proxy.close_with(4000, Role.S)),
            through_proxy=True,
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
            _offered(_OFFER, _chunk(1, SIGN_CERT + SIGN_PRI), _end(_OFFER)),
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
        "code-wrong": Trial(
            "the code that is typed is answered with another secret, as by a relay that guesses",
            Direction.TO_PC,
            ("stayed away",),
            _knocked(_wrong_answer),
            is_typed=True,
        ),
        "code-late": Trial(
            f"the code is answered a second after the {ANSWER_S:.0f} s that an app waits",
            Direction.TO_PC,
            ("stayed away",),
            _knocked(_right_answer, after_s=ANSWER_S + 1.0),
            is_typed=True,
        ),
        "code-twice": Trial(
            "the code is answered twice; the second answer is nobody's",
            Direction.TO_PC,
            ("joined",),
            _knocked(_right_answer, _wrong_answer),
            is_typed=True,
        ),
        "code-low-order": Trial(
            "the answer's share makes the key known",
            Direction.TO_PC,
            ("stayed away",),
            _knocked(_known_answer),
            is_typed=True,
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
