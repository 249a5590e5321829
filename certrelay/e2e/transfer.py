"""The transfer: one sender, one receiver, whose turn it is.

    sender     READY ─OFFER▶ OFFERED ─(ACCEPT)▶ SENDING ─END▶ SENT ─(RECEIPT)▶ ENDED
                                └──────────────(REJECT)───────────────────────┘
    receiver   IDLE ─(OFFER)▶ TAKING ─(END)▶ COMPLETE ─RECEIPT▶ ENDED
                  └──(OFFER, a bad manifest)─REJECT▶ REJECTED

What comes in is in brackets.  A body from the wrong side or out of its turn raises, and
the caller closes the session with ``protocol``.  PROGRESS and CLOSE do not concern this
module.

Source: docs/protocol.md §7.
"""

import hashlib
from collections.abc import Sequence
from enum import Enum, auto

from certrelay.bundle import Item
from certrelay.e2e.bodies import (
    Accept,
    Body,
    Chunk,
    End,
    ItemResult,
    Offer,
    Receipt,
    Reject,
)
from certrelay.e2e.manifest import Manifest
from certrelay.errors import ProtocolError, StateError
from certrelay.limits import CHUNK_BYTES


class SenderState(Enum):
    """Where a sender is."""

    READY = auto()
    OFFERED = auto()
    SENDING = auto()
    SENT = auto()
    ENDED = auto()


class Sender:
    """Offers items, sends their content, and learns what became of them."""

    def __init__(self) -> None:
        self.state = SenderState.READY
        self.results: tuple[ItemResult, ...] | None = None
        self.rejected: str | None = None
        self._item_count = 0
        self._offer = b""
        self._content = b""
        self._offset = 0

    def __repr__(self) -> str:
        return f"Sender({self.state.name}, {self._offset} of {self.total} bytes)"

    @property
    def total(self) -> int:
        """Content bytes of all items together."""
        return len(self._content)

    def offer(self, items: Sequence[Item]) -> Offer:
        """Make the OFFER.

        Raises:
            ProtocolError: ``too_large`` or ``bad_manifest``: these items cannot travel.
            StateError: If called twice.
        """
        if self.state is not SenderState.READY:
            raise StateError("an offer is made once")
        self._offer = Manifest.of(items).to_bytes()
        self._item_count = len(items)
        self._content = b"".join(file.content for item in items for file in item.files)
        self.state = SenderState.OFFERED
        return Offer(self._offer)

    def receive(self, body: Accept | Reject | Receipt) -> None:
        """Take the receiver's word.

        Raises:
            ProtocolError: ``out_of_turn`` or ``receipt_length``.
        """
        match body, self.state:
            case Accept(), SenderState.OFFERED:
                self.state = SenderState.SENDING
            case Reject(reason), SenderState.OFFERED:
                self.state, self.rejected = SenderState.ENDED, reason
            case Receipt(results), SenderState.SENT:
                if len(results) != self._item_count:
                    raise ProtocolError("receipt_length")
                self.state, self.results = SenderState.ENDED, results
            case _:
                raise ProtocolError("out_of_turn")

    def next_body(self) -> Chunk | End | None:
        """Give the next body of the content, as soon as there is room to send it.

        Returns:
            A CHUNK, after the last one END, and ``None`` before ACCEPT and after END.
        """
        if self.state is not SenderState.SENDING:
            return None
        if self._offset < len(self._content):
            data = self._content[self._offset : self._offset + CHUNK_BYTES]
            chunk = Chunk(self._offset, data)
            self._offset += len(data)
            return chunk
        self.state = SenderState.SENT
        return End(hashlib.sha256(self._offer).digest())


class ReceiverState(Enum):
    """Where a receiver is."""

    IDLE = auto()
    TAKING = auto()
    COMPLETE = auto()
    REJECTED = auto()
    ENDED = auto()


class Receiver:
    """Checks the offer, collects the content, and says what became of it."""

    def __init__(self) -> None:
        self.state = ReceiverState.IDLE
        self.items: tuple[Item | None, ...] = ()
        self.rejection: str | None = None
        self._manifest: Manifest | None = None
        self._offer_digest = b""
        self._content = bytearray()

    def __repr__(self) -> str:
        return f"Receiver({self.state.name}, {len(self._content)} bytes)"

    @property
    def received(self) -> int:
        """Content bytes taken so far."""
        return len(self._content)

    @property
    def total(self) -> int:
        """Content bytes promised."""
        return 0 if self._manifest is None else self._manifest.total

    def receive(self, body: Offer | Chunk | End) -> Accept | Reject | None:
        """Take the sender's word and give the answer, if one is due.

        After END `items` holds the items, ``None`` in place of one whose digest differs.

        Raises:
            ProtocolError: ``out_of_turn``, ``chunk_gap``, ``chunk_size``, ``end_early``
                or ``end_digest``.
        """
        match body, self.state:
            case Offer(manifest), ReceiverState.IDLE:
                return self._offered(manifest)
            case Chunk(), ReceiverState.TAKING:
                self._take(body)
            case End(digest), ReceiverState.TAKING:
                self._end(digest)
            case _:
                raise ProtocolError("out_of_turn")
        return None

    def _offered(self, raw: bytes) -> Accept | Reject:
        try:
            self._manifest = Manifest.parse(raw)
        except ProtocolError as error:
            self.state, self.rejection = ReceiverState.REJECTED, error.code
            return Reject(error.code)
        self._offer_digest = hashlib.sha256(raw).digest()
        self.state = ReceiverState.TAKING
        return Accept()

    def _take(self, chunk: Chunk) -> None:
        if chunk.offset != self.received:
            raise ProtocolError("chunk_gap")
        if len(chunk.data) != min(CHUNK_BYTES, self.total - self.received):
            raise ProtocolError("chunk_size")
        self._content += chunk.data

    def _end(self, digest: bytes) -> None:
        if self.received != self.total or self._manifest is None:
            raise ProtocolError("end_early")
        if digest != self._offer_digest:
            raise ProtocolError("end_digest")
        self.items = self._manifest.split(bytes(self._content))
        self._content = bytearray()
        self.state = ReceiverState.COMPLETE

    def receipt(self, results: Sequence[ItemResult]) -> Receipt:
        """Make the RECEIPT, once all items are stored or refused.

        Args:
            results: One for each item, in order.

        Raises:
            StateError: If it is not the time, or the number of results is wrong.
        """
        if self.state is not ReceiverState.COMPLETE or len(results) != len(self.items):
            raise StateError("a receipt follows END, with a result for each item")
        self.state = ReceiverState.ENDED
        return Receipt(tuple(results))


def hand_to(end: Sender | Receiver, body: Body) -> tuple[Body, ...]:
    """Give a body to the machine that reads it; PROGRESS and CLOSE belong to neither.

    Raises:
        ProtocolError: ``wrong_side`` if the other end may never say it, and whatever the
            machine raises.
    """
    match end, body:
        case Sender(), Accept() | Reject() | Receipt():
            end.receive(body)
            return ()
        case Receiver(), Offer() | Chunk() | End():
            answer = end.receive(body)
            return () if answer is None else (answer,)
        case _:
            raise ProtocolError("wrong_side")
