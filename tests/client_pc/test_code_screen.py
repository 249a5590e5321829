"""The screen of a typed code: what a person reads off it, large or in words."""

import pytest

from certrelay.client.terminal.digits import large, spelled
from certrelay.e2e.origin import Origin
from certrelay.safe_text import cell_width
from certrelay.texts import Texts
from client_pc.code_screen import CodeScreen, address_of
from client_pc.relay_address import complete

LAN = Origin.parse("http://192.168.0.10:8765/")
CODE = "4821 7730 1946"


def anywhere(_columns: int, _rows: int) -> bool:
    return True


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_screen_has_the_code_the_address_and_the_warning(language: str) -> None:
    texts = Texts(language)
    screen = CodeScreen(CODE, LAN, texts, renewed=False)
    lines = screen.lines(lambda columns, rows: columns <= 80 and rows < 24)
    assert lines is not None
    assert [line.strip() for line in lines if "█" in line or "▀" in line] == [
        row.rstrip()
        for text in (CODE, "192.168.0.10:8765")
        for row in (each.strip() for each in large(text))
    ]
    assert max(map(cell_width, lines)) <= 78
    warning = texts.say("pc.code.words", address="192.168.0.10:8765", url=LAN.text).split("\n")
    assert "certrelay join 192.168.0.10:8765" in " ".join(lines)
    assert warning[3].split()[0] in " ".join(lines)


def test_every_character_is_drawn_as_another_one() -> None:
    drawn = {each: tuple(large(each)) for each in "0123456789.: "}
    assert len(set(drawn.values())) == len(drawn)
    assert all(len(rows) == 3 and {len(row) for row in rows} == {4} for rows in drawn.values())
    with pytest.raises(KeyError):
        large("relay.example.kr")


def test_a_small_window_has_plain_digits_and_one_without_room_has_words() -> None:
    screen = CodeScreen(CODE, LAN, Texts("en"), renewed=True)
    small = screen.lines(lambda columns, _rows: columns < 76)
    assert small is not None
    assert f"  {CODE}" in small
    assert max(map(cell_width, small)) <= 38
    assert screen.lines(lambda _columns, _rows: False) is None
    words = screen.in_words()
    assert f"{CODE} (digit by digit: 4 8 2 1, 7 7 3 0, 1 9 4 6)" in words
    assert "192.168.0.10:8765" in words
    assert Texts("en").say("pc.code.renewed") in words


@pytest.mark.parametrize(
    ("origin", "address"),
    [
        ("http://192.168.0.10:8765/", "192.168.0.10:8765"),
        ("http://192.168.0.10/", "192.168.0.10"),
        ("http://[fd00::1]:8765/", "[fd00::1]:8765"),
        ("https://relay.example.kr/", "relay.example.kr"),
        ("https://relay.example.kr:8443/cert/", "relay.example.kr:8443/cert"),
        ("http://relay.example.kr/", "http://relay.example.kr/"),
        ("https://192.168.0.10/", "https://192.168.0.10/"),
        ("https://relay/", "https://relay/"),
    ],
)
def test_the_address_is_the_shortest_that_leads_back(origin: str, address: str) -> None:
    assert address_of(Origin.parse(origin)) == address
    assert complete(address) == origin


def test_digits_are_read_out_one_by_one() -> None:
    assert spelled("004821 7730 0046") == "0 0 4 8 2 1, 7 7 3 0, 0 0 4 6"


def test_a_code_is_in_no_repr() -> None:
    assert "4821" not in repr(CodeScreen(CODE, LAN, Texts("en"), renewed=False))
