"""`certrelay desktop`: really on Linux, and on Windows and macOS with their programs faked."""

import base64
import ctypes
import io
import plistlib
import re
import shlex
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image, ImageChops

from certrelay.errors import CertRelayError, ExitStatus, NotConfirmed, StorageError
from certrelay.texts import Texts
from client_pc import cli
from client_pc.desktop import fault, linux, macos, notice, pictures, placing, tools, windows
from client_pc.desktop.installed import Installed
from client_pc.desktop.launcher import ARCHIVE_VARIABLES, Launcher, launcher
from client_pc.desktop.reminding import REMINDING
from tests.component import program
from tests.flows.programs import environment

OWN = Launcher((sys.executable,))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder that has never seen this program, and a Linux without systemd."""
    fresh = tmp_path / "home"
    fresh.mkdir()
    monkeypatch.setenv("HOME", str(fresh))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "CERTRELAY_DATA", "CERTRELAY_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return fresh


def everything(folder: Path) -> dict[str, bytes | str | None]:
    """All that lies below a folder: files by content, links by target, folders as nothing."""
    found: dict[str, bytes | str | None] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = str(path.readlink())
        else:
            found[name] = path.read_bytes() if path.is_file() else None
    return found


def run(*words: str) -> int:
    return cli.main(["desktop", *words, "--lang", "en"])


# --- Linux, for real ---


def test_an_icon_comes_and_goes_without_a_trace(home: Path) -> None:
    (home / ".local" / "share" / "applications").mkdir(parents=True)
    (home / ".local" / "share" / "applications" / "other.desktop").write_text("x")
    before = everything(home)
    assert run("install") == ExitStatus.OK
    once = everything(home)
    assert len(once) > len(before)
    assert run("install") == ExitStatus.OK
    assert everything(home) == once
    assert run("remove") == ExitStatus.OK
    assert everything(home) == before


def test_without_an_icon_nothing_is_removed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("remove") == ExitStatus.OK
    assert everything(home) == {}
    assert "no icon" in capsys.readouterr().err


def test_the_entry_is_one_that_desktops_read(home: Path) -> None:
    assert run("install", "--remind") == ExitStatus.OK
    entries = sorted(home.rglob("*.desktop"))
    assert len(entries) == 2
    for entry in entries:
        command = [program("desktop-file-validate"), str(entry)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
    (entry,) = (home / ".local/share/applications").iterdir()
    told = entry.read_text("utf-8")
    for language in ("ko", "en"):
        assert Texts(language).say("desktop.name") in told
        assert Texts(language).say("centre.door.import") in told
    assert '"client_pc.icon" "--door" "export"\n' in told


def test_every_icon_has_the_size_of_its_folder(home: Path) -> None:
    run("install")
    theme = home / ".local/share/icons/hicolor"
    for size in pictures.ICON_SIZES:
        with Image.open(theme / f"{size}x{size}/apps/certrelay.png") as image:
            assert image.size == (size, size)
            assert image.getpixel((0, 0))[3] == 0, "the corner is round"  # type: ignore[index]
    assert (theme / "scalable/apps/certrelay.svg").read_bytes() == pictures.svg()


def test_the_drawing_is_what_a_browser_makes_of_the_pages_icon(tmp_path: Path) -> None:
    page = tmp_path / "icon.html"
    page.write_text(f"<body style='margin:0;background:#fff'>{pictures.svg().decode()}", "utf-8")
    shot = tmp_path / "shot.png"
    chromium = [program("chromium"), "--headless", "--no-sandbox", "--hide-scrollbars"]
    size = ["--window-size=512,512", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [*chromium, *size, f"--screenshot={shot}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with Image.open(shot) as seen, Image.open(io.BytesIO(pictures.png(512))) as own:
        ours = Image.alpha_composite(Image.new("RGBA", (512, 512), "white"), own).convert("L")
        difference = ImageChops.difference(seen.convert("L").crop((0, 0, 512, 512)), ours)
    far = sum(count for value, count in enumerate(difference.histogram()) if value > 64)
    assert far < 512 * 512 * 0.002, "only the smoothed edges may differ"


def test_any_path_of_the_interpreter_is_started(home: Path, tmp_path: Path) -> None:
    """The desktop's own parser reads the command line: quotes, dollars, percents, Korean."""
    system_python = "/usr/bin/python3"
    probe = [system_python, "-c", "import gi; gi.require_version('Gio', '2.0')"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        program("python3-gi")
    strange = tmp_path / 'a "b" $HOME `c` %f \\ 한글'
    strange.mkdir()
    python, seen = strange / "python", tmp_path / "seen"
    python.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{shlex.quote(str(seen))}.part\n'
                      f"mv {shlex.quote(str(seen))}.part {shlex.quote(str(seen))}\n")  # fmt: skip
    python.chmod(0o755)
    installed = Installed(home / "data")
    linux.LinuxDesktop(Launcher((str(python),)), {"HOME": str(home)}).install(installed)
    (entry,) = home.rglob("*.desktop")
    launch = (
        "import sys; from gi.repository import Gio, GLib\n"
        "app = Gio.DesktopAppInfo.new_from_filename(sys.argv[1])\n"
        "app.launch_uris_as_manager([], None, GLib.SpawnFlags.DO_NOT_REAP_CHILD |"
        " GLib.SpawnFlags.SEARCH_PATH, None, None,"
        " lambda app, pid: GLib.child_watch_add(0, pid, lambda *_: loop.quit()))\n"
        "loop = GLib.MainLoop(); loop.run()\n"
    )
    command = [system_python, "-c", launch, str(entry)]
    subprocess.run(command, check=True, timeout=120, env=environment(HOME=str(home)))
    assert seen.read_text().split("\n") == ["-P", "-m", "client_pc.icon", ""]


