"""What a person decides once: a file, environment variables, and what is in force.

The command line counts more than the environment, the environment more than the file, the
file more than the default.  A file that cannot be used is refused as a whole, with the place
of the mistake: a program that silently passes over half of its settings cannot be trusted.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from certrelay import limits
from certrelay.errors import CertRelayError, UsageError
from certrelay.frozen import frozen, replace
from certrelay.texts import LANGUAGES
from client_pc.folders import CONFIG_VARIABLE, config_file

MAX_SETTINGS_BYTES: Final = 64 * limits.KIB
"""Bytes of a settings file: a real one is below 1 KiB."""

_LETTERS: Final = ("100", "125", "150")

_SHORTEST_S: Final = 10
"""Seconds that a person always has to answer, whatever the settings say."""


@frozen
class Settings:
    """All settings, with where each one comes from."""

    relay: str | None = None
    """The relay's address; without one this PC relays by itself."""

    access_key_file: Path | None = None
    """The key that this relay's operator has given to this PC; for no other relay."""

    store: Path | None = None
    """The NPKI folder; without one the system's own place."""

    language: str | None = None
    """``ko`` or ``en``; without one the locale decides."""

    name: str | None = None
    """This PC's name on the phone's screen; without one the computer's own."""

    history: bool = True
    """Whether `certrelay history` is written."""

    directions: str = "both"
    """Which copies this PC may make: ``both``, or ``import`` or ``export`` alone."""

    pcs: bool = True
    """Whether this PC copies to and from other PCs, not to and from phones alone."""

    plain: bool = False
    """Whether the screen is one that can be read aloud: see ``--plain``."""

    letters: int = 100
    """How large the centre's letters are: 100, 125 or 150 % of what the browser says."""

    number_s: float = limits.NUMBER_S
    """Seconds for typing the number."""

    save_question_s: float = limits.SAVE_QUESTION_S
    """Seconds for answering whether to save."""

    origins: Mapping[str, str] = MappingProxyType({})
    """The variable or the file that a setting comes from; a default is not in it."""

    error: UsageError | None = None
    """Why file or environment cannot be used; the other fields are defaults then."""

    @property
    def has_key_of_another_relay(self) -> bool:
        """Whether the key stands in the file, and the environment names another relay."""
        origins = self.origins
        in_file = origins.get("access_key_file") != "CERTRELAY_ACCESS_KEY_FILE"
        return in_file and origins.get("relay") == "CERTRELAY_RELAY"


def check_direction(command: str, settings: Settings) -> None:
    """Refuse a copy that this PC's settings leave out.

    Raises:
        UsageError: ``direction_closed``, with ``where`` that is said.
    """
    if settings.directions not in ("both", command):
        where = settings.origins["directions"]
        raise UsageError("direction_closed", command=command, where=where)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def _relay(value: object) -> str:
    from client_pc.relay_address import complete

    try:
        return complete(_text(value))
    except CertRelayError:
        raise ValueError from None


def _folder(value: object) -> Path:
    return Path(_text(value)).expanduser()


def _language(value: object) -> str:
    if value not in LANGUAGES:
        raise ValueError
    return str(value)


_DIRECTIONS: Final = ("both", "import", "export")


def _directions(value: object) -> str:
    if value not in _DIRECTIONS:
        raise ValueError
    return str(value)


def _letters(value: object) -> int:
    if isinstance(value, bool) or str(value) not in _LETTERS:
        raise ValueError
    return int(str(value))


_YES_OR_NO: Final = ("true", "false")
_WORDS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _switch(value: object) -> bool:
    if isinstance(value, str):
        value = _WORDS.get(value.lower())
    if not isinstance(value, bool):
        raise ValueError
    return value


