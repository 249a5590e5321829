"""What a page may have done: commands and options by an explicit list, each value of a form.

What is not written here cannot be asked for.  A value is joined to its option (``--name=x``) and
targets stand behind ``--``, so that none is taken for another option.

Source: docs/security.md, attack 83.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from certrelay.frozen import frozen
from client_pc.centre.places import Drops, KnownPlaces, downloads
from client_pc.settings import KEYS, Setting

MAX_ARGUMENTS: Final = 1200
"""Arguments of a task: a thousand certificates at once, and the options."""

_MAX_WORD: Final = 4096
"""Characters of an argument."""

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16,64}")
_WHOLE_SECONDS: Final = re.compile(r"[0-9]{1,4}")
_WHOLE_DAYS: Final = re.compile(r"[0-9]{1,4}")


class NotAllowed(ValueError):
    """No command, option or value of the list."""


ValueForm = Callable[[str, "Named"], str]
"""Gives a value as the command gets it, or raises `NotAllowed`."""


@frozen
class Named:
    """What a page may name."""

    places: KnownPlaces
    drops: Drops
    home: Callable[[], Path]


def _target(value: str, named: Named) -> str:
    if _FINGERPRINT.fullmatch(value):
        return value
    return _place(value, named)


def _place(value: str, named: Named) -> str:
    if (drop := named.drops.path(value)) is not None:
        return str(drop)
    if (path := named.places.named(value)) is not None:
        return path
    raise NotAllowed


def _store(value: str, named: Named) -> str:
    drop = named.drops.path(value, folder=True)
    return str(drop) if drop is not None else _place(value, named)


def _out(value: str, named: Named) -> str:
    # With a separator at its end it is a folder, whatever is there.
    if value == "@downloads":
        return f"{downloads(named.home)}/"
    if (path := named.places.named(value)) is not None:
        return path
    raise NotAllowed


def _days(value: str, _named: Named) -> str:
    return _checked(_WHOLE_DAYS.fullmatch(value) is not None, value)


def _name(value: str, _named: Named) -> str:
    """A name for people: of this PC, or of a file."""
    is_plain = value.isprintable() and not any(mark in value for mark in '/\\:*?"<>|')
    return _checked(0 < len(value) <= 64 and is_plain and value.strip(". ") != "", value)


def _one_of(*words: str) -> ValueForm:
    return lambda value, _named: _checked(value in words, value)


def _checked(is_right: bool, value: str) -> str:
    if not is_right:
        raise NotAllowed
    return value


@frozen
class Action:
    """A command, and what may be said with it."""

    flags: frozenset[str]
    options: Mapping[str, ValueForm]
    targets: int = 0
    """How many certificates may be named."""
    sets: bool = False
    """Whether a setting may be named in their place: ``set NAME VALUE``, ``unset NAME``."""


def _action(*flags: str, targets: int = 0, shelves: bool = True, **options: ValueForm) -> Action:
    named = {f"--{name.rstrip('_')}": form for name, form in options.items()}
    if shelves:
        flags, named = (*flags, "--all-places"), {**named, "--store": _store}
    return Action(frozenset(flags), named, targets)


def _seconds(value: str, _named: Named) -> str:
    return _checked(_WHOLE_SECONDS.fullmatch(value) is not None, value)


_OF_THE_PAGE: Final = (
    *("language", "name", "history", "directions", "pcs", "plain", "letters"),
    *("timeouts.number_s", "timeouts.save_question_s"),
)
"""What a page may set.  Not where certificates lie or go, nor whose relay carries them: whoever
took the page over would have them sent elsewhere from then on."""


def _form_of(key: Setting) -> ValueForm:
    if key.choices:
        return _one_of(*key.choices)
    return _seconds if key.span else _name


_SETTINGS: Final = {key.name: _form_of(key) for key in KEYS if key.name in _OF_THE_PAGE}


def _setting(words: Sequence[str], named: Named) -> list[str]:
    match words:
        case []:
            return []
        case ["set", name, value] if name in _SETTINGS:
            return ["set", name, _SETTINGS[name](value, named)]
        case ["unset", name] if name in _SETTINGS:
            return ["unset", name]
    raise NotAllowed


_MANY: Final = 1000
_STYLE: Final = _one_of("field", "modern")
_KM: Final = _one_of("with", "without")

ACTIONS: Final[Mapping[str, Action]] = {
    "list": _action(),
    "show": _action("--open", targets=1),
    "verify": _action("--idn", "--online", targets=_MANY, ca=_place, crl=_place),
    "passwd": _action("--better", "--dry-run", targets=_MANY),
    "convert": _action(
        "--new-password",
        "--dry-run",
        targets=_MANY,
        to=_one_of("p12", "npki"),
        style=_STYLE,
        km=_KM,
        out=_out,
        name=_name,
    ),
    "unlock": _action(targets=_MANY),
    "delete": _action("--yes", "--dry-run", targets=_MANY),
    "add": _action(targets=_MANY, shelves=False),
    "restore": _action(targets=1),
    "trash": _action("--empty", "--yes"),
    "history": _action("--clear", "--yes"),
    "remind": _action("--not-expired", days=_days),
    "config": Action(frozenset(), {}, sets=True),
    "doctor": _action("--phone", shelves=False),
    "import": Action(frozenset({"--code"}), {"--store": _store, "--name": _name}),
    "export": _action(
        "--code",
        "--also-delete",
        targets=_MANY,
        as_=_one_of("p12"),
        style=_STYLE,
        km=_KM,
        name=_name,
    ),
    "join": _action("--also-delete", send=_target, picture=_place, name=_name),
}
"""By their names.  What only operators and scripts need (`demo`, `completion`, `man`) is not there,
nor what would name a file or a relay from nowhere."""


def command_line(command: str, arguments: Sequence[str], named: Named, language: str) -> list[str]:
    """Make the whole command line of a task.

    Args:
        command: The command's name.
        arguments: What the page says.
        named: What it may name.
        language: Which language the task speaks.

    Raises:
        NotAllowed: If anything is not in the list.
    """
    action = ACTIONS.get(command)
    if action is None or len(arguments) > MAX_ARGUMENTS:
        raise NotAllowed
    options, targets = [command, "--json", "--interactive", f"--lang={language}"], []
    words = iter(arguments)
    for word in words:
        if len(word) > _MAX_WORD or "\0" in word:
            raise NotAllowed
        if word in action.flags:
            options.append(word)
        elif (form := action.options.get(word)) is not None:
            options.append(f"{word}={form(next(words, ''), named)}")
        elif action.sets:
            targets.append(word)
        else:
            targets.append(_target(word, named))
    if action.sets:
        targets = _setting(targets, named)
    elif len(targets) > action.targets:
        raise NotAllowed
    return [*options, "--", *targets] if targets else options