def test_a_file_of_somebody_else_is_left_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = home / ".local/share/applications/certrelay.desktop"
    entry.parent.mkdir(parents=True)
    entry.write_text("[Desktop Entry]\n")
    assert run("install") == ExitStatus.STORAGE
    assert str(entry) in capsys.readouterr().err
    assert entry.read_text() == "[Desktop Entry]\n"
    assert run("remove") == ExitStatus.OK
    assert list(everything(home)) == [
        ".local", ".local/share", ".local/share/applications",
        ".local/share/applications/certrelay.desktop",
    ]  # fmt: skip


def test_what_an_earlier_installation_had_elsewhere_is_taken_away(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTRELAY_DATA", str(home / "own"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "one"))
    run("install", "--remind")
    assert (home / "one/applications/certrelay.desktop").exists()
    assert (home / ".config/autostart/certrelay-remind.desktop").exists()
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "two"))
    run("install")
    assert not (home / "one").exists()
    assert not (home / ".config").exists(), "reminders are off unless asked for"
    assert (home / "two/applications/certrelay.desktop").exists()
    run("remove")
    assert everything(home) == {}


def test_a_folder_that_cannot_be_written_is_said(home: Path) -> None:
    (home / ".local").mkdir()
    (home / ".local" / "share").write_text("a file")
    installed = Installed(home / "data")
    with pytest.raises(StorageError, match="output_file"):
        linux.LinuxDesktop(OWN, {}).install(installed)


@pytest.mark.parametrize("damaged", ["", "[]", '{"paths": 1}', '{"paths": []}'])
def test_a_damaged_list_removes_nothing_by_guess(home: Path, damaged: str) -> None:
    run("install")
    (list_file,) = home.rglob("desktop.json")
    list_file.write_text(damaged)
    before = everything(home)
    assert run("remove") == ExitStatus.STORAGE
    assert everything(home) == before


def test_a_list_that_is_lost_is_written_anew(home: Path) -> None:
    run("install")
    (list_file,) = home.rglob("desktop.json")
    list_file.unlink()
    assert run("install") == ExitStatus.OK
    assert run("remove") == ExitStatus.OK
    assert [path for path in everything(home) if "certrelay." in path] == []


