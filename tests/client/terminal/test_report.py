"""What a person gets to see, on a terminal and in a pipe."""

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.report import Beside
from certrelay.client.terminal.screen import Screen
from certrelay.client.terminal.text_report import TextReport
from certrelay.errors import CertificateError
from certrelay.texts import Texts


class Stream(io.StringIO):
    """A stream that may say that it is a terminal."""

    def __init__(self, encoding: str = "utf-8", terminal: bool = True) -> None:
        super().__init__()
        self._encoding = encoding
        self._terminal = terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def told(
    tell: Callable[[TextReport], None], *, encoding: str = "utf-8", quiet: bool = False, **how: bool
) -> str:
    """What standard error gets."""
    how = {"steers": False, "colours": False, "plain": False, **how}
    stream = Stream(encoding, terminal=how["steers"])
    screen = Screen(stream, how["steers"], how["colours"], how["plain"])
    tell(TextReport(Texts("en"), "certrelay", io.StringIO(), screen, quiet=quiet))
    return stream.getvalue()


def progress(report: TextReport) -> None:
    for done in (0, 50, 100):
        report.event("progress", f"  {done} of 100 bytes", done=done, total=100)
    report.event("done", "Done.")


def test_progress_is_one_line_that_is_rewritten() -> None:
    said = told(progress, steers=True)
    assert said.count("\r") == 3
    assert said.endswith("100 of 100 bytes\x1b[K\nDone.\n")


def test_without_a_terminal_only_the_end_of_progress_is_said() -> None:
    assert told(progress) == "  100 of 100 bytes\nDone.\n"


def test_colours_are_for_terminals_that_want_them() -> None:
    assert "\x1b[32mDone.\x1b[0m" in told(progress, steers=True, colours=True)
    assert "\x1b[3" not in told(progress, steers=True)
    assert "\x1b" not in told(progress)


@pytest.mark.parametrize(
    ("name", "said"), [("paired", ""), ("number", "text\n"), ("offer", "text\n")]
)
def test_quiet_leaves_out_only_what_nobody_has_to_know(name: str, said: str) -> None:
    assert told(lambda report: report.event(name, "text", number="637081"), quiet=True) == said


def test_quiet_still_says_what_went_wrong() -> None:
    error = CertificateError("no_certificates")
    assert "certrelay: No certificates" in told(lambda report: report.error(error), quiet=True)


def test_a_plain_screen_and_one_without_the_letter_get_no_arrow() -> None:
    error = CertificateError("no_certificates")
    assert "→" in told(lambda report: report.error(error))
    assert "→" not in told(lambda report: report.error(error), plain=True)
    assert "→" not in told(lambda report: report.error(error), encoding="ascii")


def test_words_while_the_picture_is_up_are_said_again_when_it_is_gone() -> None:
    def tell(report: TextReport) -> None:
        report.picture(["█▀", "▄█"], "Time left 2:00")
        report.event("connection_lost", "The connection is lost.")
        report.erase_picture()

    said = told(tell, steers=True)
    picture, gone, after = said.partition("\x1b[?1049l")
    assert picture.startswith("\x1b[?1049h")
    assert "\rThe connection is lost.\x1b[K" in picture
    assert gone
    assert after == "The connection is lost.\n"


NUMBER = "\n    Number  637 081\n\nType it on the phone."


def number(report: TextReport) -> None:
    report.event("paired", "The phone is connected: 'A16'.")
    report.event("number", NUMBER, number="637081")
    report.event("peer_step", "Phone: typing the number.", step="typing")
    report.event("offer", "  - a certificate", items=[])


def test_the_number_stands_large_and_alone_until_the_next_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for columns, lines, block in (("80", "24", "██████  "), ("40", "24", "█▀"), ("80", "12", "█▀")):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setenv("LINES", lines)
        said = told(number, steers=True)
        before, _, rest = said.partition("\x1b[?1049h\x1b[2J")
        alone, _, after = rest.partition("\x1b[?1049l")
        assert "connected" in before
        assert block in alone
        for words in ("Number  637 081", "Type it on the phone.", "'A16'", "typing the number"):
            assert words in alone, (columns, words)
        assert after == "  - a certificate\n", "no old step comes back"


