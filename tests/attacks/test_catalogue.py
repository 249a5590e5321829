"""docs/security.md, the catalogue's data and the marks say the same."""

import re

import pytest

from tests.attacks.catalogue import IN_PART, ROWS, WITHOUT_TEST
from tests.attacks.mutations import ALL
from tests.attacks.mutations.mutation import Mutation
from tests.attacks.mutations.tool import files_of
from tests.sources import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROW = re.compile(r"^\| ([0-9]+) \| (.+?) \| ([RBPXYL, ]+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
CELLS = {int(number): proof for number, _, _, _, proof in ROW.findall(PAGE)}


def test_the_page_has_the_rows_of_the_data_in_order() -> None:
    assert list(CELLS) == sorted(CELLS)
    assert list(ROWS) == list(CELLS)
    assert set(range(1, 52)) < set(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_a_test_or_a_reason_that_the_page_tells_too(row: int) -> None:
    if row in WITHOUT_TEST:
        assert CELLS[row] == f"none: {WITHOUT_TEST[row]}"
        return
    assert not CELLS[row].startswith("none")
    assert files_of(row, ROOT / "tests"), "no test carries this number"
    if row in IN_PART:
        assert CELLS[row].startswith("in part: ")


def test_no_mark_names_a_row_that_is_not_there() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        for mark in re.findall(r"mark\.attack\(([0-9, ]+)\)", path.read_text("utf-8")):
            assert {int(number) for number in re.findall("[0-9]+", mark)} <= set(ROWS), path


@pytest.mark.parametrize("mutation", ALL, ids=lambda m: f"{m.row}-{m.what}")
def test_every_defence_that_can_be_taken_away_is_still_where_it_was(mutation: Mutation) -> None:
    """So that the command does not end with "the text is not there" after a change."""
    text = (ROOT / mutation.file).read_text("utf-8")
    assert text.count(mutation.old) == 1
    assert mutation.old not in mutation.new


def test_ten_rows_and_the_named_ones_have_a_mutation() -> None:
    rows = {mutation.row for mutation in ALL}
    assert {1, 3, 6, 9, 17, 23, 27, 33, 37} < rows
    assert len(rows) >= 10
