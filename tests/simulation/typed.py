"""Who types a code: the digits, slips and guesses, and the real way from them to the QR code."""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from certrelay.client.link import ConnectionLostError
from certrelay.e2e.code import Code
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import QrCode
from certrelay.endpoint import events
from certrelay.endpoint.code_entry import CodeEntry

if TYPE_CHECKING:
    from tests.simulation.devices import Device
    from tests.simulation.network import SimLink

ORIGIN = Origin.of("https", "relay.example", 443)


def slip(shown: str, draw: Random) -> str:
    """A code with one wrong digit."""
    at = draw.choice([at for at, digit in enumerate(shown) if digit != " "])
    return f"{shown[:at]}{(int(shown[at]) + draw.randint(1, 9)) % 10}{shown[at + 1 :]}"


def guess(shown: str, draw: Random) -> str:
    """The code's lobby, and any secret."""
    secret = f"{draw.randrange(10**8):08}"
    return f"{shown.split(maxsplit=1)[0]} {secret[:4]} {secret[4:]}"


class Typing:
    """One code that somebody types: a socket of its own, one `enter`, and what comes of it.

    Args:
        device: Whose person types.
        typed: The digits, spaced as they are shown.
        done: Gets the QR code's content, or nothing.
    """

    def __init__(self, device: "Device", typed: str, done: Callable[[QrCode | None], None]) -> None:
        self._device = device
        self._world = device.world
        self._typed = typed
        self._done = done
        self._entry = CodeEntry(Code.parse(typed), ORIGIN, device.draw.randbytes)
        self._link: SimLink | None = None
        self._timer: Any = None
        self._is_over = False
        self._world.loop.call_later(self._world.dial_time(device), self._dialled)

    def abandon(self) -> None:
        """The device is gone."""
        self._end()

    def _dialled(self) -> None:
        if self._is_over:
            return
        wire = self._world.dial_for(self._device, self._woken)
        if wire is None:
            self._end()
            self._done(None)
            return
        self._link = wire.link
        self._entry.connected(self._now)
        self._carry_out()

    def _woken(self) -> None:
        self._world.loop.call_soon(self._receive)

    def _receive(self) -> None:
        if self._is_over or self._link is None:
            return
        try:
            for message in self._link.receive(self._now):
                if isinstance(message, str):
                    self._entry.receive_text(message, self._now)
                else:
                    self._entry.receive_binary(message, self._now)
        except ConnectionLostError:
            self._entry.connection_lost(self._now)
        self._carry_out()

    def _tick(self) -> None:
        if not self._is_over:
            self._entry.tick(self._now)
            self._carry_out()

    def _carry_out(self) -> None:
        for order in self._entry.take():
            if isinstance(order, events.SendText) and self._link is not None:
                self._link.send_text(order.text)
        if self._entry.is_over:
            self._end()
            self._world.rules.typed(self._device, self._typed, self._entry)
            self._done(self._entry.qr)
            return
        due = self._entry.deadline()
        if self._timer is None and due is not None:
            self._timer = self._world.loop.call_later(due - self._now + 0.001, self._tick)

    def _end(self) -> None:
        self._is_over = True
        self._device.typing = None
        if self._timer is not None:
            self._timer.cancel()
        if self._link is not None:
            self._link.close()

    @property
    def _now(self) -> float:
        return self._world.loop.time()
