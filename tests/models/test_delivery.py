"""The model of delivery holds, and leaving out any one rule is found."""

import pytest

from tests.component import program
from tests.models.delivery import BROKEN, check, variants


@pytest.fixture(autouse=True, scope="module")
def checker() -> None:
    for name in ("spin", "gcc"):
        program(name)


def test_the_rules_hold_in_every_state() -> None:
    checked = check("FAULTS=1")
    assert checked.is_complete, checked.words
    assert checked.states > 100_000


def test_who_is_patient_gets_it_done() -> None:
    checked = check("FAULTS=2", patient=True)
    assert checked.is_complete, checked.words
    assert checked.states > 10_000


@pytest.mark.parametrize("rule", BROKEN)
def test_a_rule_left_out_is_found(rule: str) -> None:
    (patient,) = (patient for name, _, patient in variants(1) if name == f"BROKEN_{rule}")
    checked = check("FAULTS=1", f"BROKEN_{rule}", patient=patient)
    assert checked.words.startswith(BROKEN[rule])