@frozen
class Setting:
    """One setting: how it is called, and how its value is read (``ValueError`` if not)."""

    name: str
    """As in the file; ``timeouts.number_s`` stands in the table ``[timeouts]``."""

    read: Callable[[object], Any]

    choices: tuple[str, ...] = ()
    """What it can be, where that is a few words."""

    span: tuple[int, ...] = ()
    """The least and the most of a number."""

    @property
    def allowed(self) -> tuple[str, ...]:
        """What it can be, as a sentence lists it; empty where that is a text."""
        return self.choices or (("–".join(map(str, self.span)),) if self.span else ())

    @property
    def attribute(self) -> str:
        """The field of `Settings`."""
        return self.name.rpartition(".")[2]

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"CERTRELAY_{self.attribute.upper()}"


def _seconds(name: str, longest: float) -> Setting:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        seconds = float(value)
        if not _SHORTEST_S <= seconds <= longest:
            raise ValueError
        return seconds

    return Setting(name, read, span=(_SHORTEST_S, int(longest)))


KEYS: Final = (
    Setting("relay", _relay),
    Setting("access_key_file", _folder),
    Setting("store", _folder),
    Setting("language", _language, LANGUAGES),
    Setting("name", _text),
    Setting("history", _switch, _YES_OR_NO),
    Setting("directions", _directions, _DIRECTIONS),
    Setting("pcs", _switch, _YES_OR_NO),
    Setting("plain", _switch, _YES_OR_NO),
    Setting("letters", _letters, _LETTERS),
    _seconds("timeouts.number_s", limits.NUMBER_S),
    _seconds("timeouts.save_question_s", limits.SAVE_QUESTION_S),
)


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read file and environment; a fault is in `Settings.error`, since telling it needs a
    language first."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    try:
        path = config_file(environment)
        values = {} if path is None else read_file(path, must_exist=CONFIG_VARIABLE in environment)
        found = {name: (value, str(path)) for name, value in values.items()}
        known = {key.name for key in KEYS}
        for name in found:
            if name not in known:
                raise UsageError("bad_settings", where=f"{path}: {name}")
        for key in KEYS:
            if text := environment.get(key.variable):
                found[key.name] = (text, key.variable)
        settings = Settings()
        for key in KEYS:
            if key.name in found:
                value, origin = found[key.name]
                settings = _with(settings, key, value, origin)
    except UsageError as error:
        # The fault is told in the language that is asked for, if that much can be read.
        asked = environment.get("CERTRELAY_LANGUAGE") or values.get("language")
        return Settings(error=error, language=asked if asked in LANGUAGES else None)
    return settings


def _with(settings: Settings, key: Setting, value: object, origin: str) -> Settings:
    try:
        usable = key.read(value)
    except (ValueError, RuntimeError):  # a RuntimeError is a "~name" that nobody has
        where = origin if origin == key.variable else f"{origin}: {key.name}"
        raise UsageError("bad_settings", where=where) from None
    origins = {**settings.origins, key.name: origin}
    return replace(settings, origins=origins, **{key.attribute: usable})


def read_file(path: Path, *, must_exist: bool) -> dict[str, object]:
    """Read the file as ``name: value``; a table's keys have its name in front.

    Raises:
        UsageError: ``bad_settings`` with ``where``: the file and the line or the key.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SETTINGS_BYTES + 1)
    except FileNotFoundError:
        if must_exist:
            raise UsageError("bad_settings", where=str(path)) from None
        return {}
    except OSError as error:
        raise UsageError("bad_settings", where=f"{path}: {error.strerror}") from None
    if len(raw) > MAX_SETTINGS_BYTES:
        raise UsageError("bad_settings", where=str(path))
    import tomllib

    try:
        table = tomllib.loads(raw.decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError("bad_settings", where=f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise UsageError("bad_settings", where=f"{path}: UTF-8") from None
    except (ValueError, RecursionError):  # an endless integer, brackets without end
        raise UsageError("bad_settings", where=str(path)) from None
    values: dict[str, object] = {}
    tables = {key.name.rpartition(".")[0] for key in KEYS}
    for name, value in table.items():
        if isinstance(value, dict) and (value or name in tables):
            values |= {f"{name}.{inner}": each for inner, each in value.items()}
        else:
            values[name] = value
    return values
