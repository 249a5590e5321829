"""A notice of the system, which comes up by itself and goes by itself.

Sources: Desktop Notifications Specification 1.2, NotifyIcon.ShowBalloonTip (learn.microsoft.com),
Mac Automation Scripting Guide.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from certrelay.errors import CertRelayError, NotConfirmed
from client_pc.desktop import tools

if TYPE_CHECKING:  # at run time it needs the catalogue, which may be what is broken
    from certrelay.client.terminal.report import Report

_WINDOWS: Final = """
$ErrorActionPreference = 'Stop'
Add-Type -AssemblyName System.Windows.Forms, System.Drawing
$icon = New-Object System.Windows.Forms.NotifyIcon
$icon.Icon = [System.Drawing.SystemIcons]::Information
$icon.Visible = $true
$icon.ShowBalloonTip(10000, $env:CERTRELAY_TITLE, $env:CERTRELAY_TEXT, 'Info')
Start-Sleep -Seconds 12
$icon.Dispose()
"""

_MACOS: Final = """on run words
display notification (item 2 of words) with title (item 1 of words)
end run"""


def show(
    title: str,
    text: str,
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> None:
    """Show a notice; the first of the system's ways that works.

    Args:
        title: A few words.
        text: A sentence.
        environment: The process's.
        platform: The system.

    Raises:
        NotConfirmed: ``notice_failed``.
    """
    environment = os.environ if environment is None else environment
    values = {"CERTRELAY_TITLE": title, "CERTRELAY_TEXT": text}
    for way in _ways(title, text, environment, platform):
        if tools.run(way, values) is not None:
            return
    raise NotConfirmed("notice_failed")


def _ways(
    title: str, text: str, environment: Mapping[str, str], platform: str
) -> Iterator[tuple[str, ...]]:
    if platform == "win32":
        yield tools.powershell(_WINDOWS, environment)
        return
    if platform == "darwin":
        yield ("osascript", "-e", _MACOS, title, text)
        return
    text = escape(text)  # the specification lets a desktop read it as markup
    yield ("notify-send", "--app-name=certrelay", "--icon=certrelay", "--", title, text)
    name, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
    call = ("gdbus", "call", "--session", "--dest", name, "--object-path", path)
    words = ("certrelay", "0", "certrelay", title, text, "[]", "{}", "-1")
    yield (*call, "--method", f"{name}.Notify", "--", *words)


_EXPECTED: Final = ("expires_soon", "not_judged", "notice_failed", "interrupted")
"""How a reminder ends that has done its work, or could not say anything."""


class _Noticing:
    """Passes everything on, and shows what keeps a reminder from its work as a notice.

    Silence would be taken for good news.
    """

    def __init__(self, report: "Report") -> None:
        self._report: Final = report

    def error(self, error: CertRelayError) -> None:
        self._report.error(error)
        if error.code not in _EXPECTED:
            texts = self._report.texts
            title = texts.say("pc.remind.notice.failed")
            with suppress(NotConfirmed):
                show(title, f"{texts.error(error)} {texts.hint(error)}".strip())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._report, name)


def noticing(report: "Report") -> "Report":
    """A report whose errors are seen by somebody who reads none."""
    own: Any = _Noticing(report)
    told: Report = own
    return told
