"""The capacities in docs/operations.md are the program's, from the measured figures."""

from dataclasses import replace

from bench import measured
from bench.capacity import ROOMS, Figures, redis_copies, rows
from tests.sources import ROOT

PERFORMANCE = (ROOT / "docs" / "performance.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")


def test_the_table_is_what_the_program_prints() -> None:
    assert "\n".join(rows(Figures())) in OPERATIONS
    assert f"carries {redis_copies(Figures()):,.0f} copies a second" in OPERATIONS


def test_the_sums_begin_with_what_was_measured() -> None:
    def cell(row: str, column: int) -> str:
        (found,) = (line for line in PERFORMANCE.splitlines() if line.startswith(f"| {row} | "))
        return found.split(" | ")[column]

    assert cell("1,000", 5) == f"{measured.ALONE_MS:g}"
    assert (
        cell("1,000, two nodes", 5) == f"{measured.NODES_MS:g} + {measured.REDIS_MS:g} (both nodes)"
    )
    assert cell("10,000", 7).strip(" |") == f"{measured.WAITING_KIB:g} KiB"
    assert cell("10,000", 6).startswith(f"{measured.ALONE_MIB:g}, ")
    assert cell("1,000, one node with a Redis", 6).startswith(f"{measured.NODE_MIB:g}, ")


def test_half_the_time_for_a_copy_is_twice_the_copies_up_to_the_limit_of_rooms() -> None:
    def per_s(figures: Figures) -> list[float]:
        return [float(row.split(" | ")[2].replace(",", "")) for row in list(rows(figures))[2:]]

    slow = Figures(alone_ms=50, nodes_ms=50)
    fast = replace(slow, alone_ms=25, nodes_ms=25)
    assert per_s(fast) == [2 * each for each in per_s(slow)]
    free = Figures(alone_ms=0.001, nodes_ms=0.001)
    for row in list(rows(free))[2:]:
        cells = row.strip("| ").split(" | ")
        assert float(cells[4].replace(",", "")) <= 1.05 * ROOMS * int(cells[1].split(",")[0])
