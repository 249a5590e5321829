"""Branches for Windows and macOS, with the system faked; docs/architecture.md lists the rest.

A module's own ``os`` or ``sys`` is exchanged, never the process's: the tests around keep theirs.
"""

import ctypes
import errno
import io
import os
import platform
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import platformdirs
import pytest

from certrelay.client.store import parts, system
from certrelay.client.store.system import Disk
from certrelay.client.terminal import interrupts, lines, program, screen
from certrelay.client.terminal.interrupts import Interrupts
from client_pc import computer, folders, interfaces, receive, send
from client_pc.centre import children, instance
from client_pc.doctor import network
from client_pc.loopback import server
from relay import core_dumps, open_files

Pretend = Callable[..., None]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Give a module a library with other attributes; ``None`` takes one away."""

    def change(module: ModuleType, name: str, /, **attributes: object) -> None:
        real = vars(sys.modules[name])
        faked = {**real, **attributes}
        kept = {key: each for key, each in faked.items() if attributes.get(key, "") is not None}
        monkeypatch.setattr(module, name, SimpleNamespace(**kept))

    return change


# --- the store ---


def test_windows_syncs_files_for_writing_and_no_folders(tmp_path: Path, pretend: Pretend) -> None:
    opened: list[int] = []

    def noted(path: Path, flags: int, *mode: int) -> int:
        opened.append(flags)
        return os.open(path, flags, *mode)

    pretend(system, "os", name="nt", open=noted)
    (tmp_path / "file").write_bytes(b"x")
    disk = Disk()
    disk.sync_folder(tmp_path)
    assert opened == [], "Windows opens no folder"
    disk.sync_file(tmp_path / "file")
    assert opened[0] & os.O_RDWR


def test_windows_has_no_sync_of_everything(pretend: Pretend) -> None:
    pretend(system, "sys", platform="win32")
    pretend(system, "os", sync=None)
    Disk().sync_all()


class Library:
    """The C library, which swaps and notes how it was asked."""

    def __init__(self, name: str, answer: int) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answer = answer
        setattr(self, name, self._call)

    def _call(self, *arguments: Any) -> int:
        self.asked.append(arguments)
        return self.answer


@pytest.mark.parametrize("answer", [0, -1])
def test_macos_swaps_by_its_own_call(
    answer: int, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library("renameatx_np", answer)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_names, **_options: library)
    pretend(system, "sys", platform="darwin")
    assert system._swap(b"one", b"other") is (answer == 0)
    assert library.asked == [(-2, b"one", -2, b"other", 2)]


@pytest.mark.parametrize("where", ["darwin", "linux"])
def test_a_library_without_the_call_swaps_nothing(
    where: str, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_names, **_options: SimpleNamespace())
    pretend(system, "sys", platform=where)
    assert system._swap(b"one", b"other") is False


def test_windows_swaps_nothing_and_says_so(tmp_path: Path, pretend: Pretend) -> None:
    pretend(system, "sys", platform="win32")
    with pytest.raises(OSError, match="supported") as caught:
        Disk().exchange(tmp_path / "one", tmp_path / "other")
    assert caught.value.errno == errno.ENOTSUP


def test_windows_tells_its_name_and_is_never_asked_about_a_process(pretend: Pretend) -> None:
    def kill(*_: int) -> None:
        pytest.fail("on Windows this would end the process")

    names = {}
    for name in ("FRONT", "BACK"):
        pretend(parts, "os", uname=None, name="nt", kill=kill, environ={"COMPUTERNAME": name})
        names[name] = parts._host()
        assert parts._is_alive(os.getpid())
    assert len({*names.values()}) == 2
    pretend(parts, "os", uname=None, environ={})
    assert len(parts._host()) == 6


# --- the terminal ---


class Console:
    """The part of kernel32 that knows a console's mode."""

    def __init__(self, mode: int | None) -> None:
        self.mode = mode

    def GetStdHandle(self, _which: int) -> int:  # noqa: N802 - as kernel32 has it
        return 7

    def GetConsoleMode(self, _handle: int, mode: Any) -> int:  # noqa: N802 - as kernel32 has it
        if self.mode is None:
            return 0
        mode._obj.value = self.mode
        return 1

    def SetConsoleMode(self, _handle: int, mode: int) -> int:  # noqa: N802 - as kernel32 has it
        self.mode = mode
        return 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    console = Console(0b111)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=console), raising=False)
    return console


def test_windows_hides_a_password_and_shows_again(console: Console, pretend: Pretend) -> None:
    pretend(lines, "sys", platform="win32")
    restore = lines._echo_off(Terminal())
    assert restore is not None
    assert console.mode == 0b011
    restore()
    assert console.mode == 0b111


def test_windows_without_a_console_hides_nothing(console: Console, pretend: Pretend) -> None:
    console.mode = None
    pretend(lines, "sys", platform="win32")
    assert lines._echo_off(Terminal()) is None


def test_windows_has_no_termios(pretend: Pretend) -> None:
    pretend(lines, "sys", platform="win32")
    with pytest.raises(OSError, match="termios"):
        lines._Posix(Terminal())


@pytest.mark.parametrize(("mode", "steers"), [(3, True), (None, False)])
def test_a_windows_console_is_asked_before_it_is_steered(
    mode: int | None, steers: bool, console: Console, pretend: Pretend
) -> None:
    console.mode = mode
    pretend(screen, "sys", platform="win32")
    opened = screen.open_screen(Terminal(), plain=False, environment={"TERM": "x"})
    assert opened.steers is steers