def test_a_fault_in_the_middle_leaves_nothing_that_is_not_on_the_list(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Path.replace, 0

    def failing(self: Path, target: Path) -> Path:
        nonlocal calls
        if target.suffix == ".png":
            calls += 1
            if calls == 3:
                raise OSError(28, "no space left")
        return real(self, target)

    with monkeypatch.context() as context:
        context.setattr(Path, "replace", failing)
        assert run("install") == ExitStatus.STORAGE
    assert [path for path in everything(home) if path.endswith(".png")]
    assert run("remove") == ExitStatus.OK
    assert everything(home) == {}


class Systemctl:
    """Stands in for programs of the system, and notes how they were called."""

    def __init__(self, answers: Mapping[str, str | None] | None = None) -> None:
        self.calls: list[tuple[list[str], dict[str, str]]] = []
        self.answers = dict(answers or {})

    def run(self, command: Sequence[str], more: Mapping[str, str] | None = None) -> str | None:
        self.calls.append((list(command), dict(more or {})))
        for word, answer in self.answers.items():
            if any(word in each for each in command):
                return answer
        return ""


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Systemctl:
    own = Systemctl()
    monkeypatch.setattr(tools, "run", own.run)
    return own


def test_systemd_reminds_once_a_day(home: Path, system: Systemctl) -> None:
    before = everything(home)
    for _ in range(2):
        assert run("install", "--remind") == ExitStatus.OK
        assert ["systemctl", "--user", "start", "certrelay-remind.timer"] in [
            command for command, _ in system.calls
        ]
    units = home / ".config/systemd/user"
    link = units / "timers.target.wants/certrelay-remind.timer"
    assert link.resolve() == (units / "certrelay-remind.timer")
    judge = [program("systemd-analyze"), "--user", "verify", str(units / "certrelay-remind.timer")]
    own = environment(HOME=str(home), XDG_RUNTIME_DIR=str(home.parent))
    done = subprocess.run(judge, capture_output=True, text=True, check=False, env=own)
    assert (done.returncode, done.stderr) == (0, "")
    system.calls.clear()
    assert run("remove") == ExitStatus.OK
    words = [command[2] for command, _ in system.calls]
    assert words == ["stop", "clean", "daemon-reload"]
    assert everything(home) == before


def test_a_system_that_refuses_the_task_is_said_and_can_be_cleared(
    home: Path, system: Systemctl, capsys: pytest.CaptureFixture[str]
) -> None:
    system.answers["start"] = None
    assert run("install", "--remind") == ExitStatus.NOT_CONFIRMED
    assert "systemctl" in capsys.readouterr().err
    assert run("remove") == ExitStatus.OK
    assert everything(home) == {}


def test_removing_takes_no_options_of_installing(home: Path) -> None:
    assert run("remove", "--remind") == ExitStatus.USAGE


# --- how this installation is started ---


def test_windows_starts_without_a_console_where_it_can(tmp_path: Path) -> None:
    python = tmp_path / "python.exe"
    assert launcher({}, "win32", str(python)).words == (str(python),)
    (tmp_path / "pythonw.exe").touch()
    assert launcher({}, "win32", str(python)).words == (str(tmp_path / "pythonw.exe"),)
    assert launcher({}, "linux", str(python)).words == (str(python),)


def test_an_archive_starts_itself() -> None:
    variables = dict(zip(ARCHIVE_VARIABLES, ("/a/certrelay.pyz", "/usr/bin/python3"), strict=True))
    own = launcher(variables, "linux")
    assert own.centre("x") == ("/usr/bin/python3", "/a/certrelay.pyz", "--icon", "x")
    assert own.command("remind") == ("/usr/bin/python3", "/a/certrelay.pyz", "remind")


# --- Windows ---


def test_windows_gets_two_shortcuts_and_a_task(home: Path, system: Systemctl) -> None:
    folders = {name: home / name / "한글" for name in ("Programs", "Desktop")}
    coded = [base64.b64encode(str(path).encode()).decode() for path in folders.values()]
    system.answers["GetFolderPath"] = "\r\n".join(coded)
    python = r"C:\Users\홍 길동\certrelay\Scripts\pythonw.exe"
    root = {"SYSTEMROOT": r"D:\Windows"}
    texts = Texts("ko")
    desktop = windows.WindowsDesktop(Launcher((python,)), root, home / "data", texts)
    installed = Installed(home / "data")
    desktop.install(installed)
    desktop.remind(installed)
    shortcuts = [more for _, more in system.calls if "CERTRELAY_LINK" in more]
    links = [folder / "certrelay 인증센터.lnk" for folder in folders.values()]
    assert [more["CERTRELAY_LINK"] for more in shortcuts] == [str(link) for link in links]
    for more in shortcuts:
        assert more["CERTRELAY_TARGET"] == python
        assert more["CERTRELAY_ARGUMENTS"] == "-P -m client_pc.icon"
        with Image.open(more["CERTRELAY_ICON"]) as icon:
            assert (16, 16) in icon.info["sizes"]
    assert {PureWindowsPath(command[0]).drive for command, _ in system.calls} == {"D:"}
    assert not any("홍" in word for command, _ in system.calls for word in command[:-1])
    for link in links:  # PowerShell would have put them there
        link.write_bytes(b"")
    assert installed.has_reminder
    installed.remove()
    assert everything(home) == {}


def test_windows_is_told_the_task_in_its_own_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def read(command: Sequence[str], more: object = None) -> str:
        assert list(command[1:4]) == ["/Create", "/TN", "certrelay-remind"]
        seen.append(Path(command[command.index("/XML") + 1]).read_bytes())
        return ""

    monkeypatch.setattr(tools, "run", read)
    own = Launcher((r"C:\Program Files\R&D <x>\pythonw.exe",))
    windows.WindowsDesktop(own, {}, home, Texts("ko")).remind(Installed(home))
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    task = ET.fromstring(seen[0].decode("utf-16"))
    assert task.findtext(f".//{space}Command") == own.words[0]
    assert task.findtext(f".//{space}Arguments") == (
        "-P -m client_pc remind --all-places --not-expired --notice --quiet"
    )
    assert seen[0][:2] == b"\xff\xfe"


def test_a_windows_that_tells_no_folders_is_said(home: Path, system: Systemctl) -> None:
    system.answers["GetFolderPath"] = "not base64!"
    with pytest.raises(NotConfirmed, match="powershell"):
        windows.WindowsDesktop(OWN, {}, home, Texts("ko")).install(Installed(home))


# --- macOS ---


def test_macos_gets_a_bundle_and_an_agent(home: Path, system: Systemctl) -> None:
    own = Launcher(("/Users/홍 길동/it's/bin/python",))
    desktop = macos.MacDesktop(own, Texts("ko"))
    installed = Installed(home / "data")
    desktop.install(installed)
    desktop.remind(installed)
    contents = home / "Applications/certrelay.app/Contents"
    about = plistlib.loads((contents / "Info.plist").read_bytes())
    start = contents / "MacOS" / about["CFBundleExecutable"]
    assert start.stat().st_mode & stat.S_IXUSR
    words = start.read_text("utf-8").partition("exec ")[2]
    assert shlex.split(words) == list(own.centre())
    with Image.open(contents / "Resources" / f"{about['CFBundleIconFile']}.icns") as icon:
        assert icon.format == "ICNS"
    korean = plistlib.loads((contents / "Resources/ko.lproj/InfoPlist.strings").read_bytes())
    assert korean == {"CFBundleDisplayName": "certrelay 인증센터"}
    assert about["LSEnvironment"] == {"LANG": "ko_KR.UTF-8"}
    (agent,) = (home / "Library/LaunchAgents").iterdir()
    task = plistlib.loads(agent.read_bytes())
    assert task["ProgramArguments"] == list(own.command(*REMINDING))
    assert task["StartCalendarInterval"] == {"Hour": 10, "Minute": 0}
    assert [command[:2] for command, _ in system.calls] == [
        ["launchctl", "bootout"],
        ["launchctl", "bootstrap"],
    ]
    installed.remove()
    assert everything(home) == {}


@pytest.mark.parametrize(("where", "kind"), [("win32", "Windows"), ("darwin", "Mac")])
def test_each_system_gets_its_own(
    where: str, kind: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "sys", SimpleNamespace(platform=where))
    report: Any = SimpleNamespace(texts=Texts("en"))
    assert type(placing._desktop(report)).__name__ == f"{kind}Desktop"


# --- notices ---


@pytest.mark.parametrize(
    ("where", "first"), [("win32", "powershell.exe"), ("darwin", "osascript"), ("linux", "notify")]
)
def test_each_system_has_its_way_of_showing_a_notice(
    where: str, first: str, system: Systemctl
) -> None:
    notice.show("title", "text", {}, where)
    ((command, more),) = system.calls
    assert first in command[0]
    assert ("title" in command) is (where != "win32")
    assert more == {"CERTRELAY_TITLE": "title", "CERTRELAY_TEXT": "text"}


def test_without_a_desktop_a_notice_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "run", lambda *_: None)
    with pytest.raises(CertRelayError, match="notice_failed"):
        notice.show("title", "text", {}, "linux")


