import pytest

from certrelay.client.terminal import layout
from certrelay.safe_text import cell_width

HEAD = ["#", "사용자", "Issuer"]
ROWS = [["1", "홍길동()0020041200806232804005", "yessign"], ["12", "Kim", "한국정보인증"]]


def test_korean_letters_count_two_cells_so_columns_align() -> None:
    lines = layout.table(HEAD, ROWS, None)
    starts = [cell_width(line[: line.index(last)]) for line, last in zip(lines, LAST, strict=True)]
    assert len(set(starts)) == 1


LAST = ["Issuer", "yessign", "한국정보인증"]


@pytest.mark.parametrize("cells", [12, 20, 34, 40])
def test_a_table_that_is_too_wide_becomes_blocks_that_lose_nothing(cells: int) -> None:
    lines = layout.table(HEAD, ROWS, cells)
    for row in ROWS:
        for text in row:
            assert any(text in line for line in lines)
    longest_text = max(cell_width(text) for row in ROWS for text in row)
    assert max(map(cell_width, lines)) <= max(cells, 4 + longest_text)
    assert [line.split()[0] for line in lines if line[0] != " "] == ["1", "12"]


def test_an_empty_text_leaves_no_hole_in_a_block() -> None:
    (line,) = layout.table(["#", "a", "b"], [["1", "", "x" * 30]], 34)
    assert line == "1  " + "x" * 30


def test_a_value_that_does_not_fit_beside_its_name_goes_below_it() -> None:
    rows = [("Serial", "1"), ("Fingerprint", "a" * 64)]
    assert layout.pairs(rows, 100) == ["Serial       1", "Fingerprint  " + "a" * 64]
    assert layout.pairs(rows, 70) == ["Serial       1", "Fingerprint", "  " + "a" * 64]
