"""What a command finds around it: the person at the terminal, and the history of this PC."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from certrelay.client.home import home
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, UsageError
from client_pc.settings import Settings

if TYPE_CHECKING:
    from certrelay.client.flow.session import Shell
    from certrelay.client.terminal.lines import Lines


@contextmanager
def person(report: Report, lines: "Lines | None" = None) -> "Iterator[Shell]":
    """The person at this terminal; Ctrl-C sets a flag that is polled between steps.

    Args:
        report: What tells and asks.
        lines: The answers; without them those of standard input.
    """
    from random import uniform

    from certrelay.client.flow.session import Shell
    from certrelay.client.terminal.lines import standard_input

    warn_root(report)
    shell = Shell(report, lines or standard_input(lambda: report.question), uniform)
    try:
        with shell.lines.interrupts.watched(shell.lines.wake):
            if report.question is not None:  # whoever answers for a person may go at any moment
                shell.lines.start()
            yield shell
    finally:
        shell.lines.close()


def warn_root(report: Report) -> None:
    """Say it where root works in the home folder of somebody else, as under macOS's sudo."""
    if sys.platform == "win32":  # which has no such user
        return
    import os

    with suppress(CertRelayError, OSError):
        own, home_folder = os.geteuid(), home()
        if own == 0 != home_folder.stat().st_uid:
            text = report.texts.say("pc.as_root", path=str(home_folder))
            report.event("as_root", text, path=home_folder)


def data_folder() -> Path | None:
    """The folder of what this PC remembers; ``None`` without a home."""
    from client_pc import folders

    try:
        return folders.data_folder()
    except UsageError:
        return None


def history_folder(settings: Settings) -> Path | None:
    """The folder of the history; ``None`` if none is kept."""
    return data_folder() if settings.history else None


def with_history(report: Report, settings: Settings, saved: str = "convert") -> Report:
    """Write changes down; ``saved`` is what led to a certificate that is stored."""
    from client_pc.history.journal import journalled

    return journalled(report, history_folder(settings), saved)
