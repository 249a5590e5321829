"""``python -m client_pc.icon``: the centre, started by somebody who sees no terminal.

There may be no standard streams at all, and nobody reads what is written to those that are
there: a fault is shown in a window, whatever it is.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NoReturn

from certrelay import standard_streams

COMMAND: Final = "centre"
"""What an icon starts."""

_BROKEN: Final = (
    "certrelay를 시작하지 못했습니다 · certrelay cannot start",
    "다시 설치하세요. Install it again.",
)
"""Where the catalogue of sentences may be what is broken; what broke follows."""


def start(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the centre, or what stands on the command line, and end the process."""
    standard_streams.ensure()
    sys.exit(main(sys.argv[1:] if argv is None else argv))


def main(argv: Sequence[str]) -> int:
    """Run it, and show the fault it ends with.

    Args:
        argv: The command line behind the command's name.
    """
    try:
        from client_pc import cli

        noted = _Noted()
        status = cli.main([COMMAND, *argv], noted.beside)
        if noted.fault is not None:
            _show(*noted.fault)
    except Exception as broken:
        title, text = _BROKEN
        _show(title, f"{text} ({type(broken).__name__})")
        return 1
    return status


class _Noted:
    """The error that a command ends with, as sentences."""

    def __init__(self) -> None:
        self.fault: tuple[str, str] | None = None

    def beside(self, report: Any) -> Any:
        """A report that passes everything on, and notes the error."""
        return _Noting(report, self)


class _Noting:
    def __init__(self, report: Any, noted: _Noted) -> None:
        self._report: Final = report
        self._noted: Final = noted

    def error(self, error: Any) -> None:
        """Note it; an interruption is what the person wanted."""
        if error.code != "interrupted":
            texts = self._report.texts
            self._noted.fault = (texts.error(error), texts.hint(error))
        self._report.error(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._report, name)


def _show(title: str, text: str) -> None:
    with suppress(Exception):  # nothing is left that could tell it
        from client_pc.desktop import fault

        fault.show(title, text)


if __name__ == "__main__":
    start()
