"""The words of options, apart from what they need: the parser is made at each start."""

from typing import Final, Literal, get_args

PROGRAMS: Final = ("certrelay", "certrelay-relay", "certrelay-phone")

STATES: Final = ("valid", "expiring", "expired", "not_yet", "sealed", "broken", "unknown")
SORTS: Final = ("number", "owner", "issuer", "expiry")
DOORS: Final = ("home", "import", "export", "join", "file")
"""Where the centre's page may begin."""

Column = Literal[
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
]
COLUMNS: Final[tuple[Column, ...]] = get_args(Column)

SETTING_NAMES: Final = (
    "relay",
    "access_key_file",
    "store",
    "language",
    "name",
    "history",
    "directions",
    "pcs",
    "plain",
    "letters",
    "timeouts.number_s",
    "timeouts.save_question_s",
)
