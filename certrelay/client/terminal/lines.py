"""The person's answers: lines of standard input, without ever blocking the loop.

A thread reads the lines, since no system lets a program wait for a socket and a console in
one call; a socket pair wakes the loop.  The same code serves a terminal and a script that
writes its answers ahead.

Passwords are read with the echo off.  Nothing typed is ever kept longer than its question.
"""

import os
import queue
import select
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from certrelay.client.terminal.interrupts import Interrupts
from certrelay.errors import UsageError
from certrelay.limits import PASSWORD_TRIES

MAX_LINE: Final = 1024
"""Characters of an answer; a longer line is cut."""


_BYTE_ORDER_MARK: Final = "\ufeff"


class Lines:
    """Standard input as lines that can be waited for together with sockets.

    Args:
        stream: Standard input.
        interrupts: Whether to stop.
        question: Gives the number of the open question, where another program answers for a
            person: an answer begins with it and a blank, one to another question is dropped,
            and the end of standard input is the person's leaving.
    """

    def __init__(
        self,
        stream: TextIO,
        interrupts: Interrupts,
        question: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.interrupts: Final = interrupts
        self._question: Final = question
        self._stream: Final = stream
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._early: deque[str | None] = deque()
        """What was looked through for a wish, and stays for the questions to come."""
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._thread: threading.Thread | None = None
        self._ended = False
        self.is_terminal: Final = bool(stream.isatty())

    @property
    def password_tries(self) -> int:
        """How often a password may be entered: a script that has a wrong one has no other."""
        is_person = self.is_terminal or self._question() is not None
        return PASSWORD_TRIES if is_person else 1

    @property
    def is_in_front(self) -> bool:
        """Whether a person at a terminal types to this program, and to no other job of it."""
        if not self.is_terminal or sys.platform == "win32":
            return self.is_terminal
        try:
            return os.tcgetpgrp(self._stream.fileno()) == os.getpgrp()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        """The file number that becomes readable when a line is there."""
        return self._woken.fileno()

    def wake(self) -> None:
        """End a wait that is going on."""
        with suppress(OSError):
            self._wake.send(b"\0")

    def close(self) -> None:
        """Let go of what wakes the loop; no line is wanted any more."""
        self._wake.close()
        self._woken.close()

    def start(self) -> None:
        """Begin to read; until then nothing of standard input is taken."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, daemon=True, name="lines")
            self._thread.start()

    def _read(self) -> None:
        # readline and not iteration, which would read ahead on a pipe.
        with suppress(OSError, ValueError):
            mark = _BYTE_ORDER_MARK  # which Windows' editors put in front of a file
            while line := self._stream.readline(MAX_LINE):
                self._lines.put(line.removeprefix(mark).rstrip("\r\n"))
                self.wake()
                mark = ""
        self._lines.put(None)
        if self._question() is not None:
            self.interrupts.ask()
        self.wake()

    def take(self) -> str | None:
        """Give the next line if one is there.

        Raises:
            UsageError: ``input_ended``, if none will come any more.
        """
        if self._ended:
            raise UsageError("input_ended")
        self.drain()
        question = self._question()
        while True:
            try:
                line = self._early.popleft() if self._early else self._lines.get_nowait()
            except queue.Empty:
                return None
            if line is None:
                self._ended = True
                raise UsageError("input_ended")
            if question is None:
                return line
            number, _, answer = line.partition(" ")
            if number == str(question):
                return answer

    def find(self, words: frozenset[str]) -> bool:
        """Take a line out that is one of these words, and leave the others where they are.

        Args:
            words: In small letters.

        Returns:
            Whether there was one.
        """
        self.drain()
        with suppress(queue.Empty):
            while True:
                self._early.append(self._lines.get_nowait())
        for line in self._early:
            if line is not None and line.strip().lower() in words:
                self._early.remove(line)
                return True
        return False

    def drain(self) -> None:
        """Take back the wake-up; lines that nobody asked for yet stay where they are."""
        with suppress(BlockingIOError):
            self._woken.recv(64)

    def wait(self, _question: str = "") -> str:
        """Wait for the next line, for questions that come before any connection.

        Raises:
            UsageError: ``input_ended``.
            Interrupted: ``interrupted``, at Ctrl-C.
        """
        self.start()
        while (line := self.take()) is None:
            # A finite wait, since Windows takes Ctrl-C only between two of them.
            select.select([self._woken], [], [], 0.5)
            self.interrupts.check()
        return line

    def forget_early_ones(self) -> None:
        """On a terminal: drop what was typed before the question was there."""
        if self.is_terminal:
            with suppress(UsageError):
                while self.take() is not None:
                    pass

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Switch the terminal's echo off, for a password."""
        restore = _echo_off(self._stream) if self.is_terminal else None
        try:
            yield
        finally:
            if restore is not None:
                restore()


def _echo_off(stream: TextIO) -> "_Restore | None":
    with suppress(ImportError, OSError, ValueError):
        return _Windows() if sys.platform == "win32" else _Posix(stream)
    return None


class _Posix:
    def __init__(self, stream: TextIO) -> None:
        if sys.platform == "win32":
            raise OSError("no termios")
        import termios

        self._number = stream.fileno()
        self._before = termios.tcgetattr(self._number)
        quiet = termios.tcgetattr(self._number)
        quiet[3] &= ~termios.ECHO
        termios.tcsetattr(self._number, termios.TCSADRAIN, quiet)

    def __call__(self) -> None:
        if sys.platform == "win32":
            return
        import termios

        termios.tcsetattr(self._number, termios.TCSADRAIN, self._before)


class _Windows:
    """Console input without ENABLE_ECHO_INPUT (4), whole lines kept."""

    def __init__(self) -> None:
        import ctypes

        self._kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
        self._handle = self._kernel.GetStdHandle(-10)
        mode = ctypes.c_ulong()
        if not self._kernel.GetConsoleMode(self._handle, ctypes.byref(mode)):
            raise OSError("no console")
        self._before = mode.value
        self._kernel.SetConsoleMode(self._handle, self._before & ~4)

    def __call__(self) -> None:
        self._kernel.SetConsoleMode(self._handle, self._before)


_Restore = _Posix | _Windows


def standard_input(question: Callable[[], int | None] = lambda: None) -> Lines:
    """The process's own standard input; see `Lines`."""
    return Lines(sys.stdin, Interrupts(), question)
