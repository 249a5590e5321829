"""The words of the list's options, apart from what they need: the parser is made at each start."""

from typing import Final

STATES: Final = ("valid", "expiring", "expired", "not_yet", "sealed", "broken", "unknown")
SORTS: Final = ("number", "owner", "issuer", "expiry")
COLUMNS: Final = (
    "number",
    "kind",
    "cn",
    "subject",
    "issuer",
    "serial",
    "from",
    "until",
    "left",
    "state",
    "fingerprint",
    "path",
)
