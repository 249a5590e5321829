"""The rule for new certificate passwords; it never applies to a password that exists.

Source: what Korean authorities' programs accept.
"""

from typing import Final, Literal

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