def test_a_program_that_is_not_there_or_fails_gives_nothing() -> None:
    assert tools.run((program("true"),)) == ""
    assert tools.run((program("false"),)) is None
    assert tools.run(("/no/such/program",)) is None


# --- a fault behind an icon ---


NO_STREAMS = "exec {} <&- >&- 2>&-"


def by_icon(script: str, *arguments: str, **more: str) -> "subprocess.CompletedProcess[bytes]":
    """Start what an icon starts, as a shell script says, with a browser that keeps its page."""
    words = [sys.executable, "-P", "-m", "client_pc.icon", *arguments]
    return subprocess.run(
        ["bash", "-c", script.replace("{}", shlex.join(words))],
        capture_output=True,
        check=False,
        timeout=120,
        cwd="/",
        env=environment(**more),
    )


@pytest.fixture
def browser(tmp_path: Path) -> tuple[Path, Path]:
    """A browser that fetches its page into a file: the program and the file."""
    own, page = tmp_path / "browser", tmp_path / "page.html"
    fetch = (
        "import sys, urllib.request as r, pathlib as p\n"
        f"p.Path({str(page)!r}).write_bytes(r.urlopen(sys.argv[1]).read())\n"
    )
    own.write_text(f"#!{sys.executable}\n{fetch}")
    own.chmod(0o755)
    return own, page


