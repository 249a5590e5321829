"""The icon on macOS: a bundle in the person's own folder of applications.

Sources: Information Property List (CFBundle…, LSUIElement, LSEnvironment), launchd.plist(5),
launchctl(1).
"""

import os
import plistlib
import shlex
import sys
from typing import Final

from certrelay import __version__
from certrelay.client.home import home
from certrelay.texts import LANGUAGES, Texts
from client_pc.desktop import pictures, tools
from client_pc.desktop.installed import Installed
from client_pc.desktop.launcher import Launcher
from client_pc.desktop.reminding import AT, NAME, REMINDING

_LOCALES: Final = {"ko": "ko_KR.UTF-8", "en": "en_US.UTF-8"}
"""What a program that no terminal has started finds in LANG: macOS itself gives it none."""


class MacDesktop:
    """Where people look for programs.

    Args:
        launcher: How this program is started.
        texts: The language of what is started.
    """

    def __init__(self, launcher: Launcher, texts: Texts) -> None:
        self._launcher: Final = launcher
        self._language: Final = texts.language
        self._agent: Final = home() / "Library" / "LaunchAgents" / f"{NAME}.plist"

    def install(self, installed: Installed) -> None:
        """Put the bundle in its place."""
        contents = home() / "Applications" / "certrelay.app" / "Contents"
        start = f"#!/bin/sh\nexec {shlex.join(self._launcher.centre())}\n"
        installed.put(contents / "MacOS" / "certrelay", start.encode(), 0o755)
        installed.put(contents / "Resources" / "certrelay.icns", pictures.icns())
        for language in LANGUAGES:
            name = {"CFBundleDisplayName": Texts(language).say("desktop.name")}
            place = contents / "Resources" / f"{language}.lproj" / "InfoPlist.strings"
            installed.put(place, plistlib.dumps(name))
        installed.put(contents / "Info.plist", plistlib.dumps(self._information()))

    def remind(self, installed: Installed) -> None:
        """Have launchd remind once a day."""
        hour, minute, _ = map(int, AT.split(":"))
        task = {
            "Label": NAME,
            "ProgramArguments": list(self._launcher.command(*REMINDING)),
            "StartCalendarInterval": {"Hour": hour, "Minute": minute},
            "EnvironmentVariables": {"LANG": _LOCALES[self._language]},
            "ProcessType": "Background",
        }
        self.forget()  # launchd takes no second task of that name
        installed.put(self._agent, plistlib.dumps(task))
        installed.remember_reminder()
        tools.demand(("launchctl", "bootstrap", _domain(), str(self._agent)))

    def forget(self) -> None:
        """Have launchd drop the task."""
        tools.run(("launchctl", "bootout", f"{_domain()}/{NAME}"))

    def settle(self) -> None:
        """Nothing: launchd has been told."""

    def _information(self) -> dict[str, object]:
        return {
            "CFBundleIdentifier": "certrelay",
            "CFBundleName": "certrelay",
            "CFBundleDisplayName": "certrelay",  # as the file is called, or it is not translated
            "CFBundleExecutable": "certrelay",
            "CFBundleIconFile": "certrelay",
            "CFBundlePackageType": "APPL",
            "CFBundleInfoDictionaryVersion": "6.0",
            "CFBundleShortVersionString": __version__,
            "CFBundleDevelopmentRegion": "en",
            "LSHasLocalizedDisplayName": True,
            "LSUIElement": True,  # its window is the browser's
            "LSEnvironment": {"LANG": _LOCALES[self._language]},
        }


def _domain() -> str:
    if sys.platform == "win32":
        raise AssertionError
    return f"gui/{os.getuid()}"
