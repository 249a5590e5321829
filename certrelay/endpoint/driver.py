"""One device in one room, from the first connection to the last: a pure driver.

Long because it is one state: what a message means depends on all that came before.

    STARTING ─▶ WAITING ─paired▶ OPENING ─m3▶ COMPARING ─number▶ MOVING
                                                                    │
    any ─▶ CLOSING (our CLOSE is out) ─▶ ENDED ◀─ CLOSED (theirs came)

The shell connects while ``wants_connection``, tells what happened (``connected``,
``connection_lost``, ``receive_text``, ``receive_binary``, ``tick``) and what the person did
(``offer``, ``enter_number``, ``report_step``, ``saving``, ``stored``, ``ask_seen``,
``confirm_seen``, ``give_up_seeing``, ``cancel``, ``interrupt``); after each call it carries
out what ``take`` gives.  There is no socket, clock or file here: the
same driver runs in both clients and in the simulation.

Source: docs/protocol.md §4 to §8.
"""

from collections.abc import Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import Final, assert_never

from certrelay.bundle import Item
from certrelay.e2e.bodies import (
    VERSIONS,
    Body,
    Close,
    End,
    ItemResult,
    Offer,
    Progress,
    Receipt,
)
from certrelay.e2e.channel import Confirmed, Unconfirmed
from certrelay.e2e.hello import Hello
from certrelay.e2e.transfer import Receiver, Sender, SenderState, hand_to
from certrelay.endpoint import events, outcome
from certrelay.endpoint.code_display import CodeDisplay, CodeSource
from certrelay.endpoint.presence import Presence
from certrelay.endpoint.sides import ScanSide, ShowSide, Side
from certrelay.endpoint.timers import Timer, Timers
from certrelay.endpoint.times import Times
from certrelay.errors import (
    CertRelayError,
    Interrupted,
    NotConfirmed,
    ProtocolError,
    RelayUnreachable,
    ReleaseRefused,
    RoomEnded,
    StateError,
    TrustError,
)
from certrelay.limits import CODE_FRESH_S, SEEN_RESERVE_S
from certrelay.wire import messages
from certrelay.wire.release import ReleasePolicy


class Phase(Enum):
    """Where a session is."""

    STARTING = auto()
    WAITING = auto()
    OPENING = auto()
    COMPARING = auto()
    MOVING = auto()
    CLOSING = auto()
    CLOSED = auto()
    ENDED = auto()