def test_windows_stops_at_ctrl_break(pretend: Pretend) -> None:
    handlers: dict[int, Any] = {}

    def set_handler(number: int, handler: Any) -> Any:
        handlers[number] = handler
        return None

    pretend(
        interrupts, "signal", SIGHUP=None, SIGBREAK=21, signal=set_handler, getsignal=lambda _: None
    )
    asked = Interrupts()
    with asked.watched(lambda: None):
        assert set(handlers) == {signal.SIGINT, signal.SIGTERM, 21}
        handlers[21](21, None)
    assert asked.asked


@pytest.mark.parametrize("module", [program, core_dumps, open_files])
def test_windows_has_no_limits_of_a_process(
    module: ModuleType, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)  # importing it fails, as it does there
    pretend(module, "sys", platform="win32")
    if module is program:
        program.forbid_core_dumps()
    elif module is core_dumps:
        core_dumps.forbid()
    else:
        open_files.raise_limit()
        assert open_files.connections_possible(5000) == 5000


# --- the PC client ---


@pytest.mark.parametrize(
    ("where", "named", "versions", "expected"),
    [
        ("win32", "windows", {"version": lambda: "10.0.22631"}, "10.0.22631"),
        ("darwin", "macos", {"mac_ver": lambda: ("14.5", ("", "", ""), "arm64")}, "14.5"),
        ("linux", "linux", {"release": lambda: "6.1.0-18-amd64"}, "6.1.0"),
        ("freebsd14", "linux", {"release": lambda: "unknown"}, "0"),
    ],
)
def test_a_computer_says_its_system_and_version(
    where: str, named: str, versions: dict[str, Any], expected: str, pretend: Pretend
) -> None:
    assert platform.release()
    pretend(computer, "sys", platform=where)
    pretend(computer, "platform", **versions)
    hello = computer.hello("PC")
    assert (hello.platform, hello.os_version) == (named, expected)


@pytest.mark.parametrize(("where", "expected"), [("win32", "windows"), ("darwin", "macos")])
def test_other_systems_may_always_have_a_firewall(
    where: str, expected: str, pretend: Pretend
) -> None:
    pretend(network, "sys", platform=where)
    assert network.firewall() == expected


@pytest.mark.parametrize("where", ["win32", "darwin"])
def test_other_systems_keep_settings_where_platformdirs_says(
    where: str, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("config", "data"):
        there = Path(f"/{where}/{kind}")
        monkeypatch.setattr(platformdirs, f"user_{kind}_path", lambda *_, there=there, **__: there)
    pretend(folders, "sys", platform=where)
    assert folders.config_file({}) == Path(f"/{where}/config/config.toml")
    assert folders.data_folder({}) == Path(f"/{where}/data")


def test_elsewhere_the_name_service_tells_the_addresses(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ["192.168.0.7", "127.0.0.1", "203.0.113.9"]
    monkeypatch.setattr(socket, "gethostbyname_ex", lambda name: (name, [], found))
    pretend(interfaces, "sys", platform="darwin")
    monkeypatch.setitem(sys.modules, "ifaddr", None)
    (address,) = interfaces.addresses()
    assert (address.address, address.kind) == ("192.168.0.7", "unknown")
    assert list(interfaces._of_linux()) == []


def test_a_name_service_that_knows_nothing_is_no_error(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_name: str) -> None:
        raise OSError("unknown host")

    monkeypatch.setattr(socket, "gethostbyname_ex", unknown)
    monkeypatch.setitem(sys.modules, "ifaddr", None)
    pretend(interfaces, "sys", platform="win32")
    assert interfaces.addresses() == ()


def test_windows_does_not_say_what_is_read_only(tmp_path: Path, pretend: Pretend) -> None:
    pretend(receive, "sys", platform="win32")
    pretend(receive, "os", statvfs=None)
    assert receive._is_read_only(tmp_path) is False


def test_a_path_is_quoted_for_the_shell_of_the_system(pretend: Pretend) -> None:
    assert send._quoted("/a b") == "'/a b'"
    pretend(send, "os", name="nt")
    assert send._quoted("C:\\a b") == '"C:\\a b"'


def test_windows_lets_every_connection_of_this_computer_in(pretend: Pretend) -> None:
    pretend(server, "sys", platform="win32")
    pretend(server, "os", getuid=None)
    assert server.LoopbackServer.verify_request(
        SimpleNamespace(server_port=1),  # type: ignore[arg-type]
        None,
        ("127.0.0.1", 2),
    )


def test_a_task_of_the_centre_is_stopped_by_its_standard_input_on_windows(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    heard = io.BytesIO()
    process = SimpleNamespace(stdin=heard, kill=ended.set)
    monkeypatch.setattr(children, "_DEAF_S", 0.01)
    pretend(children, "sys", platform="win32")
    children.Child(process).stop()  # type: ignore[arg-type]
    assert heard.closed
    assert ended.wait(60), "what hears nothing is ended"


def test_one_centre_for_each_user_of_windows(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    taken: list[tuple[int, int]] = []

    def locking(_number: int, mode: int, size: int) -> None:
        if taken:
            raise PermissionError
        taken.append((mode, size))

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    pretend(instance, "sys", platform="win32")
    with instance.alone(tmp_path) as first, instance.alone(tmp_path) as second:
        assert first is not None
        assert second is None
    assert taken == [(2, 1)]
