"""The rule for new certificate passwords; it never applies to a password that exists.

Source: what Korean authorities' programs accept.
"""

from collections.abc import Iterator
from typing import Final, Literal, TypedDict

MIN_CHARACTERS: Final = 10

Fault = Literal[
    "too_short",
    "no_letter",
    "no_digit",
    "no_symbol",
    "bad_symbol",
    "not_typable",
    "repeated",
    "in_a_row",
]

_FORBIDDEN: Final = frozenset("'\"\\|")


class Rule(TypedDict):
    """One part of the rule, for whoever shows it while a password is typed."""

    fault: Fault
    """What `faults` tells where it is broken."""
    pattern: str
    """A regular expression, in what Python and JavaScript (with its flag "u") have in common."""
    wanted: bool
    """Whether it must be found in the password, or must not."""


def rules() -> list[Rule]:
    """Give the rule in parts.

    A password that breaks none of them has no `faults`, and the other way round.  Of characters
    that no keyboard has, `faults` knows more: whether they can be seen.
    """
    runs = "|".join(_runs())
    return [
        {"fault": "too_short", "pattern": rf"[\s\S]{{{MIN_CHARACTERS}}}", "wanted": True},
        {"fault": "no_letter", "pattern": "[A-Za-z]", "wanted": True},
        {"fault": "no_digit", "pattern": "[0-9]", "wanted": True},
        {"fault": "no_symbol", "pattern": r"[!-/:-@\[-`\{-~]", "wanted": True},
        {"fault": "bad_symbol", "pattern": r"""['"\\|\x00-\x1f\x7f]""", "wanted": False},
        {"fault": "not_typable", "pattern": r"[^!-~\x00-\x1f\x7f]", "wanted": False},
        {"fault": "repeated", "pattern": r"([\s\S])\1\1", "wanted": False},
        {"fault": "in_a_row", "pattern": runs, "wanted": False},
    ]


def _runs() -> Iterator[str]:
    """Give every three neighbours that a keyboard can type, as they stand in a pattern."""
    for first in range(ord("!"), ord("~") - 1):
        letters = [f"\\x{first + step:02x}" for step in range(3)]
        yield "".join(letters)
        yield "".join(reversed(letters))


def faults(password: str) -> tuple[Fault, ...]:
    """Tell what is wrong with a new password; nothing is wrong with an empty tuple.

    At least `MIN_CHARACTERS`: digits, Latin letters and symbols of a keyboard, of each at
    least one, without ``' " \\ |`` (the key of ``\\`` types ₩ in Korea), no character three
    times on end, and no three neighbours of the alphabet (abc, 321).  The keypads of banks
    type nothing else: no blank, no Hangul, no ₩, no accent, no circled digit.
    """
    found: list[Fault] = []
    if len(password) < MIN_CHARACTERS:
        found.append("too_short")
    typable = [character for character in password if "!" <= character <= "~"]
    if not any(character.isalpha() for character in typable):
        found.append("no_letter")
    if not any(character.isdigit() for character in typable):
        found.append("no_digit")
    if all(character.isalnum() for character in typable):
        found.append("no_symbol")
    if _FORBIDDEN & set(password) or any(not c.isprintable() for c in password):
        found.append("bad_symbol")
    if any(c.isprintable() and not "!" <= c <= "~" for c in password):
        found.append("not_typable")
    steps = [
        (ord(b) - ord(a), ord(c) - ord(b))
        for a, b, c in zip(password, password[1:], password[2:], strict=False)
    ]
    if (0, 0) in steps:
        found.append("repeated")
    if (1, 1) in steps or (-1, -1) in steps:
        found.append("in_a_row")
    return tuple(found)
