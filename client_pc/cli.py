"""The PC client's command line: arguments in, a command run, an exit status out."""

import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from certrelay import standard_streams
from certrelay.client.terminal import program
from certrelay.client.terminal.arguments import manner_of, texts_for
from certrelay.client.terminal.report import Report, make_report
from certrelay.errors import CertRelayError
from client_pc import settings as preferences
from client_pc.habits import usual
from client_pc.parser import COMMAND_NAMES, PROGRAM, make_parser


def start() -> NoReturn:
    """The script ``certrelay``."""
    standard_streams.ensure()
    program.leave(main())


def main(
    argv: Sequence[str] | None = None, beside: Callable[[Report], Report] = lambda report: report
) -> int:
    """Run one command and return its exit status: see README.md.

    Args:
        argv: The command line; without one the process's own.
        beside: Puts something around the report.
    """
    argv = usual(sys.argv[1:] if argv is None else argv, COMMAND_NAMES)
    # Whoever types the name alone wants to know what it can do.
    argv = argv or ["--help"]
    settings = preferences.read()
    texts = texts_for(argv, settings.language)
    report = beside(make_report(texts, PROGRAM, manner_of(argv, plain=settings.plain)))

    def command() -> CertRelayError | None:
        arguments = make_parser(texts).parse_args(argv)
        if settings.error is not None and not arguments.works_without_settings:
            raise settings.error
        outcome: CertRelayError | None = arguments.run(arguments, settings, report)
        return outcome

    return program.run(command, report)
