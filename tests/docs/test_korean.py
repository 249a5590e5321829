"""The operators' pages in Korean have the commands of the English ones, all and in their order."""

import re

import pytest

from tests.sources import ROOT

DOCS = ROOT / "docs"


def text_of(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def blocks(text: str) -> list[str]:
    return re.findall(r"^```\w*\n.*?^```$", text, re.M | re.S)


@pytest.mark.parametrize("name", ["runbook", "first-day"])
def test_the_commands_are_the_same(name: str) -> None:
    english, korean = blocks(text_of(f"{name}.md")), blocks(text_of(f"{name}.ko.md"))
    assert len(english) > 5
    assert korean == english


def test_every_alarm_has_its_place_in_korean_too() -> None:
    headings = [re.findall(r"^## .*$", text_of(f"runbook{end}"), re.M) for end in (".md", ".ko.md")]
    assert headings[0] == headings[1]


def events(text: str) -> set[str]:
    """The names in the first column of the catalogue of log lines."""
    rows = re.findall(r"^\| (`[^|]+) \| (?:notice|warning|error|info|debug) \|", text, re.M)
    return set(re.findall(r"`(\w+)`", " ".join(rows)))


def test_the_catalogue_of_log_lines_is_whole_in_korean_too() -> None:
    assert len(events(text_of("operations.md"))) > 25
    assert events(text_of("operations.ko.md")) == events(text_of("operations.md"))


def test_what_an_operator_types_in_korean_stands_in_english_too() -> None:
    """Lines of the Korean page that are no installation of its own."""
    english = text_of("operations.md") + text_of("first-day.md")
    for block in blocks(text_of("operations.ko.md")):
        for line in block.splitlines()[1:-1]:
            command = line.split(" #")[0].strip()
            assert command in english, command
