"""Words that name certificates on a command line, for the shell's completion.

A word is the owner's name where that is clear and holds nothing but letters, else the beginning
of the fingerprint: nothing in it acts in any shell.
"""

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from certrelay.client.flow.describing import state_of
from certrelay.client.store.reading import Entry
from certrelay.pki.naming import owner_name
from certrelay.pki.validity import last_day
from certrelay.safe_text import printable
from certrelay.texts import Texts

_PRINT_DIGITS: Final = 12
_PLAIN: Final = "-_."


def target_words(
    entries: Sequence[Entry], texts: Texts, now: datetime, has_letters: Callable[[str], bool]
) -> list[tuple[str, str]]:
    """Give each certificate's word, and a line that says whose it is and until when.

    Args:
        entries: The list.
        texts: The person's language.
        now: The wall clock's time.
        has_letters: Tells whether the shell gets these letters: in their place it would get
            question marks, which act.
    """
    owners: dict[str, set[str]] = {}
    found: dict[str, str] = {}
    for entry in entries:
        summary = entry.summary
        if summary is None or (certificate := summary.certificate) is None:
            continue
        owner = owner_name(certificate.cn)
        owners.setdefault(owner, set()).add(certificate.fingerprint)
        day = "" if certificate.not_after is None else last_day(certificate.not_after)
        state = texts.say(f"state.{state_of(summary, now)}")
        found[certificate.fingerprint] = f"{printable(owner, None)}  {day}  {state}"
    words = []
    for owner, prints in owners.items():
        for fingerprint in sorted(prints):
            clear = len(prints) == 1 and is_plain(owner) and has_letters(owner)
            words.append((owner if clear else fingerprint[:_PRINT_DIGITS], found[fingerprint]))
    return sorted(words)


def is_plain(word: str) -> bool:
    """Tell whether every shell takes a word for a word, and the program for a name."""
    return (
        word != ""
        and not word.isdigit()
        and word[0] not in _PLAIN
        and printable(word, None) == word
        and all(
            each in _PLAIN or each.isalnum() or unicodedata.category(each) == "So" for each in word
        )
    )
