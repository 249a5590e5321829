import ctypes
import io
import os
import pty
import termios
from typing import Any

import pytest

from certrelay.client.terminal.screen import Screen, has_letters, open_screen, tell_windows


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "plain", "steers", "colours"),
    [
        ({"TERM": "xterm-256color"}, False, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False, True, False),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, False, True, True),
        ({"TERM": "dumb"}, False, False, False),
        ({"TERM": "xterm-256color"}, True, False, False),
    ],
)
def test_the_environment_and_the_person_decide(
    environment: dict[str, str], plain: bool, steers: bool, colours: bool
) -> None:
    screen = open_screen(Terminal(), plain=plain, environment=environment)
    assert (screen.steers, screen.colours) == (steers, colours)


def test_a_pipe_is_no_screen() -> None:
    screen = open_screen(io.StringIO(), environment={"TERM": "xterm-256color"})
    assert not screen.steers
    assert screen.columns is None


def test_a_picture_needs_room_for_itself_and_one_line() -> None:
    number, side = pty.openpty()
    try:
        termios.tcsetwinsize(side, (24, 45))
        with open(side, "w", encoding="utf-8", closefd=False) as stream:
            screen = Screen(stream, steers=True, colours=True, plain=False)
            assert screen.size == (45, 24)
            assert screen.can_draw(45, 23)
            assert not screen.can_draw(45, 24)
            assert not screen.can_draw(46, 23)
    finally:
        os.close(number)
        os.close(side)


def test_a_picture_needs_its_letters_and_somebody_who_sees_it() -> None:
    korean = io.TextIOWrapper(io.BytesIO(), "cp949")
    latin = io.TextIOWrapper(io.BytesIO(), "latin-1")
    assert has_letters(korean, "가")
    assert not Screen(latin, steers=False, colours=False, plain=False).can_draw(1, 1)
    wide = io.TextIOWrapper(io.BytesIO(), "utf-8")
    assert Screen(wide, steers=False, colours=False, plain=False).can_draw(1, 1)
    assert not Screen(wide, steers=False, colours=False, plain=True).can_draw(1, 1)


class Kernel:
    """A Windows console as far as we talk with it."""

    def __init__(self, mode: int | None, obeys: bool = True) -> None:
        self.mode = mode
        self.obeys = obeys

    def GetStdHandle(self, number: int) -> int:  # noqa: N802
        assert number == -12
        return 7

    def GetConsoleMode(self, handle: int, pointer: Any) -> int:  # noqa: N802
        assert handle == 7
        if self.mode is None:
            return 0
        ctypes.cast(pointer, ctypes.POINTER(ctypes.c_ulong))[0] = self.mode
        return 1

    def SetConsoleMode(self, _handle: int, mode: int) -> int:  # noqa: N802
        if self.obeys:
            self.mode = mode
        return int(self.obeys)


@pytest.mark.parametrize(
    ("kernel", "understands", "mode"),
    [
        (Kernel(3), True, 7),
        (Kernel(7), True, 7),
        (Kernel(3, obeys=False), False, 3),
        (Kernel(None), False, None),
    ],
)
def test_a_windows_console_is_told_to_obey(
    kernel: Kernel, understands: bool, mode: int | None
) -> None:
    assert tell_windows(kernel) is understands
    assert kernel.mode == mode
