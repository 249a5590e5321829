"""The rule for new certificate passwords; it never applies to a password that exists.

Source: what Korean authorities' programs accept.
"""

from typing import Final, Literal

MIN_CHARACTERS: Final = 10

Fault = Literal[
    "too_short", "no_letter", "no_digit", "no_symbol", "bad_symbol", "repeated", "in_a_row"
]

_FORBIDDEN: Final = frozenset("'\"\\|")


def faults(password: str) -> tuple[Fault, ...]:
    """Tell what is wrong with a new password; nothing is wrong with an empty tuple.

    At least `MIN_CHARACTERS` with a letter, a digit and a symbol, none of ``' " \\ |``, no
    character three times on end, and no three neighbours of the alphabet (abc, 321).
    """
    found: list[Fault] = []
    if len(password) < MIN_CHARACTERS:
        found.append("too_short")
    if not any(character.isalpha() for character in password):
        found.append("no_letter")
    if not any(character.isdigit() for character in password):
        found.append("no_digit")
    if all(character.isalnum() for character in password):
        found.append("no_symbol")
    if _FORBIDDEN & set(password) or not password.isprintable():
        found.append("bad_symbol")
    steps = [
        (ord(b) - ord(a), ord(c) - ord(b))
        for a, b, c in zip(password, password[1:], password[2:], strict=False)
    ]
    if (0, 0) in steps:
        found.append("repeated")
    if (1, 1) in steps or (-1, -1) in steps:
        found.append("in_a_row")
    return tuple(found)
