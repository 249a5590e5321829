"""The icon on Windows: in the start menu and on the desktop, as shortcuts.

Texts and paths go to PowerShell through its environment, so that none is ever read as script.
Sources: WshShortcut, Environment.SpecialFolder, Task Scheduler Schema (all learn.microsoft.com).
"""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from certrelay.errors import NotConfirmed
from certrelay.texts import Texts
from client_pc.desktop import pictures, tools
from client_pc.desktop.installed import Installed
from client_pc.desktop.launcher import Launcher
from client_pc.desktop.reminding import AT, NAME, REMINDING

_FOLDERS: Final = """
$ErrorActionPreference = 'Stop'
foreach ($name in 'Programs', 'DesktopDirectory') {
  $path = [Environment]::GetFolderPath($name)
  [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($path))
}
"""
"""Both folders as the system has them (a OneDrive may have moved the desktop), in base64: what a
console makes of Korean letters depends on its code page."""

_SHORTCUT: Final = """
$ErrorActionPreference = 'Stop'
$plain = [IO.Path]::Combine([IO.Path]::GetDirectoryName($env:CERTRELAY_LINK), 'certrelay-new.lnk')
$link = (New-Object -ComObject WScript.Shell).CreateShortcut($plain)
$link.TargetPath = $env:CERTRELAY_TARGET
$link.Arguments = $env:CERTRELAY_ARGUMENTS
$link.WorkingDirectory = $env:USERPROFILE
$link.IconLocation = $env:CERTRELAY_ICON + ',0'
$link.Description = $env:CERTRELAY_WORDS
$link.Save()
Move-Item -LiteralPath $plain -Destination $env:CERTRELAY_LINK -Force
"""
"""The shortcut gets its name afterwards: WScript.Shell knows no letters beyond its code page."""


class WindowsDesktop:
    """Where people look for programs.

    Args:
        launcher: How this program is started.
        environment: The process's.
        data: The program's data folder, for the icon's file.
        texts: The language of the names.
    """

    def __init__(
        self, launcher: Launcher, environment: Mapping[str, str], data: Path, texts: Texts
    ) -> None:
        self._launcher: Final = launcher
        self._environment: Final = environment
        self._data: Final = data
        self._texts: Final = texts

    def install(self, installed: Installed) -> None:
        """Put the shortcuts and their icon in their places."""
        icon = self._data / "certrelay.ico"
        installed.put(icon, pictures.ico())
        program, *arguments = self._launcher.centre()
        for folder in self._folders():
            link = folder / f"{self._texts.say('desktop.name')}.lnk"
            installed.expect(link)
            values = {
                "CERTRELAY_LINK": str(link),
                "CERTRELAY_TARGET": program,
                "CERTRELAY_ARGUMENTS": subprocess.list2cmdline(arguments),
                "CERTRELAY_ICON": str(icon),
                "CERTRELAY_WORDS": self._texts.say("desktop.comment"),
            }
            tools.demand(tools.powershell(_SHORTCUT, self._environment), values)

    def remind(self, installed: Installed) -> None:
        """Have the task scheduler remind once a day."""
        installed.remember_reminder()
        with tempfile.TemporaryDirectory(prefix="certrelay-") as folder:
            file = Path(folder) / "task.xml"
            file.write_text(self._task(), encoding="utf-16")
            words = ("/Create", "/TN", NAME, "/XML", str(file), "/F")
            tools.demand(tools.schtasks(self._environment, *words))

    def forget(self) -> None:
        """Have the task scheduler drop the task."""
        tools.run(tools.schtasks(self._environment, "/Delete", "/TN", NAME, "/F"))

    def settle(self) -> None:
        """Nothing: the start menu watches its folder."""

    def _folders(self) -> tuple[Path, ...]:
        from base64 import b64decode

        said = tools.demand(tools.powershell(_FOLDERS, self._environment))
        try:
            found = [b64decode(line, validate=True).decode() for line in said.split()]
        except ValueError:
            raise NotConfirmed("system_refused", program="powershell.exe") from None
        return tuple(Path(path) for path in found if path)

    def _task(self) -> str:
        """The task; it is made up for if the computer was off at its time."""
        program, *arguments = self._launcher.command(*REMINDING)
        said = {
            "words": self._texts.say("desktop.reminder"),
            "program": program,
            "arguments": subprocess.list2cmdline(arguments),
        }
        return _TASK.format(at=AT, **{name: escape(text) for name, text in said.items()})


_TASK: Final = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>{words}</Description></RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2026-01-01T{at}</StartBoundary>
      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Settings>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
  </Settings>
  <Actions>
    <Exec><Command>{program}</Command><Arguments>{arguments}</Arguments></Exec>
  </Actions>
</Task>
"""
