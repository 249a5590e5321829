"""`certrelay desktop`: puts the program where people look for programs, and takes it away."""

import os
import sys
from typing import Protocol

from certrelay.client.terminal.report import Report
from certrelay.safe_text import printable
from client_pc.desktop.installed import Installed
from client_pc.desktop.launcher import launcher
from client_pc.folders import data_folder


class Desktop(Protocol):
    """What each system does in its own way."""

    def install(self, installed: Installed) -> None:
        """Put the icon where people look; again is the same as once."""

    def remind(self, installed: Installed) -> None:
        """Have the system remind once a day; again is the same as once."""

    def forget(self) -> None:
        """Have the system remind no more, as far as it is more than files."""

    def settle(self) -> None:
        """Tell the system that files have come or gone."""


def install(report: Report, *, remind: bool) -> None:
    """`certrelay desktop install`: what stands afterwards is what was asked for this time.

    Args:
        report: Where it is told.
        remind: Whether the system shall remind once a day of what expires.

    Raises:
        UsageError: ``no_home``.
        StorageError: ``desktop_taken``, ``output_file``.
        NotConfirmed: ``system_refused``.
    """
    installed, desktop = Installed(data_folder()), _desktop(report)
    desktop.install(installed)
    if remind:
        desktop.remind(installed)
    elif installed.has_reminder:
        desktop.forget()
        installed.forget_reminder()
    installed.settle()
    desktop.settle()
    say = report.texts.say
    text = say("pc.desktop.installed", name=say("desktop.name"))
    more = say("pc.desktop.reminds") if remind else say("pc.desktop.can_remind")
    report.event(
        "desktop_installed",
        f"{text}\n{more}",
        paths=list(map(str, installed.paths)),
        reminds=remind,
    )


def remove(report: Report) -> None:
    """`certrelay desktop remove`: exactly what was installed, and nothing else.

    Raises:
        UsageError: ``no_home``.
        StorageError: ``output_file``.
    """
    installed = Installed(data_folder())
    paths = installed.paths
    if installed.is_empty:
        report.event("empty", report.texts.say("pc.desktop.none"))
        return
    desktop = _desktop(report)
    if installed.has_reminder:
        desktop.forget()
        installed.forget_reminder()
    installed.remove()
    desktop.settle()
    text = report.texts.say("pc.desktop.removed", count=len(paths))
    report.event("desktop_removed", printable(text, None), paths=list(map(str, paths)))


def _desktop(report: Report) -> Desktop:
    own = launcher()
    if sys.platform == "win32":
        from client_pc.desktop.windows import WindowsDesktop

        return WindowsDesktop(own, os.environ, data_folder(), report.texts)
    if sys.platform == "darwin":
        from client_pc.desktop.macos import MacDesktop

        return MacDesktop(own, report.texts)
    from client_pc.desktop.linux import LinuxDesktop

    return LinuxDesktop(own, os.environ)
