"""The programs of the devices: the real session loop, turned by the world's clock.

`Program` does what ``CopySession.run`` does, without blocking: where that would wait, it gives
the turn back to the world.  A frozen process takes no turns; a crashed one never again.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from certrelay.client.dialling import Dial
from certrelay.client.flow.session import CopySession, Handler, Names, Shell
from certrelay.client.link import ConnectionLostError, Link
from certrelay.client.terminal.interrupts import Interrupts
from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.lines import Lines
from certrelay.endpoint import events
from certrelay.errors import CertRelayError, RelayUnreachable, UsageError
from certrelay.limits import LEAVE_WAIT_S
from certrelay.texts import Texts
from tests.simulation.disk import in_use
from tests.simulation.network import SimLink
from tests.simulation.rules import WatchedEndpoint

TEXTS = Texts("en")


class Keyboard(Lines):
    """Lines that a person types."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.interrupts = Interrupts()  # type: ignore[misc]
        self.is_terminal = True  # type: ignore[misc]
        self._typed: list[str] = []
        self._wake_turn = wake
        self.asked_for_input = False

    def type(self, line: str) -> None:
        self._typed.append(line)
        self._wake_turn()

    @property
    def has_line(self) -> bool:
        return bool(self._typed)

    def fileno(self) -> int:
        return -1

    def wake(self) -> None:
        self._wake_turn()

    def start(self) -> None:
        """It is there already."""

    def take(self) -> str | None:
        return self._typed.pop(0) if self._typed else None

    def drain(self) -> None:
        """Lines stay where they are."""

    def forget_early_ones(self) -> None:
        self._typed.clear()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        yield

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.interrupts._asked = True
        self._wake_turn()

    def wait(self, _question: str = "") -> str:
        raise UsageError("input_ended")


class Screen(JsonReport):
    """A report whose events are what the person sees."""

    def __init__(self, see: Callable[[str, Mapping[str, Any]], None]) -> None:
        super().__init__(TEXTS, io.StringIO())
        self._see = see

    def ask(self, text: str) -> None:
        self._see("ask", {"text": text})

    def _write(self, fields: Mapping[str, Any]) -> None:
        self._see(fields["event"], fields)


class WatchedSession(CopySession):
    """The real session; the world sees each event."""

    watch: Callable[[events.Event], None]

    def _on_event(self, event: events.Event) -> None:
        self.watch(event)
        super()._on_event(event)


class SimDial:
    """A connection whose time has been waited for already."""

    def __init__(self, origin: str, link: SimLink | None) -> None:
        self._origin = origin
        self._link = link

    def fileno(self) -> int:
        return -1

    def deadline(self) -> float:
        return 0.0

    def take(self, now: float) -> Link | None:
        if self._link is None:
            raise RelayUnreachable("relay_unreachable", relay=self._origin)
        return self._link

    def abandon(self) -> None:
        """It is taken at once."""


class Program:
    """One run of a session.

    Args:
        device: Whose process it is; see `tests.simulation.devices`.
        endpoint: The driver.
        handler: What it does.
        names: Names of the devices, for the texts.
        done: Called at the end with how it ended; never after a crash.
    """

    def __init__(
        self,
        device: Any,
        endpoint: WatchedEndpoint,
        handler: Handler,
        names: Names,
        done: Callable[[events.Ended], None],
    ) -> None:
        self.device = device
        self.world = device.world
        self.endpoint = endpoint
        self.keyboard = Keyboard(self.wake)
        shell = Shell(
            report=Screen(lambda name, fields: device.sees(self, name, fields)),
            lines=self.keyboard,
            random=device.draw.uniform,
            clock=self.world.loop.time,
            connect=self._connect,
        )
        self.session = WatchedSession(endpoint, handler, "https://relay.example/", names, shell)
        self.session.watch = lambda event: self.world.rules.heard(self, event)
        self.began_at = self.world.loop.time()
        self.is_over = False
        self.frozen_until = 0.0
        self._done = done
        self._farewell_until: float | None = None
        self._dialling = False
        self._timer: Any = None
        self._soon = False
        self._turn(self._proceed)

    # --- what the world does ---

    def wake(self) -> None:
        """Something has become readable."""
        if not self._soon and not self.is_over:
            self._soon = True
            self.world.loop.call_soon(self._woken)

    def kill(self) -> None:
        """The process is gone; its socket with it."""
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()
        link = self.link
        if link is not None:
            link.close()

    @property
    def link(self) -> SimLink | None:
        return cast(SimLink | None, self.session._link)

    # --- turns ---

    def _woken(self) -> None:
        self._soon = False
        if self.is_over or self._dialling:
            return
        left = self.frozen_until - self.world.loop.time()
        if left > 0:
            self._wake_in(left)
        elif self._farewell_until is not None:
            self._turn(self._say_farewell)
        else:
            self._turn(self._act)

    def _turn(self, step: Callable[[], None]) -> None:
        try:
            with in_use(self.device.disk):
                step()
        except CertRelayError as error:
            self._finish(events.Ended(error, None))
        except BaseException as error:
            self.world.threw(self.device, error)
        else:
            self.world.rules.after_turn(self)

    def _act(self) -> None:
        link = self.link
        readable: list[Link | Lines] = []
        if link is not None and link.is_readable:
            readable.append(link)
        if self.keyboard.has_line:
            readable.append(self.keyboard)
        self.session._act(readable, [])
        self._proceed()

    def _proceed(self) -> None:
        session = self.session
        if session._ended is None and self._must_dial():
            self._dialling = True
            seconds = self.world.dial_time(self.device)
            self.world.loop.call_later(seconds, self._dialled)
            return
        if session._ended is None:
            session.carry_out()
        if session._ended is not None:
            self._farewell_until = self.world.loop.time() + LEAVE_WAIT_S
            self._say_farewell()
            return
        if self._must_dial():
            self._proceed()
            return
        self._wake_in(session._due() - self.world.loop.time())

    def _must_dial(self) -> bool:
        session = self.session
        return (
            session._link is None
            and session.endpoint.wants_connection
            and self.world.loop.time() >= session._connect_at
        )

    def _dialled(self) -> None:
        if self.is_over:
            return
        left = self.frozen_until - self.world.loop.time()
        if left > 0:
            self.world.loop.call_later(left, self._dialled)
            return
        self._dialling = False
        self._turn(self._after_dialling)

    def _after_dialling(self) -> None:
        self.session._keep_connected()
        self.session.carry_out()
        self._proceed()

    def _connect(self, origin: str, now: float, *, timeout_s: float) -> Dial:
        wire = self.world.dial(self)
        return SimDial(origin, None if wire is None else wire.link)

    def _say_farewell(self) -> None:
        """As ``CopySession._say_farewell``, then the end of ``CopySession.run``."""
        assert self._farewell_until is not None
        link = self.link
        left = self._farewell_until - self.world.loop.time()
        if link is not None and left > 0:
            try:
                link.receive(self.world.loop.time())
            except ConnectionLostError:
                pass
            else:
                self._wake_in(left)
                return
        self.session.stop_asking()
        self.session._hang_up()
        assert self.session._ended is not None
        self._finish(self.session._ended)

    def _finish(self, ended: events.Ended) -> None:
        self.session._hang_up()
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()
        self.world.rules.ended(self, ended)
        self._done(ended)

    def _wake_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # Real clocks move between two looks at them.
        self._timer = self.world.loop.call_later(max(0.0001, seconds), self.wake)
