"""Words that people type by habit, in the form that the parser knows."""

from collections.abc import Sequence
from typing import Final

OTHER_NAMES: Final = {"send": "export", "receive": "import", "ls": "list", "rm": "delete"}
"""Other names of commands."""

_ANYWHERE: Final = ("--json", "--quiet", "-q", "--plain")
"""Options of every command that may stand in front of it too."""


def usual(argv: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Rewrite a command line: other names, ``help COMMAND``, ``-V``, options in front.

    Args:
        argv: What was typed; nothing behind the command is touched.
        commands: The commands that there are.
    """
    at = next(
        (at for at, word in enumerate(argv) if word in {*commands, *OTHER_NAMES, "help"}), None
    )
    if at is None:
        return ["--version" if word == "-V" else word for word in argv]
    before, command, rest = list(argv[:at]), argv[at], list(argv[at + 1 :])
    if command == "help":
        return [*before, *(OTHER_NAMES.get(word, word) for word in rest[:1]), "--help"]
    moved = [word for word in before if word in _ANYWHERE]
    kept = [word for word in before if word not in _ANYWHERE]
    return [*kept, OTHER_NAMES.get(command, command), *moved, *rest]
