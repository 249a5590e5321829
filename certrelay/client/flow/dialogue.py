"""Questions and answers as generators: the same dialogue runs before and during a session.

A dialogue yields an `Ask` for each line that it needs, is sent the line, and returns what
it found out.
"""

from collections.abc import Generator
from contextlib import ExitStack
from typing import TypeVar

from certrelay.client.terminal.lines import Lines
from certrelay.client.terminal.report import Report
from certrelay.frozen import frozen

_T = TypeVar("_T")

YES = frozenset({"y", "yes", "ㅛ", "예", "네", "응"})
"""What counts as yes; ``ㅛ`` is the y key of a Korean keyboard."""


@frozen
class Ask:
    """A question that one line answers."""

    text: str
    secret: bool = False
    name: str = ""
    """What is asked for, for answers that are known beforehand."""


Dialogue = Generator[Ask, str, _T]


def says_yes(line: str) -> bool:
    """Tell whether an answer means yes; an empty one does not."""
    return line.strip().lower() in YES


def hold(dialogue: "Dialogue[_T]", lines: Lines, report: Report) -> _T:
    """Run a dialogue to its end, waiting for each answer.

    From one secret question to the next nothing that is typed is shown.
    """
    with ExitStack() as echo:
        try:
            ask = next(dialogue)
            while True:
                if ask.secret:
                    echo.enter_context(lines.hidden())
                else:
                    echo.close()
                lines.forget_early_ones()
                # Nobody types, so nobody is told that typing is not shown.
                report.ask(ask.text if lines.is_terminal else ask.text.partition("\n")[0])
                line = lines.wait(ask.name)
                report.answered(seen=lines.is_terminal and not ask.secret)
                ask = dialogue.send(line)
        except StopIteration as stop:
            found: _T = stop.value
            return found
