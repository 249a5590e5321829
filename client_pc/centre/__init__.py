"""`certrelay centre`: the certificate centre, a page for everything that the commands do.

``server`` answers the page, ``tasks`` runs the program's own commands in child processes over the
contract of ``--json --interactive``, ``actions`` says which, ``places`` what they may work on,
``instance`` that there is one centre for each user; ``visits`` and ``visiting`` let a terminal show
its own copy there (`--browser`).  ``page/`` is what the browser runs.

Source: docs/architecture.md and docs/security.md on the centre.
"""

import os
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from certrelay.client.terminal.interrupts import Interrupts
from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, RelayUnreachable, UsageError
from certrelay.texts import Texts
from client_pc import settings as preferences
from client_pc.centre.instance import Instance, alone, ask_first
from client_pc.centre.places import Drops
from client_pc.centre.server import CentreServer
from client_pc.folders import data_folder
from client_pc.loopback.opening import open_page
from client_pc.settings import Settings

FIRST_S: Final = 10.0
"""Seconds for which a second start waits for the first one, which may be starting or ending."""

_TRY_S: Final = 0.1
_LOOK_S: Final = 0.5
_FAILS_S: Final = 2.0
"""Seconds in which a browser that cannot be started says so."""


def run(
    settings: Settings, report: Report, door: str = "home", port: int = 0
) -> CertRelayError | None:
    """Be the centre until it is closed, or open one more page of the one that runs.

    Args:
        settings: For the language; tasks read the settings themselves.
        report: Where the terminal hears of it, if there is one.
        door: Where the page begins: one of `client_pc.words.DOORS`.
        port: Where it listens; 0 for any.

    Raises:
        CertRelayError: ``no_home``, if nothing can be kept; ``interrupted``.
    """
    folder = data_folder()
    end = time.monotonic() + FIRST_S
    while True:
        with alone(folder) as instance:
            if instance is not None:
                return _be(instance, settings, report, door, port)
        address = ask_first(folder, door)
        if address is not None:
            return _send_to_first(address, report)
        if time.monotonic() >= end:
            return UsageError("centre_silent")
        time.sleep(_TRY_S)


def stand_by(language: str) -> None:
    """Be the centre for a terminal that opens its pages itself; the process's whole life.

    Args:
        language: Which one it speaks at first.
    """
    with suppress(CertRelayError), alone(data_folder()) as instance:
        if instance is not None:  # else another one was started at the same moment
            settings = preferences.read()
            with Path(os.devnull).open("w", encoding="ascii") as nowhere:
                _be(instance, settings, JsonReport(Texts(language), nowhere), None, 0)
    os._exit(0)


def _be(
    instance: Instance, settings: Settings, report: Report, door: str | None, port: int
) -> CertRelayError | None:
    language = settings.language or report.texts.language
    interrupts = Interrupts()
    with ExitStack() as stack:
        drops = Drops(instance.folder)
        stack.callback(drops.close)
        try:
            server = CentreServer(instance, drops, language, port=port)
        except OSError:
            return RelayUnreachable("port_taken")
        stack.callback(server.tasks.close)
        stack.enter_context(server.serving())
        stack.enter_context(interrupts.watched(server.closed.set))
        instance.announce(server.server_port)
        server.tasks.prepare()
        if door is not None:
            report.event("browser", report.texts.say("pc.centre.opening"), state="opening")
            open_page(server.address(door), server.was_not_opened)
        while not server.closed.wait(_LOOK_S):  # Windows takes Ctrl-C only between two waits
            pass
    interrupts.check()
    return server.error


def _send_to_first(address: str, report: Report) -> CertRelayError | None:
    report.event("browser", report.texts.say("pc.centre.again"), state="opening")
    failed = threading.Event()
    open_page(address, failed.set)
    return UsageError("no_page") if failed.wait(_FAILS_S) else None
