"""Standard input as lines: its end is told at every question, and nothing hangs."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from certrelay.client.terminal.interrupts import Interrupts
from certrelay.client.terminal.lines import MAX_LINE, Lines
from certrelay.errors import Interrupted, UsageError


class Piped:
    """Lines that read from a pipe."""

    def __init__(self, question: Callable[[], int | None] = lambda: None) -> None:
        reading, writing = os.pipe()
        self.source, self.target = os.fdopen(reading, "r"), os.fdopen(writing, "w")
        self.interrupts = Interrupts()
        self.lines = Lines(self.source, self.interrupts, question)

    def close(self) -> None:
        self.target.close()  # so that the reading thread ends
        if self.lines._thread is not None:
            self.lines._thread.join(5)
        self.source.close()
        self.lines._wake.close()
        self.lines._woken.close()


@pytest.fixture
def piped() -> Iterator[Piped]:
    with closing(Piped()) as piped:
        yield piped


def take(lines: Lines) -> str:
    """Wait for a line, but never for ever."""
    lines.start()
    for _ in range(500):
        if (line := lines.take()) is not None:
            return line
        time.sleep(0.01)
    pytest.fail("no line, and no end either")


def test_lines_come_in_order_and_without_their_ends(piped: Piped) -> None:
    lines, target = piped.lines, piped.target
    target.write("first\r\nsecond\n\nlast")
    target.close()
    assert [take(lines) for _ in range(4)] == ["first", "second", "", "last"]


def test_the_end_of_input_is_told_at_every_question(piped: Piped) -> None:
    lines, target = piped.lines, piped.target
    target.close()
    for _ in range(3):  # a program that asks again must hear it again, not wait for ever
        with pytest.raises(UsageError) as caught:
            take(lines)
        assert caught.value.code == "input_ended"


def test_a_line_that_is_too_long_is_cut_into_answers(piped: Piped) -> None:
    lines, target = piped.lines, piped.target
    target.write("x" * (MAX_LINE + 1) + "\n")
    target.close()
    assert [take(lines), take(lines)] == ["x" * MAX_LINE, "x"]


def test_nothing_is_read_before_a_question(piped: Piped) -> None:
    lines, target = piped.lines, piped.target
    target.write("early\n")
    target.flush()
    assert lines.take() is None
    assert take(lines) == "early"


def test_a_script_may_write_its_answers_ahead(piped: Piped) -> None:
    lines, target = piped.lines, piped.target
    target.write("ahead\n")
    target.flush()
    assert not lines.is_terminal
    lines.start()
    lines.forget_early_ones()
    assert take(lines) == "ahead"


def test_a_wish_is_found_among_answers_that_were_written_ahead(piped: Piped) -> None:
    lines, target = piped.lines, piped.target
    words = frozenset({"c", "code"})
    lines.start()
    assert not lines.find(words)
    target.write("first\n Code \nlast\nc\n")
    target.close()
    for _ in range(2):
        found = False
        while not found:  # the test's own limit ends it
            found = lines.find(words)
    assert [take(lines), take(lines)] == ["first", "last"]
    assert not lines.find(words)
    with pytest.raises(UsageError):
        take(lines)


def test_asking_to_stop_ends_a_wait(piped: Piped) -> None:
    piped.interrupts.ask()
    with pytest.raises(Interrupted):
        piped.lines.wait()


@pytest.fixture
def numbered() -> Iterator[Piped]:
    """Lines whose open question is the third."""
    with closing(Piped(lambda: 3)) as piped:
        yield piped


def test_an_answer_that_names_another_question_is_dropped(numbered: Piped) -> None:
    numbered.target.write("2 y\ny\n33 y\n\n3  two blanks\n")
    numbered.target.flush()
    assert take(numbered.lines) == " two blanks"
    assert numbered.lines.take() is None
    assert numbered.lines.password_tries > 1


def test_a_wish_needs_no_number(numbered: Piped) -> None:
    numbered.target.write("2 y\ncode\n3 y\n")
    numbered.target.flush()
    numbered.lines.start()
    while not numbered.lines.find(frozenset({"code"})):
        time.sleep(0.01)
    assert take(numbered.lines) == "y"


def test_a_person_who_answers_through_a_program_is_gone_with_it(numbered: Piped) -> None:
    numbered.target.close()
    with pytest.raises(UsageError):
        take(numbered.lines)
    assert numbered.interrupts.asked


def test_the_end_of_a_scripts_answers_stops_nothing(piped: Piped) -> None:
    piped.target.close()
    with pytest.raises(UsageError):
        take(piped.lines)
    assert not piped.interrupts.asked
