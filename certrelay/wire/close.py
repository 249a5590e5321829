"""Why the relay closes a socket, as WebSocket close codes.

Source: docs/protocol.md §4; 1000 to 1015 are RFC 6455's.
"""

from collections.abc import Mapping
from enum import IntEnum, unique
from types import MappingProxyType
from typing import Final

from certrelay.wire.messages import ClosedReason, ErrorCode


@unique
class CloseCode(IntEnum):
    """Every code the relay sends on purpose, and the one that it heeds."""

    NORMAL = 1000
    """The room is over, or the device left."""

    GOING_AWAY = 1001
    """Never sent: how a browser closes the socket of a page that goes away."""

    RESTART = 1012
    """This relay stops; resume at another."""

    REPLACED = 4000
    """A newer socket speaks for this device."""

    BAD_MESSAGE = 4400
    NOT_ADMITTED = 4403
    NO_ROOM = 4404
    TIMEOUT = 4408
    CLAIMED = 4409
    OVER_BUDGET = 4413
    RELEASE = 4426
    RATE = 4429


AFTER_ERROR: Final[Mapping[ErrorCode, CloseCode]] = MappingProxyType(
    {
        "bad_message": CloseCode.BAD_MESSAGE,
        "unsupported_protocol": CloseCode.BAD_MESSAGE,
        "no_such_room": CloseCode.NO_ROOM,
        "no_such_code": CloseCode.NO_ROOM,
        "expired": CloseCode.NO_ROOM,
        "already_used": CloseCode.NO_ROOM,
        "already_claimed": CloseCode.CLAIMED,
        "version_too_low": CloseCode.RELEASE,
        "version_blocked": CloseCode.RELEASE,
        "version_unreadable": CloseCode.RELEASE,
        "platform_mismatch": CloseCode.RELEASE,
        "os_too_low": CloseCode.RELEASE,
        "over_budget": CloseCode.OVER_BUDGET,
        "rate_limited": CloseCode.RATE,
        "suspended": CloseCode.RATE,
        "not_admitted": CloseCode.NOT_ADMITTED,
        "try_later": CloseCode.RATE,
    }
)
"""The code after each `error`; ``peer_not_ready`` is missing, for it closes nothing."""

AFTER_CLOSED: Final[Mapping[ClosedReason, CloseCode]] = MappingProxyType(
    {
        "left": CloseCode.NORMAL,
        "expired": CloseCode.NORMAL,
        "grace": CloseCode.NORMAL,
        "suspended": CloseCode.NORMAL,
        "timeout": CloseCode.TIMEOUT,
        "over_budget": CloseCode.OVER_BUDGET,
    }
)
"""The code after each `closed`."""
