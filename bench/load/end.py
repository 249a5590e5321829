"""One device of a copy: the clients' own driver, with asyncio for its shell."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from bench.load.wire import Relay, Wire, open_wire
from certrelay import limits
from certrelay.endpoint import Endpoint, events

FAREWELL_S: Final = 2.0
"""As `certrelay.client.flow.session` waits for the relay to close the socket at the end."""


class End:
    """A device that goes on until its driver has ended.

    Args:
        endpoint: The driver.
        port: Says to which relay to connect, each time.
        client: The address that it pretends to have.
        on_event: Takes each event.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        port: Callable[[], int | Relay],
        client: str,
        on_event: Callable[["End", events.Event], None],
    ) -> None:
        self.endpoint: Final = endpoint
        self.lost_times = 0
        """How often its connection was lost."""

        self._port: Final = port
        self._client: Final = client
        self._on_event: Final = on_event
        self._loop: Final = asyncio.get_running_loop()
        self._wire: Wire | None = None
        self._stands = False
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._gone: Final = asyncio.Event()
        self._ended: Final[asyncio.Future[events.Ended]] = self._loop.create_future()

    async def run(self) -> events.Ended:
        """Connect, and go on until the end."""
        self._connect()
        self.pump()
        ended = await self._ended
        if self._timer is not None:
            self._timer.cancel()
        return ended

    async def farewell(self) -> None:
        """Wait until the relay has closed the socket, or hang up."""
        for task in self._tasks:
            task.cancel()
        if self._wire is None or not self._stands:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._gone.wait()
        self._hang_up()
        await self._gone.wait()

    def pump(self) -> None:
        """Carry out what the driver wants, and be there when it is due."""
        while outputs := self.endpoint.take(self._loop.time()):
            for output in outputs:
                match output:
                    case events.SendText(text):
                        self._send(text)
                    case events.SendBinary(message):
                        self._send(message)
                    case events.HangUp():
                        self._hang_up()
                    case events.Ended():
                        if not self._ended.done():
                            self._ended.set_result(output)
                    case _:
                        self._on_event(self, output)
        if self._timer is not None:
            self._timer.cancel()
        due = self.endpoint.deadline()
        if due is not None and not self._ended.done():
            self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self.endpoint.tick(self._loop.time())
        self.pump()

    def _send(self, message: str | bytes) -> None:
        if self._wire is not None and self._stands:
            self._wire.send(message)

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()

    def _connect(self) -> None:
        if self._ended.done() or not self.endpoint.wants_connection:
            return
        wire = self._wire = Wire(self._port(), self._client, self._opened, self._heard, self._lost)
        task = self._loop.create_task(open_wire(wire))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _opened(self) -> None:
        self._stands = True
        self.endpoint.connected(self._loop.time())
        self.pump()

    def _heard(self, message: str | bytes) -> None:
        now = self._loop.time()
        if isinstance(message, str):
            self.endpoint.receive_text(message, now)
        else:
            self.endpoint.receive_binary(message, now)
        self.pump()

    def _lost(self) -> None:
        self._stands = False
        self._wire = None
        if self._ended.done():
            self._gone.set()
            return
        self.lost_times += 1
        self.endpoint.connection_lost(self._loop.time())
        wait_s = random.uniform(*limits.RECONNECT_S)
        self._loop.call_later(wait_s, self._connect)
        self.pump()
