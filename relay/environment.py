"""The relay's settings as environment variables, for containers and service files.

``CERTRELAY_RELAY_PUBLIC_URL=https://…`` is ``--public-url https://…``.  They become arguments
in front of the real ones, so that one parser judges both and the command line counts more.
"""

from collections.abc import Mapping
from typing import Final

from certrelay.errors import UsageError

PREFIX: Final = "CERTRELAY_RELAY_"

_SWITCHES: Final = frozenset(("page", "page-elsewhere", "share-port"))
"""Options without a value."""

_ON: Final = ("1", "true", "yes", "on")
_OFF: Final = ("0", "false", "no", "off")

_LISTS: Final = frozenset(("allow-origin", "operate-name", "trust-proxy"))
"""Options that may be repeated: values with blanks between."""


def arguments_of(environment: Mapping[str, str]) -> list[str]:
    """Give the arguments of ``serve`` that the environment means; an empty value is none.

    Raises:
        UsageError: ``bad_value`` for a switch that is neither on nor off.
    """
    arguments: list[str] = []
    for variable, value in sorted(environment.items()):
        if not variable.startswith(PREFIX) or not value:
            continue
        name = variable.removeprefix(PREFIX).lower().replace("_", "-")
        if name in _SWITCHES:
            if value.lower() not in _ON + _OFF:
                raise UsageError("bad_value", argument=variable, typed=value, choices=_ON + _OFF)
            arguments += [f"--{name}"] * (value.lower() in _ON)
        else:
            values = value.split() if name in _LISTS else [value]
            arguments += [f"--{name}={each}" for each in values]
    return arguments
