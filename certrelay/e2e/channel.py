"""The sealed channel: frames in order, each exactly once, over any number of connections.

    Unconfirmed ──confirm(typed)───▶ Confirmed      at the sender: the number matched
    Unconfirmed ──confirmed_by(offer)▶ Confirmed    at the receiver: OFFER says so

Before the number matched only PROGRESS and CLOSE can be sealed: OFFER and CHUNK have no
method then.  A frame is encrypted once and repeated as the same bytes; counters move only
after success; a reconnect is only a new carrier.  The first forged message kills the
channel for good.

The caller passes every 0x10 and 0x11 message to ``receive``, calls ``take`` after each
step and sends what it gives, calls ``tick`` when ``deadline`` has come, and ``repeat``
after a new connection.

Source: docs/protocol.md §6 and §7.
"""

import hmac
from collections import deque
from typing import Final

from certrelay.e2e import frame
from certrelay.e2e.bodies import Body, Chunk, Early, Offer, decode, encode
from certrelay.e2e.frame import Carrier
from certrelay.e2e.handshake import SessionKeys
from certrelay.errors import CertRelayError, ProtocolError, StateError, TrustError
from certrelay.limits import FRAME_REPEAT_S, MAX_SEQ, NUMBER_TRIES, SILENCE_S, WINDOW_FRAMES


class Delivery:
    """Counters, window and repetition of one end; knows nothing of the number."""

    def __init__(self, send_key: bytes, receive_key: bytes) -> None:
        self._send_key: Final = send_key
        self._receive_key: Final = receive_key
        self._waiting: deque[Body] = deque()
        self._unacknowledged: deque[tuple[bytes, int]] = deque()
        self._delivered = 0
        self._next_seq = 0
        self._first_unacknowledged = 0
        self._next_n = 0
        self._expected = 0
        self._owes_ack = False
        self._outgoing: list[bytes] = []
        self._repeats = 0
        self._repeat_at: float | None = None
        self._silent_since: float | None = None
        self._dead = False

    def __repr__(self) -> str:
        return f"Delivery(sent={self._next_seq}, received={self._expected})"

    @property
    def is_settled(self) -> bool:
        """Tell whether the other end has acknowledged everything."""
        return not self._waiting and not self._unacknowledged

    @property
    def is_dead(self) -> bool:
        """Tell whether a forged message, or the end, has ended the channel for good."""
        return self._dead

    @property
    def has_room(self) -> bool:
        """Tell whether a body given now would be sealed at once."""
        return len(self._waiting) + len(self._unacknowledged) < WINDOW_FRAMES

    @property
    def queued(self) -> int:
        """How many bodies were given so far: the ``seq`` that the next one will have."""
        return self._next_seq + len(self._waiting)

    def is_acknowledged(self, seq: int) -> bool:
        """Tell whether the other end has acknowledged the frame with that number."""
        return seq < self._first_unacknowledged

    @property
    def delivered_bytes(self) -> int:
        """Content bytes in the CHUNKs that the other end has acknowledged."""
        return self._delivered

    def send(self, body: Body) -> None:
        """Queue a body; it is sealed when the window has room."""
        self._check_alive()
        self._waiting.append(body)

    def acknowledge(self) -> None:
        """Owe the other end an acknowledgement: of m3, which is no frame."""
        self._owes_ack = True

    def receive(self, message: bytes, now: float) -> Body | None:
        """Take a 0x10 or 0x11 message.

        Returns:
            The body of a frame that was the next one; ``None`` for an acknowledgement
            and for a frame that came before or comes too early.

        Raises:
            TrustError: ``bad_tag``, ``frame_length``, ``carrier_type``: the channel is dead.
            ProtocolError: ``bad_ack``: dead too.  A payload's or body's fault
                (``payload_…``, ``unknown_kind``, ``bad_json``, ``bad_body``): the frame
                counts as taken, and the caller closes.
        """
        self._check_alive()
        try:
            opened = self._open(message, now)
        except CertRelayError:
            self._dead = True
            raise
        if opened is None:
            return None
        return decode(opened.kind, frame.unpad(opened.kind, opened.payload))

    def _open(self, message: bytes, now: float) -> frame.OpenedFrame | None:
        if message[:1] == bytes([Carrier.ACK]):
            if len(message) != frame.ACK_BYTES:
                raise TrustError("frame_length")
            self._forget_until(frame.open_ack(self._receive_key, message), now)
            return None
        if message[:1] != bytes([Carrier.FRAME]):
            raise TrustError("carrier_type")
        if len(message) not in frame.FRAME_BYTES:
            raise TrustError("frame_length")
        seq = frame.number_of(message)
        if seq != self._expected:
            # A repetition: our acknowledgement was lost.  A gap: the sender repeats.
            self._owes_ack = self._owes_ack or seq < self._expected
            return None
        opened = frame.open_frame(self._receive_key, message)
        self._forget_until(opened.ack, now)
        self._expected += 1
        self._owes_ack = True
        return opened

    def _forget_until(self, next_seq: int, now: float) -> None:
        if next_seq > self._next_seq:
            raise ProtocolError("bad_ack")
        if next_seq <= self._first_unacknowledged:
            return
        while self._first_unacknowledged < next_seq:
            self._delivered += self._unacknowledged.popleft()[1]
            self._first_unacknowledged += 1
        self._repeats = 0
        self._repeat_at = now + FRAME_REPEAT_S[0] if self._unacknowledged else None
        self._silent_since = now if self._unacknowledged else None

    def take(self, now: float) -> list[bytes]:
        """Give the messages to send now, in order.

        An acknowledgement of its own is among them only where no new frame carries it.
        """
        if self._dead:
            return []
        sealed_one = False
        while self._waiting and len(self._unacknowledged) < WINDOW_FRAMES:
            self._seal(self._waiting.popleft(), now)
            sealed_one = True
        if self._owes_ack and not sealed_one:
            self._outgoing.append(frame.seal_ack(self._send_key, self._next_n, self._expected))
            self._next_n += 1
        self._owes_ack = False
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def _seal(self, body: Body, now: float) -> None:
        if self._next_seq > MAX_SEQ:
            raise StateError("a session has fewer frames")
        kind, raw = encode(body)
        sealed = frame.seal_frame(self._send_key, self._next_seq, kind, self._expected, raw)
        self._next_seq += 1
        content_bytes = len(body.data) if isinstance(body, Chunk) else 0
        self._unacknowledged.append((sealed, content_bytes))
        self._outgoing.append(sealed)
        if self._repeat_at is None:
            self._repeat_at = now + FRAME_REPEAT_S[0]
            self._silent_since = now

    def deadline(self) -> float | None:
        """The time at which ``tick`` is due."""
        return None if self._dead else self._repeat_at

    def is_silent(self, now: float) -> bool:
        """Tell whether a frame has waited so long that the connection counts as lost."""
        return self._silent_since is not None and now - self._silent_since >= SILENCE_S

    def tick(self, now: float) -> None:
        """Repeat everything unacknowledged, if its time has come."""
        if self._repeat_at is None or now < self._repeat_at:
            return
        self._repeat_all()
        self._repeats = min(self._repeats + 1, len(FRAME_REPEAT_S) - 1)
        self._repeat_at = now + FRAME_REPEAT_S[self._repeats]

    def repeat(self, now: float) -> None:
        """Repeat everything unacknowledged at once: there is a new connection."""
        if self._unacknowledged:
            self._repeats = 0
            self._repeat_all()
            self._repeat_at = now + FRAME_REPEAT_S[0]
            self._silent_since = now

    def _repeat_all(self) -> None:
        self._outgoing.extend(sealed for sealed, _ in self._unacknowledged)

    def kill(self) -> None:
        """End the channel: nothing is sealed or opened any more."""
        self._dead = True
        self._waiting.clear()
        self._unacknowledged.clear()
        self._repeat_at = self._silent_since = None

    def _check_alive(self) -> None:
        if self._dead:
            raise StateError("the channel is dead")


