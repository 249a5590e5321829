"""Every sentence that a person reads, by key, in Korean and in English.

``ko.json`` and ``en.json`` hold the same keys; the phone's page reads the same files.  A
value that is put into a sentence passes through the sanitiser here, so that no caller can
forget it.
"""

import errno
import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from certrelay.errors import CertRelayError
from certrelay.safe_text import printable

LANGUAGES: Final = ("ko", "en")


class Texts:
    """The catalogue of one language."""

    def __init__(self, language: str) -> None:
        self.language: Final = language
        self._sentences: Final = _load(language)

    def say(self, key: str, **values: str | int) -> str:
        """Give the sentence of ``key`` with ``values`` in its placeholders.

        Texts among the values are made printable but not cut: a path must stay whole.

        Raises:
            KeyError: If there is no such sentence, or a placeholder has no value: a bug,
                caught by the tests over both languages.
        """
        safe = {
            name: printable(value, None) if isinstance(value, str) else value
            for name, value in values.items()
        }
        return self._sentences[key].format(**safe)

    def has(self, key: str) -> bool:
        """Tell whether there is a sentence of that key."""
        return key in self._sentences

    def error(self, error: CertRelayError) -> str:
        """Say what happened and whose fault it is."""
        return self._say_of(error, "error")

    def hint(self, error: CertRelayError) -> str:
        """Say what to do next; empty if there is nothing to do."""
        return self._say_of(error, "hint")

    def _say_of(self, error: CertRelayError, what: str) -> str:
        # A detail that is not known (the relay told no release, say) shows as a question mark.
        known = {name: self._word(error, name) for name in error.details} | self._more(error)
        key = f"{what}.{error.text_key}"
        safe = {name: printable(value, None) for name, value in known.items()}
        return self._sentences[key].format_map(_Unknown(safe)) if self.has(key) else ""

    def _word(self, error: CertRelayError, name: str) -> str:
        """Say a detail: several words as a list, and codes in the language of the person."""
        value = error.details[name]
        if value is None:
            return ""
        if name == "near":
            return f"{self.say('usage.near', word=str(value))} "
        values = value if isinstance(value, tuple) else (value,)
        if (error.code, name) == ("weak_password", "why"):
            return ", ".join(self.say(f"fault.{each}") for each in values)
        return ", ".join(map(str, values))

    def _more(self, error: CertRelayError) -> dict[str, str]:
        """What a sentence needs beside the details: a hint, a word of the system."""
        if error.code == "bad_value":
            choices = self._word(error, "choices")
            return {
                "allowed": self.say("usage.allowed", choices=choices)
                if choices
                else self.say("usage.see_help")
            }
        if error.code == "output_failed":
            return {"why": os.strerror(getattr(errno, str(error.details["why"]), errno.EIO))}
        return {}


class _Unknown(dict[str, str]):
    def __missing__(self, _key: str) -> str:
        return "?"


@cache
def _load(language: str) -> Mapping[str, str]:
    raw = (Path(__file__).parent / f"{language}.json").read_text("utf-8")
    sentences: dict[str, str] = json.loads(raw)
    return sentences


def choose_language(asked: str | None, environment: Mapping[str, str] | None = None) -> str:
    """Pick the language: the one asked for, else the locale's, else English."""
    if asked in LANGUAGES:
        return asked
    environment = os.environ if environment is None else environment
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "ko" if value.lower().startswith("ko") else "en"
    import locale

    system = locale.getlocale()[0] or ""
    return "ko" if system.lower().startswith(("ko", "korean")) else "en"