def test_the_number_is_plain_where_there_is_no_room_and_spelled_where_it_is_read_aloud(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("LINES", "24")
    for said in (told(number, steers=True), told(number), told(number, encoding="ascii")):
        assert "Number  637 081" in said
        assert "█" not in said
    assert "Number  6 3 7, 0 8 1" in told(number, plain=True)


def test_an_error_at_the_number_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(report: TextReport) -> None:
        report.event("number", NUMBER, number="637081")
        report.error(CertificateError("no_certificates"))

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    assert "No certificates" in told(tell, steers=True).partition("\x1b[?1049l")[2]


def test_words_stand_beside_the_picture_where_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(report: TextReport) -> None:
        report.picture(["█"] * 5, "Time left", Beside("1. Scan it.\n2. Done.", 10))

    monkeypatch.setenv("COLUMNS", "60")
    said = told(tell, steers=True)
    assert "\x1b[2;13H1. Scan it.\x1b[3;13H2. Done.\x1b[6;1H\rTime left" in said
    monkeypatch.setenv("COLUMNS", "40")
    assert "Scan" not in told(tell, steers=True), "too narrow"
    assert "Scan" not in told(tell), "no terminal"


def test_words_that_would_not_stand_whole_beside_the_picture_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    for text in ("line\n" * 4, "x" * 60):
        picture = partial(TextReport.picture, lines=["█"] * 5, caption="", beside=Beside(text, 10))
        assert text[:4] not in told(picture, steers=True)


def test_news_stay_below_the_picture_for_some_seconds() -> None:
    def tell(report: TextReport) -> None:
        report.picture(["█"], "2:00")
        report.event("connection_lost", "Lost.")
        for second in range(9):
            report.caption(f"1:5{second}")

    said = told(tell, steers=True).split("\r")
    assert said[1:3] == ["2:00\x1b[K", "Lost.\x1b[K"]
    assert said[3] == "1:56\x1b[K"


def test_why_there_is_a_new_picture_stands_below_it_first() -> None:
    def tell(report: TextReport) -> None:
        report.event("note", "Before.")
        report.picture(["█"], "2:00")
        report.erase_picture()
        report.event("renewed", "The code was renewed.")
        report.picture(["▀"], "2:00")

    said = told(tell, steers=True)
    assert "\rBefore." not in said
    assert said.endswith("2:00\x1b[K\rThe code was renewed.\x1b[K")


def test_a_question_is_put_again_after_what_is_said_meanwhile() -> None:
    def tell(report: TextReport) -> None:
        report.ask("Number:")
        report.event("peer_lost", "The phone is away.")
        report.answered(seen=True)
        report.event("done", "Done.")

    assert told(tell) == "Number: \nThe phone is away.\nNumber: Done.\n"


def test_an_answer_that_no_terminal_showed_ends_its_line() -> None:
    def tell(report: TextReport) -> None:
        report.ask("Password:")
        report.answered(seen=False)
        report.ask("Save?")
        report.error(CertificateError("no_certificates"))
        report.withdraw()

    said = told(tell)
    assert said.startswith("Password: \nSave? \ncertrelay: No certificates")
    assert "\n\n" not in said


def test_a_caption_is_never_longer_than_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    said = told(lambda report: report.picture(["█"], "휴대폰 카메라로 비추세요 0:59"), steers=True)
    assert said.rpartition("\r")[2] == "휴대폰 카메라로 비…\x1b[K"


def test_json_says_the_same_whatever_the_screen_is() -> None:
    out = io.StringIO()
    report = JsonReport(Texts("ko"), out)
    fields: dict[str, Any] = {"done": 1, "total": 2}
    report.event("progress", "text", **fields)
    assert json.loads(out.getvalue()) == {"event": "progress", **fields}
    assert report.can_draw(1000, 1000)
    assert report.columns is None


def test_an_old_step_of_the_other_device_does_not_stay_above_what_follows() -> None:
    def tell(report: TextReport) -> None:
        report.event("peer_step", "Phone: choosing.", step="choosing")
        report.event("peer_step", "Phone: typing.", step="typing")
        report.event("offer", "What arrives: 1")

    said = told(tell, steers=True)
    assert said.endswith("\r\x1b[KWhat arrives: 1\n")
    assert "choosing.\n" not in said
    assert "typing.\n" not in said
    assert told(tell).split("\n")[:2] == ["Phone: choosing.", "Phone: typing."], "no terminal"


def events_of(tell: Callable[[JsonReport], None], *, interactive: bool) -> list[dict[str, Any]]:
    out = io.StringIO()
    tell(JsonReport(Texts("en"), out, interactive=interactive))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_person_behind_another_program_gets_sentences_and_questions_by_number() -> None:
    def tell(report: JsonReport) -> None:
        report.event("loopback", "Only this PC.")
        report.event("progress", done=1, total=2)
        report.ask("Password:")
        report.answered(seen=False)
        report.withdraw()
        report.ask("Save?")
        report.withdraw()

    assert events_of(tell, interactive=False) == [
        {"event": "loopback"},
        {"event": "progress", "done": 1, "total": 2},
    ]
    assert events_of(tell, interactive=True) == [
        {"event": "loopback", "text": "Only this PC."},
        {"event": "progress", "done": 1, "total": 2},
        {"event": "ask", "question": 1, "text": "Password:"},
        {"event": "answered", "question": 1},
        {"event": "ask", "question": 2, "text": "Save?"},
        {"event": "answered", "question": 2},
    ]