class Unconfirmed:
    """The channel stands; people have not yet compared the number."""

    def __init__(self, keys: SessionKeys) -> None:
        self.number: Final = keys.number
        self.delivery: Final = Delivery(keys.send, keys.receive)
        self._tries_left = NUMBER_TRIES

    @property
    def tries_left(self) -> int:
        """How often the number may still be typed."""
        return self._tries_left

    def send(self, body: Early) -> None:
        """Queue PROGRESS or CLOSE."""
        self.delivery.send(body)

    def confirm(self, typed: str) -> "Confirmed | None":
        """Compare what the person typed on the sender; blanks are ignored.

        Returns:
            The confirmed channel, or ``None`` if the numbers differ.

        Raises:
            StateError: If there are no tries left.
        """
        if self._tries_left <= 0:
            raise StateError("no tries left")
        digits = "".join(typed.split())
        # Only ASCII can match, and only ASCII text can be compared in constant time.
        if digits.isascii() and hmac.compare_digest(digits, self.number):
            self._tries_left = 0
            return Confirmed(self.delivery)
        self._tries_left -= 1
        return None

    def confirmed_by(self, _offer: Offer) -> "Confirmed":
        """Take the sender's OFFER as its word that the number matched."""
        self._tries_left = 0
        return Confirmed(self.delivery)


class Confirmed:
    """The number matched: certificates may travel."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery: Final = delivery

    def send(self, body: Body) -> None:
        """Queue any body."""
        self.delivery.send(body)