class Endpoint:
    """The driver.

    Args:
        side: G's or S's part.
        hello: What this device says of itself.
        policy: What it asks of the other one's release.
        times: Time limits.
        codes: G: what typed codes are made of; without it there are none.
    """

    def __init__(
        self,
        side: Side,
        hello: Hello,
        policy: ReleasePolicy,
        times: Times | None = None,
        *,
        codes: CodeSource | None = None,
    ) -> None:
        self.side: Final = side
        self.phase = Phase.STARTING
        self._hello: Final = hello
        self._policy: Final = policy
        self._times: Final = times or Times()
        self._transfer: Final[Sender | Receiver] = Sender() if side.sends else Receiver()
        self._channel: Unconfirmed | Confirmed | None = None
        self._stands = False
        self._was_scanned_twice = False
        self._shows_number = False
        self._refusal: ReleaseRefused | None = None
        self._offer: Offer | None = None
        self._step: str | None = None
        self._said_saving = False
        self._handed_over: tuple[ItemResult, ...] | None = None
        self._results: tuple[ItemResult, ...] | None = None
        self._end_seq: int | None = None
        """The number of END's frame, once it is made."""
        self._receipt: Receipt | None = None
        self._error: CertRelayError | None = None
        self._timers: Final = Timers()
        self._out: list[events.Command | events.Event] = []
        self._presence: Final = Presence(side, self._times, self._timers, self._say, self._tell)
        self._codes: Final = CodeDisplay(codes, self._times, self._timers, self._say, self._tell)

    def __repr__(self) -> str:
        return f"Endpoint({self.side.role}, {self.phase.name})"

    @property
    def hello(self) -> Hello:
        """What this device says of itself."""
        return self._hello

    @property
    def wants_connection(self) -> bool:
        """Whether the shell should connect, if it is not connected."""
        return self.phase not in (Phase.ENDED, Phase.CLOSED)

    def take(self, now: float) -> list[events.Command | events.Event]:
        """Give what is to be done and to be told, in order; call it after every other call."""
        self._flush_channel(now)
        out, self._out = self._out, []
        return out

    def deadline(self) -> float | None:
        """The time at which ``tick`` is due."""
        times = [self._timers.earliest()]
        if self._channel is not None and self._presence.both_here:
            times.append(self._channel.delivery.deadline())
        return min((at for at in times if at is not None), default=None)

    # --- the connection ---

    def connected(self, now: float) -> None:
        """A socket to the relay is open."""
        self._presence.connect(now)

    def connection_lost(self, now: float) -> None:
        """The socket is gone, or could not be opened again."""
        was_online = self._presence.disconnect()
        self._codes.disconnected()
        if self.phase is Phase.CLOSED:
            self._finish()
        elif self.phase not in (Phase.STARTING, Phase.CLOSING, Phase.ENDED):
            # Before the first answer there is no grace: the same greeting is said again, as
            # long as an answer is waited for.
            self._presence.await_own_return(now, tell=was_online)

    def receive_text(self, text: str, now: float) -> None:
        """Take a text message of the relay."""
        if self.phase is Phase.ENDED:
            return
        try:
            message = messages.decode_from_relay(text)
        except ProtocolError as error:
            self._close("protocol", error, now)
            return
        match message:
            case messages.Created(expires_in_ms, codes):
                self._created(expires_in_ms, now)
                if self.phase is Phase.WAITING:
                    self._codes.connected(now, offered=codes)
            case messages.Published() if isinstance(self.side, ShowSide):
                self._codes.published(message)
            case messages.Knock() if isinstance(self.side, ShowSide):
                self._codes.knock(message, now)
            case messages.Published() | messages.Knock() | messages.KnockAnswer():
                self._close("protocol", ProtocolError("bad_message"), now)
            case messages.Paired():
                self._paired(now)
            case messages.Resumed(peer_here, _):
                self._resumed(peer_here, now)
            case messages.PeerBack():
                self._peer_back(now)
            case messages.PeerGone():
                self._peer_gone(now)
            case messages.SecondScan():
                self._second_scan(now)
            case messages.Closed(reason):
                self._relay_closed(reason)
            case messages.Refused():
                self._refused(message, now)
            case _:
                assert_never(message)

    def receive_binary(self, message: bytes, now: float) -> None:
        """Take a sealed message that the relay passed on."""
        if self.phase in (Phase.STARTING, Phase.WAITING, Phase.ENDED):
            return
        try:
            if self._channel is not None and message[:1] in (b"\x10", b"\x11"):
                self._receive_sealed(message, now)
            else:
                self._receive_opening(message, now)
        except (TrustError, ProtocolError, StateError) as error:
            if error.code != "m1_open":
                self._close("protocol", error, now)

    def tick(self, now: float) -> None:
        """Time has passed."""
        for timer in self._timers.over(now):
            self._overdue(timer, now)
        if self._channel is not None and self._presence.both_here:
            if self._channel.delivery.is_silent(now):
                # The relay answers, yet nothing gets through: another way may be better.
                self._out.append(events.HangUp())
            self._channel.delivery.tick(now)

    # --- the person ---

    def show_code(self, now: float) -> bool:
        """G: the person wants a code to type; `CodeShown` or `CodeUnavailable` follows.

        Returns:
            Whether this QR code lives long enough for one; otherwise show a fresh one first.
        """
        ends = self._timers.until(Timer.UNCLAIMED)
        if self.phase is not Phase.WAITING or ends is None or ends - now < CODE_FRESH_S:
            return False
        self._codes.show(now)
        return True

    def offer(self, items: Sequence[Item]) -> None:
        """Sender: these are to be sent, as soon as the number matched.

        Raises:
            ProtocolError: ``too_large`` or ``bad_manifest``: they cannot be sent.
        """
        if not isinstance(self._transfer, Sender):
            raise StateError("only a sender offers")
        self._offer = self._transfer.offer(items)
        if self.phase is Phase.MOVING:
            self._send_offer()

    def enter_number(self, typed: str, now: float) -> None:
        """Sender: the person typed the number."""
        if self.phase is not Phase.COMPARING or not isinstance(self._channel, Unconfirmed):
            return
        confirmed = self._channel.confirm(typed)
        if confirmed is not None:
            self._channel = confirmed
            self.phase = Phase.MOVING
            self._timers.stop(Timer.NUMBER)
            self._tell(events.NumberMatched())
            self._send_offer()
        elif self._channel.tries_left:
            self._tell(events.NumberWrong(self._channel.tries_left))
        else:
            self._tell(events.NumberWrong(0))
            self._close("number_mismatch", TrustError("number_mismatch"), now)

    def report_step(self, step: str) -> None:
        """Tell the other person where this one is: choosing, typing, asking or saving."""
        self._step = step
        if self._stands and self._channel is not None and self._is_open:
            self._channel.send(Progress(step))

    def saving(self) -> None:
        """Receiver: the person said yes; what follows is this device's work.

        Called before the first byte is written; `stored` calls it where nothing is.
        """
        self._timers.stop(Timer.SAVE)
        if not self._said_saving:  # once before each RECEIPT: the relay counts messages
            self._said_saving = True
            self.report_step("saving")

    def ask_seen(self, results: Sequence[ItemResult], now: float) -> None:
        """Receiver that is a page: the files are with the browser, the person is asked for them.

        Called again when they were handed over again: the question's time begins anew.

        Args:
            results: What is true if the person sees the files: ``stored`` for each one that
                was handed over, ``rejected`` for the others.
            now: Seconds on the driver's clock.
        """
        if self._results is not None or self.phase is not Phase.MOVING:
            return
        self.saving()
        self._handed_over = tuple(results)
        until = now + self._times.seen_question
        session_end = self._timers.until(Timer.SESSION)
        if session_end is not None:
            until = min(until, session_end - SEEN_RESERVE_S)
        self._timers.start(Timer.SEEN, until)

    def confirm_seen(self) -> None:
        """Receiver that is a page: the person sees the files."""
        if self._handed_over is not None:
            self.stored(self._handed_over)

    def give_up_seeing(self) -> None:
        """Receiver that is a page: nobody has seen the files; the receipt says so."""
        if self._handed_over is not None:
            self.stored([_unseen(result) for result in self._handed_over])

    def stored(self, results: Sequence[ItemResult]) -> None:
        """Receiver: every item is on disk or refused; the receipt goes out."""
        if not isinstance(self._transfer, Receiver) or self._results is not None:
            return
        if self._hello.platform == "web" and any(each.status == "duplicate" for each in results):
            raise StateError("a page cannot know what is on the disk")
        self.saving()
        self._timers.stop(Timer.SEEN)
        self._results = tuple(results)
        self._error = outcome.of_results(self._results)
        self._receipt = self._transfer.receipt(self._results)
        self._give_receipt(at_once=False)

    def _give_receipt(self, *, at_once: bool) -> None:
        """Send the receipt once `saving` is acknowledged, so that the order tells no answer."""
        if self._receipt is None or not self._is_open or not isinstance(self._channel, Confirmed):
            return
        if at_once or self._channel.delivery.is_settled:
            self._channel.send(self._receipt)
            self._receipt = None

    def cancel(self, now: float, why: CertRelayError | None = None) -> None:
        """The person gave up, or something on this device failed: both sides end."""
        self.give_up_seeing()
        self._close("cancelled", why or Interrupted("interrupted"), now)

    def interrupt(self, now: float) -> None:
        """Something outside ends this program.  At a page that is its tab being closed.

        It may be called again: what this end waits for anyhow is cut short too.
        """
        if self._hello.platform == "web":
            self.give_up_seeing()
            self._close("page_closed", Interrupted("interrupted"), now)
        else:
            self.cancel(now)
        self._timers.shorten(Timer.CLOSE, now + self._times.interrupted_wait)

    # --- what the relay says ---

    def _created(self, expires_in_ms: int, now: float) -> None:
        if isinstance(self.side, ScanSide):
            self._close("protocol", ProtocolError("bad_message"), now)
            return
        first = not self._presence.was_in_room
        self._presence.enter()
        if self._channel is not None or self._is_opening:
            # Created again after a restart of the relay, claimed: S has yet to come back.
            self._peer_gone(now)
            return
        if first:
            self.phase = Phase.WAITING
            # The relay's word may shorten the code's life, never lengthen it.
            life = min(expires_in_ms / 1000, self._times.unclaimed)
            self._timers.start(Timer.UNCLAIMED, now + life + self._times.slack)
            self._tell(events.RoomOpened(round(life * 1000)))

    def _paired(self, now: float) -> None:
        self._presence.enter()
        if self.phase not in (Phase.STARTING, Phase.WAITING):
            self._peer_back(now)
            return
        self.phase = Phase.OPENING
        self._presence.peer_came()
        self._codes.forget()
        self._timers.stop(Timer.UNCLAIMED)
        self._timers.start(Timer.HANDSHAKE, now + self._times.handshake)
        self._timers.start(Timer.SESSION, now + self._times.session)
        self._tell(events.DeviceJoined())
        self._repeat_opening(now)

    def _resumed(self, peer_here: bool, now: float) -> None:
        if self.phase is Phase.STARTING:
            # Nobody asked for it, and no timer of a room would run.
            self._close("protocol", ProtocolError("bad_message"), now)
            return
        self._presence.enter()
        if peer_here:
            self._peer_back(now)
        elif self.phase is not Phase.WAITING:
            self._peer_gone(now)
        else:
            self._codes.connected(now)

    def _peer_back(self, now: float) -> None:
        if self.phase is Phase.WAITING:
            # G was cut off just when S came, and never heard `paired`.
            self._paired(now)
            return
        self._presence.peer_came()
        if self._channel is not None:
            self._channel.delivery.repeat(now)
        self._repeat_opening(now)

    def _peer_gone(self, now: float) -> None:
        self._presence.peer_left(now, awaited=self._is_open)

    def _second_scan(self, now: float) -> None:
        if not self._was_scanned_twice:  # who has a photograph can scan it a thousand times
            self._was_scanned_twice = True
            self._tell(events.ScannedTwice())
        if not isinstance(self._channel, Confirmed):
            self._close("second_scan", RoomEnded("second_scan"), now)

    def _relay_closed(self, reason: messages.ClosedReason) -> None:
        if self.phase not in (Phase.CLOSING, Phase.CLOSED):
            self._settle(RoomEnded(reason))
        self._finish()

    def _refused(self, refused: messages.Refused, now: float) -> None:
        error = outcome.of_refusal(refused, self._hello)
        if self.phase is Phase.CLOSING:
            self._finish()
        elif refused.code == "peer_not_ready":
            self._presence.join_later(now)
        elif self._presence.may_retry(refused):
            self._out.append(events.HangUp())
        else:
            self._end(error)

    # --- the opening ---

    @property
    def _is_opening(self) -> bool:
        return self.phase is Phase.OPENING

    def _repeat_opening(self, now: float) -> None:
        """S: send m1 or m3 again until G has answered, every three seconds."""
        message = self.side.to_repeat()
        if message is not None and not self._stands:
            self._out.append(events.SendBinary(message))
            self._timers.start(Timer.REPEAT, now + self._times.repeat)

    def _receive_opening(self, message: bytes, now: float) -> None:
        step = self.side.receive(message)
        self._out.extend(events.SendBinary(each) for each in step.send)
        if step.hello is not None:
            self._introduce(step.hello)
        if step.keys is not None:
            self._channel = Unconfirmed(step.keys)
        if step.acknowledge and self._channel is not None:
            self._answer_m3(self._channel, now)
        elif step.send and isinstance(self.side, ScanSide):
            self._timers.start(Timer.REPEAT, now + self._times.repeat)
            if step.keys is not None and self._refusal is not None:
                self._refuse(self._refusal, now)

    def _answer_m3(self, channel: Unconfirmed | Confirmed, now: float) -> None:
        """G: a 0x11; to a device that is refused, the frame with CLOSE and nothing else."""
        first, self._stands = not self._stands, True
        if self._refusal is None:
            channel.delivery.acknowledge()
            if first:
                self._compare(now)
        elif first:
            self._refuse(self._refusal, now)
        else:
            channel.delivery.repeat(now)

    def _refuse(self, refusal: ReleaseRefused, now: float) -> None:
        """Tell a device inside the seal that its release is not admitted; show no number."""
        self._settle(refusal)
        versions = {
            name: str(refusal.details[name]) for name in VERSIONS if name in refusal.details
        }
        self._send_close(Close(refusal.code, **versions), now)

    def _introduce(self, hello: Hello) -> None:
        try:
            self._policy.check(hello.platform, hello.app_version, hello.os_version)
        except ReleaseRefused as refusal:
            self._refusal = refusal
        self._tell(events.PeerIntroduced(hello))

    def _compare(self, now: float) -> None:
        """The channel stands: people compare the number."""
        assert isinstance(self._channel, Unconfirmed)
        self._timers.stop(Timer.HANDSHAKE, Timer.REPEAT)
        self.phase = Phase.COMPARING
        if self._step is not None:
            self._channel.send(Progress(self._step))
        if self.side.sends:
            self._tell(events.NumberWanted(self._channel.tries_left))
        else:
            self._timers.start(Timer.NUMBER_DELAY, now + self._times.number_delay)

    def _show_number(self, now: float) -> None:
        """Receiver: the sender's person can type the number now; the clock begins, or anew."""
        self._timers.stop(Timer.NUMBER_DELAY)
        self._timers.start(Timer.NUMBER, now + self._times.number)
        if not self._shows_number and isinstance(self._channel, Unconfirmed):
            self._shows_number = True
            self._tell(events.NumberShown(self._channel.number))

    # --- the channel ---

    @property
    def _is_open(self) -> bool:
        return self.phase in (Phase.OPENING, Phase.COMPARING, Phase.MOVING)

    def _receive_sealed(self, message: bytes, now: float) -> None:
        assert self._channel is not None
        delivery = self._channel.delivery
        if self.phase in (Phase.CLOSING, Phase.CLOSED):
            self._receive_late(message, now)
            return
        before = delivery.delivered_bytes
        body = delivery.receive(message, now)
        if not self._stands:
            # S: G's first 0x10 or 0x11 that opens proves that m3 arrived.
            self._stands = True
            if not isinstance(body, Close):  # a refusal stands in place of the number
                self._compare(now)
        self._give_receipt(at_once=False)
        if delivery.delivered_bytes != before:
            self._tell(events.Moved(delivery.delivered_bytes, self._transfer.total))
        match body:
            case None:
                return
            case Close():
                self._peer_closed(body, now)
            case Progress(step):
                self._peer_stepped(step, now)
            case _:
                self._receive_transfer(body, now)

    def _peer_stepped(self, step: str, now: float) -> None:
        self._tell(events.PeerStepped(step))
        if self.phase is Phase.COMPARING and not self.side.sends:
            # A person who still looks for a certificate and its password is not late with the
            # number, and has nowhere to type it.
            if step == "choosing":
                self._timers.stop(Timer.NUMBER, Timer.NUMBER_DELAY)
                self._shows_number = False
            elif step == "typing":
                self._show_number(now)

    def _receive_late(self, message: bytes, now: float) -> None:
        """After a CLOSE frames are acknowledged and not read."""
        assert self._channel is not None
        with suppress(TrustError, ProtocolError):
            self._channel.delivery.receive(message, now)
            self._stands = True
            self._timers.stop(Timer.REPEAT)
        if self._channel.delivery.is_dead:
            self._leave()
        elif self.phase is Phase.CLOSING and self._channel.delivery.is_settled:
            self._flush_channel(now)
            self._leave()

    def _receive_transfer(self, body: Body, now: float) -> None:
        assert self._channel is not None
        if (
            isinstance(body, Receipt)
            and isinstance(self._transfer, Sender)
            and not self._is_end_taken
        ):
            raise ProtocolError("out_of_turn")
        answers = hand_to(self._transfer, body)
        if isinstance(body, Offer) and isinstance(self._channel, Unconfirmed):
            self._channel = self._channel.confirmed_by(body)
            self.phase = Phase.MOVING
            self._timers.stop(Timer.NUMBER, Timer.NUMBER_DELAY)
        if not isinstance(self._channel, Confirmed):
            raise ProtocolError("out_of_turn")
        for answer in answers:
            self._channel.send(answer)
        if isinstance(self._transfer, Sender):
            self._after_sender(self._transfer, now)
        else:
            self._after_receiver(self._transfer, now)

    @property
    def _is_end_taken(self) -> bool:
        """Sender: whether the receiver has acknowledged END; what it says of the items before that
        it cannot know."""
        assert self._channel is not None
        return self._end_seq is not None and self._channel.delivery.is_acknowledged(self._end_seq)

    def _after_sender(self, sender: Sender, now: float) -> None:
        if sender.results is not None:
            self._results = sender.results
            self._tell(events.ReceiptArrived(sender.results))
            self._close("done", outcome.of_results(sender.results), now)
        elif sender.rejected is not None:
            self._close("done", NotConfirmed("rejected", reason=sender.rejected), now)

    def _after_receiver(self, receiver: Receiver, now: float) -> None:
        if receiver.rejection is not None:
            self._error = ProtocolError(receiver.rejection)
        elif receiver.items:
            self._timers.start(Timer.SAVE, now + self._times.save_question)
            self.report_step("asking")
            self._tell(events.ItemsArrived(receiver.items))
        elif receiver.received:
            self._tell(events.Moved(receiver.received, receiver.total))

    def _send_offer(self) -> None:
        if self._offer is not None and isinstance(self._channel, Confirmed):
            self._channel.send(self._offer)

    def _flush_channel(self, now: float) -> None:
        speaks = self._stands or self.phase is Phase.CLOSING
        if self._channel is not None and speaks and self._presence.both_here:
            self._fill_window(self._channel)
            sealed = self._channel.delivery.take(now)
            self._out.extend(events.SendBinary(message) for message in sealed)

    def _fill_window(self, channel: Unconfirmed | Confirmed) -> None:
        """Sender: seal as much of the content as may be under way at once."""
        # Once a CLOSE is on its way, or the channel is dead, no more content leaves.
        if self.phase is not Phase.MOVING or not isinstance(self._transfer, Sender):
            return
        assert isinstance(channel, Confirmed)
        while channel.delivery.has_room and (body := self._transfer.next_body()):
            if isinstance(body, End):
                self._end_seq = channel.delivery.queued
            channel.send(body)

    # --- time ---

    def _overdue(self, timer: Timer, now: float) -> None:
        match timer:
            case Timer.ANSWER:
                code = "not_a_relay" if self._presence.connected else "connection_lost"
                self._end(RelayUnreachable(code))
            case Timer.JOIN:
                self._presence.greet_again()
            case Timer.JOIN_GIVES_UP:
                self._close("timeout", RoomEnded("peer_not_ready"), now)
            case Timer.REPEAT:
                if self._presence.both_here:
                    self._repeat_opening(now)
                else:
                    self._timers.start(Timer.REPEAT, now + self._times.repeat)
            case Timer.NUMBER_DELAY:
                self._show_number(now)
            case Timer.UNCLAIMED:
                self._close("timeout", RoomEnded("expired"), now)
            case Timer.HANDSHAKE | Timer.SESSION | Timer.NUMBER:
                self._close("timeout", RoomEnded("timeout"), now)
            case Timer.SAVE:
                self._tell(events.SaveOverdue())
            case Timer.SEEN:
                self.give_up_seeing()
                self._tell(events.SeenOverdue())
            case Timer.GRACE:
                self._settle(RelayUnreachable("connection_lost"))
                self._leave()
            case Timer.PEER_GRACE:
                self._settle(RoomEnded("grace"))
                self._leave()
            case Timer.CLOSE:
                if self.phase is Phase.CLOSING and isinstance(self._error, Interrupted):
                    self._tell(events.CloseUnheard())
                self._leave()
            case Timer.CODE_ANSWER | Timer.CODE_UNUSED:
                self._codes.overdue(timer, now)
            case _:
                assert_never(timer)

    # --- the end ---

    def _settle(self, error: CertRelayError | None) -> None:
        """Decide the outcome, where the receiver's results have not decided it already."""
        if self._results is not None:
            self._error = outcome.of_results(self._results)
        elif isinstance(self._transfer, Sender) and self._transfer.state is SenderState.SENT:
            # Only the receiver's own sealed word tells that nothing was stored.
            refused = error is not None and error.code == "cancelled"
            self._error = error if refused else NotConfirmed("not_confirmed")
        elif self._error is None:
            self._error = error

    def _close(self, reason: str, error: CertRelayError | None, now: float) -> None:
        """End the session: by CLOSE where the channel stands, else by `leave`."""
        if self.phase in (Phase.CLOSING, Phase.CLOSED, Phase.ENDED):
            return
        self._settle(error)
        if self._channel is None or self._channel.delivery.is_dead:
            self._leave()
            return
        self._give_receipt(at_once=True)
        self._send_close(Close(reason), now)

    def _send_close(self, close: Close, now: float) -> None:
        assert self._channel is not None
        self._channel.send(close)
        self.phase = Phase.CLOSING
        self._timers.stop_all()
        self._timers.start(Timer.CLOSE, now + self._times.close_wait)
        if not self._stands:  # S: G opens the frame only once it has m3
            self._timers.start(Timer.REPEAT, now + self._times.repeat)

    def _peer_closed(self, close: Close, now: float) -> None:
        if close.reason == "done":
            self._settle(NotConfirmed("cancelled"))
        else:
            self._settle(outcome.of_close(close, self._hello))
        self.phase = Phase.CLOSED
        self._timers.stop_all()
        self._timers.start(Timer.CLOSE, now + self._times.close_wait)

    def _leave(self) -> None:
        if self._presence.online:
            self._say(messages.Leave())
        self._finish()

    def _end(self, error: CertRelayError) -> None:
        """End without a word: the relay has hung up, or was never there."""
        if self.phase is not Phase.ENDED:
            self._settle(error)
            self._finish()

    def _finish(self) -> None:
        if self.phase is Phase.ENDED:
            return
        self.phase = Phase.ENDED
        self._timers.stop_all()
        if self._channel is not None:
            self._channel.delivery.kill()
        self._codes.forget()
        matched = isinstance(self._channel, Confirmed)
        self._tell(events.Ended(self._error, self._results, matched))

    # --- giving out ---

    def _say(self, message: messages.FromDevice) -> None:
        self._out.append(events.SendText(messages.encode(message)))

    def _tell(self, event: events.Event) -> None:
        self._out.append(event)


def _unseen(result: ItemResult) -> ItemResult:
    return ItemResult("unconfirmed") if result.status == "stored" else result
