"""One room, from the first connection to the end, with a person.

A `Handler` (sending or receiving) hears the events and puts the questions; `Loop` waits.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final, Protocol

from certrelay.client.flow.dialogue import Dialogue
from certrelay.client.flow.loop import Loop, Shell
from certrelay.endpoint import Endpoint, events
from certrelay.errors import CertRelayError
from certrelay.frozen import frozen
from certrelay.safe_text import printable
from certrelay.wire.release import PCS

__all__ = ["CopySession", "Handler", "Names", "Shell"]


class Handler(Protocol):
    """What a device does in the room."""

    def on_event(self, event: events.Event, session: "CopySession") -> None:
        """Take an event that is this part's business."""


@frozen
class Names:
    """How the texts call the two devices."""

    own: str
    """``pc`` or ``phone``."""

    other: str
    """``pc``, ``phone``, or ``other_pc`` between two PCs."""


@frozen
class Wish:
    """Something that the person may ask for while no question is open."""

    words: frozenset[str]
    """The lines that ask for it, in small letters."""

    heard: Callable[[], None]


class CopySession(Loop[Endpoint]):
    """Runs one driver to its end, and puts its part's questions.

    Args:
        endpoint: The driver.
        handler: What this device does.
        origin: The relay.
        names: How the texts call the two devices.
        shell: The world around it.
    """

    def __init__(
        self, endpoint: Endpoint, handler: Handler, origin: str, names: Names, shell: Shell
    ) -> None:
        super().__init__(endpoint, origin, shell)
        self.names = names
        self.report: Final = shell.report
        self._handler: Final = handler
        self._dialogue: Dialogue[None] | None = None
        self._echo = ExitStack()
        self._is_hidden = False
        self._wish: Wish | None = None

    def say(self, event: str, key: str, **fields: Any) -> None:
        """Report an event with the sentence of ``key``, made of the same fields."""
        values = {
            name: value if isinstance(value, int) else str(value)
            for name, value in fields.items()
            if isinstance(value, str | int)
        }
        self.report.event(event, self.report.texts.say(key, **values), **fields)

    def converse(self, dialogue: Dialogue[None]) -> None:
        """Put questions while the session goes on; replaces an unfinished dialogue."""
        self.stop_asking()
        self._lines.start()
        self._lines.forget_early_ones()
        self._dialogue = dialogue
        self._step_dialogue(lambda: next(dialogue))

    def stop_asking(self) -> None:
        """Withdraw an unanswered question."""
        self._show_again()
        if self._dialogue is not None:
            self._dialogue.close()
            self._dialogue = None
            self.report.withdraw()

    def _show_again(self) -> None:
        self._is_hidden = False
        self._echo.close()

    @property
    def relay_has_page(self) -> bool:
        """Whether the phone's camera opens a page at the relay, as far as the relay says."""
        return self._link is None or self._link.has_page

    # --- the person ---

    def _answer(self) -> None:
        if self._dialogue is None:
            self._hear_wish()
            return
        try:
            line = self._lines.take()
        except CertRelayError as error:
            self.stop_asking()
            self.endpoint.cancel(self.now(), error)
            return
        if line is not None:
            dialogue = self._dialogue
            self.report.answered(seen=self._lines.is_terminal and not self._is_hidden)
            self._step_dialogue(lambda: dialogue.send(line))

    def listen(self, wish: Wish | None, *, reads: bool = True) -> None:
        """Hear a wish from now on, or none any more.

        Args:
            wish: What may be asked for.
            reads: Whether standard input is read for it; a page beside it is heard in any case.
        """
        self._wish = wish
        if wish is not None and reads:
            self._lines.start()
            self._lines.wake()  # it may have been written ahead

    def _hear_wish(self) -> None:
        if self._wish is None:
            self._lines.drain()
        elif self._lines.find(self._wish.words):
            self._wish.heard()

    def _step_dialogue(self, step: Callable[[], Any]) -> None:
        dialogue = self._dialogue
        try:
            ask = step()
        except StopIteration:
            if self._dialogue is dialogue:
                self._show_again()
                self._dialogue = None
            return
        except CertRelayError as error:
            self._show_again()
            self._dialogue = None
            self.endpoint.cancel(self.now(), error)
            return
        self.report.ask(ask.text)
        if not ask.secret:
            self._show_again()
        else:  # also if it is the next secret one: nothing typed in between was shown
            self._is_hidden = True
            self._echo.enter_context(self._lines.hidden())
        self._lines.wake()  # an answer that was written ahead is waiting already

    # --- what both parts tell ---

    def _on_event(self, event: events.Event) -> None:
        match event:
            case events.PeerIntroduced(hello):
                if self.names.own == "pc" and hello.platform in PCS:
                    self.names = Names("pc", "other_pc")
                self.say(
                    "paired",
                    f"story.paired.{self.names.other}",
                    peer=printable(hello.name),
                    platform=hello.platform,
                    app=hello.app,
                    app_version=hello.app_version,
                    os_version=hello.os_version,
                )
            case events.PeerStepped(step):
                text = self.report.texts.say(f"story.step.{step}.{self.names.other}")
                self.report.event("peer_step", text, step=step)
            case events.ConnectionLost(seconds):
                self.say("connection_lost", "story.connection_lost", seconds=round(seconds))
            case events.ConnectionBack():
                self.say("connection_back", "story.connection_back")
            case events.PeerLost(seconds):
                key = f"story.peer_lost.{self.names.other}"
                self.say("peer_lost", key, seconds=round(seconds))
            case events.PeerReturned():
                self.say("peer_back", f"story.peer_back.{self.names.other}")
            case events.CloseUnheard():
                self.say("close_unheard", f"story.close_unheard.{self.names.other}")
            case events.ScannedTwice():
                self.say("second_scan", "story.second_scan")
        self._handler.on_event(event, self)
