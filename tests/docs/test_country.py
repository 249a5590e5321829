"""The sum in docs/operations.md is the program's, and its parts go together."""

from dataclasses import replace

from bench.country import Country, answer, rows
from tests.sources import ROOT


def test_the_table_is_what_the_program_prints() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert "\n".join(rows(Country())) in page


def test_twice_the_people_are_twice_the_copies_and_a_short_week_a_higher_peak() -> None:
    usual = answer(Country())
    twice = answer(replace(Country(), people=40e6))
    assert twice.peak == 2 * usual.peak
    assert twice.month_gib == 2 * usual.month_gib
    assert answer(replace(Country(), days=3.5)).peak == 2 * usual.peak
    assert answer(replace(Country(), days=3.5)).month_gib == usual.month_gib


def test_with_one_zone_lost_the_others_carry_the_peak() -> None:
    for zones in (2.0, 3.0, 4.0):
        country = replace(Country(), zones=zones, people=200e6)
        found = answer(country)
        left = found.machines * (zones - 1) / zones * country.cores
        assert left >= found.relay_cores + found.proxy_cores
