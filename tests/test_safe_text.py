import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.limits import MAX_SHOWN_CELLS, MAX_STACKED_MARKS
from certrelay.safe_text import cell_width, is_hidden, pad, printable, wrap
from tests.sources import ROOT

VECTORS = json.loads((ROOT / "tests" / "vectors" / "safe-text.json").read_text("utf-8"))
ANYTHING = st.text(st.characters(exclude_categories=[]), max_size=200)


@pytest.mark.attack(37)
@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2J",  # clears the screen
        "\x1b]52;c;aGk=\x07",  # sets the clipboard
        "\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\",  # a link that hides its address
        "\x9b2J",  # the same by a C1 character
        "a\r\nb",
        "a\x08b",
        "\x00",
        "\x7f",
        "\u202egnp.exe",  # turns the reading direction
        "\u2066x\u2069",
        "\u200bzero",
        "\u2060\ufeff",
        "\u061c",
        "\u2028\u2029",
        "\ud800",
        "\U000e0041",  # a tag character: invisible text
    ],
)
def test_what_acts_or_hides_becomes_a_visible_mark(hostile: str) -> None:
    shown = printable(hostile)
    assert "\N{REPLACEMENT CHARACTER}" in shown
    assert not any(is_hidden(character) for character in shown)


INVISIBLE = (
    *("\u00ad", "\u034f", "\u115f", "\u1160", "\u17b4", "\u180e", "\u2061", "\u2064", "\u2065"),
    *("\u206a", "\u2800", "\u3164", "\ufe00", "\ufe0f", "\uffa0", "\ufff9", "\U0001d173"),
    *("\U000e0100", "\U000e01ef", "\U000e0fff", "\ufdd0", "\U0010ffff"),
)
"""Hangul fillers, variation selectors, shorthands of mathematics and music, and their like."""


@pytest.mark.attack(37, 78)
@pytest.mark.parametrize("invisible", INVISIBLE, ids=lambda each: f"{ord(each):04X}")
def test_names_that_would_look_the_same_do_not(invisible: str) -> None:
    for name in (f"홍길동{invisible}", f"{invisible}홍길동", f"홍{invisible}길동"):
        assert printable(name) == name.replace(invisible, "\N{REPLACEMENT CHARACTER}")


@pytest.mark.attack(78)
@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u0489", "\u1161", "\u11ff", "\ud7b0"])
def test_marks_do_not_pile_up(mark: str) -> None:
    base = "\u1100" if mark in "\u1161\u11ff\ud7b0" else "x"
    for max_cells in (MAX_SHOWN_CELLS, None):
        shown = printable(base + mark * 60_001 + "y", max_cells)
        assert len(shown) <= 1 + MAX_STACKED_MARKS + 2
        assert shown.endswith("\N{REPLACEMENT CHARACTER}y")
    every = printable((base + mark * 5) * 1000)
    assert len(every) <= MAX_SHOWN_CELLS * (MAX_STACKED_MARKS + 2)


@pytest.mark.attack(78)
def test_a_mark_on_nothing_would_stand_on_our_own_words() -> None:
    assert printable("\u0301\u0301a") == "\N{REPLACEMENT CHARACTER}a"


def test_marks_of_living_scripts_stay() -> None:
    for text in ("ế", "שָׁלוֹם", "ที่", "ᄒᆞᆫ글", "क्षि"):
        assert printable(text) == unicodedata.normalize("NFC", text)


def test_the_tables_agree_with_python_where_both_know_a_character() -> None:
    """Python's own table is of another version, and has no default-ignorable property."""
    for point in range(0x110000):
        character = chr(point)
        kind = unicodedata.category(character)
        if kind == "Cn":
            continue
        is_mark = cell_width("x" + character) == 1 and not is_hidden(character)
        in_parts = 0x1160 <= point <= 0x11FF or 0xD7B0 <= point <= 0xD7FB
        if not is_hidden(character):
            assert is_mark == (kind in ("Mn", "Me") or in_parts), f"{point:04X}"
        if kind in ("Cc", "Cs", "Zl", "Zp"):
            assert is_hidden(character), f"{point:04X}"
        if cell_width(character) == 2:
            assert unicodedata.east_asian_width(character) in "WF", f"{point:04X}"


