"""Our programs as real processes that start in a moment and wait a fifth of the usual times.

They are forked from a process that has imported everything already; each can be stopped and
killed like any other.  Times are shortened where a program is given them: a client by the
driver's `Times`, the relay by its `Settings`.
"""

import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any
from unittest import mock

from certrelay.frozen import replace
from tests.contract import check

TIMES = {"grace": 12.0, "slack": 0.5, "close_wait": 1.0, "repeat": 0.5, "join_retry": 0.3}
"""Seconds of the clients' driver."""

QUIET_S, ANSWER_PING_S = 2.0, 3.0
"""Seconds until a client asks whether its connection lives, and for the answer."""

Event = dict[str, Any]

_EXIT = "exit status"
"""The name of our own last event."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "tests.flows.quick",
        "client_pc.cli",
        "client_pc.parser",
        "client_pc.receive",
        "client_pc.send",
        "client_mobile_sim.cli",
        "certrelay.client.camera",
        "client_mobile_sim.phone",
        "relay.server",
        "relay.embedded",
    ]
)


class Process:
    """A process of ours.

    Any thread may wait for its end or end it, which the library's own ``join`` is not made for:
    a pipe that only the process holds tells whether it runs.

    Args:
        name: For messages.
        target: What it does; arguments follow.
    """

    def __init__(self, name: str, target: Callable[..., None], *arguments: Any) -> None:
        self.name = name
        self._life, held = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_live, args=(held, target, *arguments), daemon=True)
        self._process.start()
        held.close()

    def kill(self) -> None:
        """Kill -9."""
        if not self._life.poll(0):
            self.signal(signal.SIGKILL)
        self.join()

    def join(self) -> None:
        """Wait for its end."""
        self._life.poll(None)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process.pid is not None
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, number)


def _live(_held: Connection, target: Callable[..., None], *arguments: Any) -> None:
    target(*arguments)


class QuickClient(Process):
    """A client with ``--json``.

    Args:
        name: ``pc`` or ``phone``.
        arguments: Its command line.
        told: Gets each event with the client, and ``None`` at the end.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        told: "queue.SimpleQueue[tuple[QuickClient, Event | None]]",
    ) -> None:
        answers_read, self._answers = _CONTEXT.Pipe(duplex=False)
        self._events, events_write = _CONTEXT.Pipe(duplex=False)
        self._told = told
        self.events: list[Event] = []
        self.status: int | None = None
        """Its exit status; ``None`` if it runs or was killed."""

        target = _run_pc if name == "pc" else _run_phone
        super().__init__(name, target, [*arguments, "--json"], answers_read, events_write)
        answers_read.close()
        events_write.close()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def answer(self, line: str) -> None:
        """Type a line."""
        with suppress(OSError):
            os.write(self._answers.fileno(), f"{line}\n".encode())

    def codes(self) -> list[str]:
        """The words of the errors that it told."""
        return [event["code"] for event in self.events if event["event"] == "error"]

    def close(self) -> None:
        """End it, if it has not ended, and let go of everything."""
        self.kill()
        self._reader.join()
        self._answers.close()
        self._events.close()
        check(self.events)

    def _read(self) -> None:
        with open(self._events.fileno(), encoding="utf-8", closefd=False) as lines:
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:  # the last line of a process that was killed
                    continue
                if event["event"] == _EXIT:
                    self.status = event["status"]
                else:
                    self.events.append(event)
                    self._told.put((self, event))
        self._told.put((self, None))


class QuickRelay(Process):
    """A relay on a port of its own choice, or of the one before it."""

    def __init__(self, port: int = 0) -> None:
        ready, tell = _CONTEXT.Pipe(duplex=False)
        super().__init__("relay", _run_relay, port, tell)
        tell.close()
        self.port: int = ready.recv()
        ready.close()


def _use(answers: Connection, events: Connection) -> None:
    """Make the pipes standard input and output."""
    os.dup2(answers.fileno(), 0)
    os.dup2(events.fileno(), 1)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1, closefd=False)


def _with_short_times(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> None:
    from certrelay.client import link
    from certrelay.endpoint import driver
    from certrelay.endpoint.times import Times

    with (
        mock.patch.object(driver, "Times", partial(Times, **TIMES)),
        mock.patch.object(link, "QUIET_S", QUIET_S),
        mock.patch.object(link, "ANSWER_PING_S", ANSWER_PING_S),
    ):
        status = main(arguments)
    print(json.dumps({"event": _EXIT, "status": status}), flush=True)
    os._exit(status)


def _run_pc(arguments: Sequence[str], answers: Connection, events: Connection) -> None:
    from client_pc.cli import main

    _use(answers, events)
    _with_short_times(main, arguments)


def _run_phone(arguments: Sequence[str], answers: Connection, events: Connection) -> None:
    from client_mobile_sim.cli import main

    _use(answers, events)
    _with_short_times(main, arguments)


def _run_relay(port: int, ready: Connection) -> None:
    from certrelay.wire.room import RoomLimits
    from relay.embedded import EMBEDDED, start
    from relay.settings import Edges

    settings = replace(
        EMBEDDED,
        room=RoomLimits(grace_s=TIMES["grace"], join_retry_s=TIMES["join_retry"]),
        # The clients name the proxy in front of it.
        edges=Edges(hosts=frozenset(), ip_hosts=True),
    )
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    with start("127.0.0.1", port, settings=settings) as running:
        ready.send(running.port)
        signal.sigwait([signal.SIGTERM])