@pytest.mark.parametrize("script", [NO_STREAMS, "exec {}", "exec {} </dev/null >/dev/null 2>&1"])
def test_a_fault_behind_an_icon_is_a_page(
    script: str, browser: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.write_text("a file in the place of the data folder")
    program, page = browser
    more = {"BROWSER": str(program), "CERTRELAY_DATA": str(folder), "LANG": "ko_KR.UTF-8"}
    done = by_icon(script, **more)
    assert done.returncode == ExitStatus.STORAGE
    assert "<h1>" in page.read_text("utf-8")
    assert re.search("[가-힣]", page.read_text("utf-8"))


def test_what_a_fault_names_is_no_markup_of_its_page() -> None:
    page = fault._html("<b>", "<i>\nmore").decode()
    assert "&lt;b&gt;" in page
    assert "&lt;i&gt;<br>more" in page


def test_an_installation_that_is_broken_is_said_too(
    browser: tuple[Path, Path], tmp_path: Path
) -> None:
    program, page = browser
    # The catalogue itself is gone: no sentence of it can be said.
    script = f"PYTHONPATH={shlex.quote(str(tmp_path / 'hook'))}:$PYTHONPATH {NO_STREAMS}"
    (tmp_path / "hook").mkdir()
    hook = "import sys; sys.modules['certrelay.texts'] = None\n"
    (tmp_path / "hook" / "sitecustomize.py").write_text(hook)
    done = by_icon(script, BROWSER=str(program))
    assert done.returncode == ExitStatus.INTERNAL
    assert "Install it again" in page.read_text("utf-8")


def test_without_a_browser_a_fault_is_a_notice(
    home: Path, system: Systemctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert fault.show("<what>", "to do & see", "linux")
    ((command, _),) = system.calls
    assert command[-2:] == ["<what>", "to do &amp; see"]
    assert fault.show("what", "to do", "darwin")
    assert system.calls[-1][0][-2:] == ["what", "to do"]


def test_windows_shows_a_fault_in_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[object, ...]] = []

    def message_box(*arguments: object) -> int:
        shown.append(arguments)
        return 1

    user32 = SimpleNamespace(MessageBoxW=message_box)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(user32=user32), raising=False)
    assert fault.show("what", "to do", "win32")
    assert shown == [(None, "what\n\nto do", "certrelay", 0x10010)]