@pytest.mark.attack(78)
@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each["what"])
def test_the_vectors_hold(vector: dict[str, str]) -> None:
    assert printable(vector["text"]) == vector["shown"]


@pytest.mark.parametrize(
    "plain", ["HONG()0020041200806232804005", "홍길동 的 PC", "é", "🔑 키", ""]
)
def test_ordinary_text_stays_as_it_is(plain: str) -> None:
    assert printable(plain) == plain


def test_text_is_composed() -> None:
    assert printable(unicodedata.normalize("NFD", "홍길동")) == "홍길동"


def test_a_long_text_is_cut_with_a_mark() -> None:
    shown = printable("x" * 100)
    assert shown == "x" * (MAX_SHOWN_CELLS - 1) + "…"


def test_korean_letters_count_twice_when_cut() -> None:
    shown = printable("가" * 100, 11)
    assert shown == "가" * 5 + "…"
    assert cell_width(shown) == 11


def test_a_text_that_just_fits_is_not_cut() -> None:
    assert printable("가" * 5, 10) == "가" * 5


def test_a_path_stays_whole() -> None:
    assert printable("p" * 500, None) == "p" * 500


@pytest.mark.attack(37)
@given(ANYTHING)
def test_whatever_comes_the_result_is_harmless_and_short(text: str) -> None:
    shown = printable(text)
    assert not any(is_hidden(character) for character in shown)
    assert cell_width(shown) <= MAX_SHOWN_CELLS
    shown.encode("utf-8")


@given(ANYTHING)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert printable(printable(text)) == printable(text)


PARTS = [("\u1112\u1161\u11ab", 2), ("😀", 2), ("가\ufe0f", 2), ("a\u20dd", 1), ("·→…", 3)]
"""A Korean letter in parts, an emoji, a variation selector, an enclosing mark, ambiguous signs."""


@pytest.mark.parametrize(
    ("text", "cells"), [("abc", 3), ("가나", 4), ("Ａ", 2), ("e\u0301", 1), ("", 0), *PARTS]
)
def test_widths_are_those_of_a_terminal(text: str, cells: int) -> None:
    assert cell_width(text) == cells


def test_columns_align_whatever_the_script() -> None:
    assert cell_width(pad("인증서", 10)) == cell_width(pad("cert", 10)) == 10
    assert pad("인증서", 3) == "인증서"


@pytest.mark.parametrize("cells", [20, 33, 80])
def test_wrapped_text_keeps_every_word_whole_and_in_order(cells: int) -> None:
    text = "  휴대폰의 카메라로 이 QR 코드를 비추세요. 창을 키우면 여기에 그립니다."
    wrapped = wrap(text, cells)
    assert wrapped.split() == text.split()
    assert all(cell_width(line) <= cells for line in wrapped.split("\n"))
    assert all(line.startswith("  ") for line in wrapped.split("\n"))


@pytest.mark.parametrize("mark", ["1. ", "  12. ", "[정상] ", "  → ", "- "])
def test_what_goes_on_stands_below_where_it_began(mark: str) -> None:
    first, *others = wrap(mark + "낱말 " * 20, 30).split("\n")
    assert first.startswith(f"{mark}낱말")
    assert len(others) > 2
    assert all(line.startswith(" " * cell_width(mark) + "낱말") for line in others)


def test_a_line_of_blanks_is_a_line() -> None:
    assert wrap(" " * 90, 80).strip() == ""


def test_a_path_is_never_broken() -> None:
    path = "/home/" + "x" * 100
    assert path in wrap(f"Stored: {path}", 40).split("\n")


def test_without_a_screen_nothing_is_wrapped() -> None:
    assert wrap("a " * 200, None) == "a " * 200
