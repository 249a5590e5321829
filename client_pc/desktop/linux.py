"""The icon on Linux and other systems with the freedesktop.org rules.

Sources: Desktop Entry Specification 1.4, Icon Theme Specification, Desktop Application Autostart
Specification, XDG Base Directory Specification, systemd.service(5), systemd.timer(5).
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from certrelay.client.home import home
from certrelay.texts import LANGUAGES, Texts
from client_pc.desktop import pictures, tools
from client_pc.desktop.installed import Installed
from client_pc.desktop.launcher import Launcher
from client_pc.desktop.reminding import AT, NAME, REMINDING

_ENTRY: Final = "certrelay.desktop"
_TIMER: Final = f"{NAME}.timer"
_SERVICE: Final = f"{NAME}.service"
_ACTIONS: Final = ("import", "export")
"""What the icon's own menu offers beside the centre's first screen."""

_SYSTEMCTL: Final = ("systemctl", "--user")


class LinuxDesktop:
    """Where people look for programs.

    Args:
        launcher: How this program is started.
        environment: The process's.
    """

    def __init__(self, launcher: Launcher, environment: Mapping[str, str]) -> None:
        self._launcher: Final = launcher
        self._data: Final = _base("XDG_DATA_HOME", ".local/share", environment)
        self._config: Final = _base("XDG_CONFIG_HOME", ".config", environment)

    def install(self, installed: Installed) -> None:
        """Put the entry and its icons in their places."""
        theme = self._data / "icons" / "hicolor"
        for size in pictures.ICON_SIZES:
            installed.put(theme / f"{size}x{size}" / "apps" / "certrelay.png", pictures.png(size))
        installed.put(theme / "scalable" / "apps" / "certrelay.svg", pictures.svg())
        # A desktop that keeps a list of the theme's icons reads it again if this folder is newer.
        os.utime(theme)
        installed.put(self._data / "applications" / _ENTRY, self._entry().encode())

    def remind(self, installed: Installed) -> None:
        """Have systemd remind once a day; without one, the desktop at each login."""
        command = self._launcher.command(*REMINDING)
        if tools.run((*_SYSTEMCTL, "show-environment")) is None:
            entry = _reminding_entry(command).encode()
            installed.put(self._config / "autostart" / f"{NAME}.desktop", entry)
            return
        units = self._config / "systemd" / "user"
        installed.put(units / _SERVICE, _service(command).encode())
        installed.put(units / _TIMER, _timer().encode())
        installed.link(units / "timers.target.wants" / _TIMER, f"../{_TIMER}")
        installed.remember_reminder()
        tools.demand((*_SYSTEMCTL, "daemon-reload"))
        tools.demand((*_SYSTEMCTL, "start", _TIMER))

    def forget(self) -> None:
        """Have systemd drop the timer, with its note of the last day."""
        tools.run((*_SYSTEMCTL, "stop", _TIMER))
        tools.run((*_SYSTEMCTL, "clean", "--what=state", _TIMER))

    def settle(self) -> None:
        """Have systemd see that the files have changed."""
        tools.run((*_SYSTEMCTL, "daemon-reload"))

    def _entry(self) -> str:
        lines = [
            "[Desktop Entry]",
            "Type=Application",
            "Version=1.4",
            *_told("Name", "desktop.name"),
            *_told("GenericName", "desktop.generic"),
            *_told("Comment", "desktop.comment"),
            *_told("Keywords", "desktop.keywords"),
            f"TryExec={_value(self._launcher.words[0])}",
            f"Exec={_exec(self._launcher.centre())}",
            "Icon=certrelay",
            "Terminal=false",
            "StartupNotify=false",
            "Categories=Utility;",
            f"Actions={';'.join(_ACTIONS)};",
        ]
        for door in _ACTIONS:
            lines += ["", f"[Desktop Action {door}]", *_told("Name", f"centre.door.{door}")]
            lines.append(f"Exec={_exec(self._launcher.centre('--door', door))}")
        return "\n".join(lines) + "\n"


def _base(variable: str, below_home: str, environment: Mapping[str, str]) -> Path:
    named = environment.get(variable, "")
    return Path(named) if named.startswith("/") else home() / below_home


def _told(key: str, text: str) -> Iterable[str]:
    """A key in every language; English is what other languages get."""
    for language in sorted(LANGUAGES):
        where = "" if language == "en" else f"[{language}]"
        yield f"{key}{where}={_value(Texts(language).say(text))}"


def _value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _exec(words: Sequence[str]) -> str:
    """A command line in the specification's own quotes, with nothing for the desktop to fill in."""
    quoted = []
    # GLib looks for the program before it puts the percent sign back: it finds env.
    for word in ("env", *words) if "%" in words[0] else words:
        escaped = "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in word)
        quoted.append(f'"{escaped.replace("%", "%%")}"')
    return _value(" ".join(quoted))


def _reminding_entry(command: Sequence[str]) -> str:
    """What a desktop starts at each login; a minute later it can show notices."""
    later = ("sh", "-c", 'sleep 60; exec "$@"', "sh", *command)
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        "Version=1.4",
        *_told("Name", "desktop.reminder"),
        f"TryExec={_value(command[0])}",
        f"Exec={_exec(later)}",
        "Icon=certrelay",
        "Terminal=false",
        "NoDisplay=true",
    ]
    return "\n".join(lines) + "\n"


def _service(command: Sequence[str]) -> str:
    """What is done once a day.

    Where no notice can be shown, since the desktop has not come up yet, it is tried again.
    """
    lines = [
        "[Unit]",
        f"Description={Texts('en').say('desktop.reminder')}",
        "StartLimitIntervalSec=6h",
        "StartLimitBurst=6",
        "",
        "[Service]",
        "Type=exec",
        f"ExecStart={' '.join(map(_unit_word, command))}",
        "SuccessExitStatus=10 13",
        "RestartForceExitStatus=12",
        "RestartSec=10min",
    ]
    return "\n".join(lines) + "\n"


def _timer() -> str:
    lines = [
        "[Unit]",
        f"Description={Texts('en').say('desktop.reminder')}",
        "",
        "[Timer]",
        f"OnCalendar=*-*-* {AT}",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(lines) + "\n"


def _unit_word(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped.replace("%", "%%").replace("$", "$$")}"'
