import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certrelay.pki import passwords


@pytest.mark.parametrize(
    ("password", "faults"),
    [
        ("Test-pw1234!", ("in_a_row",)),
        ("Test-pw1928!", ()),
        ("한글비밀번호-1928", ("no_letter", "not_typable")),
        ("Test-pw한1928", ("not_typable",)),
        ("Test-pw₩1928", ("not_typable",)),
        ("Test-pw￦1928", ("not_typable",)),
        ("Test-pwé1928", ("not_typable",)),
        ("Test-pw 1928", ("not_typable",)),
        ("Test-pw①1928", ("not_typable",)),
        ("Test-pwＡ1928", ("not_typable",)),
        ("Test-pw１9283!", ("not_typable",)),
        ("Test-pw🔑19283", ("not_typable",)),
        ("T-1928", ("too_short",)),
        ("Test-1928", ("too_short",)),
        ("Tests-1928", ()),
        ("----192837465", ("no_letter", "repeated")),
        ("Test-password", ("no_digit",)),
        ("Testpw19283", ("no_symbol",)),
        ("Test-pw1928'", ("bad_symbol",)),
        ('Test-pw1928"', ("bad_symbol",)),
        ("Test-pw1928\\", ("bad_symbol",)),
        ("Test-pw1928|", ("bad_symbol",)),
        ("Test-pw1928\n", ("bad_symbol",)),
        ("Test-pw1999!", ("repeated",)),
        ("Test-pw1987!", ("in_a_row",)),
        ("abTest-c1928", ()),
        ("", ("too_short", "no_letter", "no_digit", "no_symbol")),
    ],
)
def test_the_rule_of_new_passwords(password: str, faults: tuple[str, ...]) -> None:
    assert passwords.faults(password) == faults


TYPED = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7F), max_size=14)


@given(st.one_of(TYPED, st.text(max_size=14)))
@example("Test-pw1928!")
@example("Test-pw123!x")
@example("cba-AAA-98 \\'|")
def test_the_rule_in_parts_says_the_same(password: str) -> None:
    rules = passwords.rules()
    broken = {
        rule["fault"]
        for rule in rules
        if (re.search(rule["pattern"], password) is not None) != rule["wanted"]
    }
    told = set(passwords.faults(password))
    assert bool(broken) == bool(told)
    if password.isascii():
        kept = min(password, default="!") >= "!"  # runs of blanks are blanks
        assert broken == told if kept else broken <= told
