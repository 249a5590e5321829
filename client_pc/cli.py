"""The PC client's command line: arguments in, a command run, an exit status out."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from certrelay import standard_streams
from certrelay.client.terminal import program
from certrelay.client.terminal.arguments import manner_of, texts_for
from certrelay.client.terminal.manner import make_report
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from client_pc import settings as preferences
from client_pc.commands import COMMAND_NAMES
from client_pc.habits import usual
from client_pc.parser import PROGRAM, make_parser


def start() -> NoReturn:
    """The script ``certrelay``."""
    # Without a word and without a reader: somebody's own icon, which nobody has told of ours.
    if _is_bare(sys.argv[1:]) and has_desktop(os.environ) and not _has_reader():
        from client_pc import icon

        icon.start()
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
    is_bare = _is_bare(argv)
    # Whoever types the name alone wants to see something; without a desktop, what there is.
    if is_bare and has_desktop(os.environ):
        argv = ["centre", *argv]
    settings = preferences.read()
    texts = texts_for(argv, settings.language)
    report = beside(make_report(texts, PROGRAM, manner_of(argv, plain=settings.plain)))
    if "--notice" in argv:
        from client_pc.desktop.notice import noticing

        report = noticing(report)

    def command() -> CertRelayError | None:
        parser = make_parser(texts)
        if is_bare and "centre" not in argv:
            parser.print_help()
            report.result(f"\n{texts.say('pc.centre.needs_desktop')}")
            return None
        arguments = parser.parse_args(argv)
        if settings.error is not None and not arguments.works_without_settings:
            raise settings.error
        outcome: CertRelayError | None = arguments.run(arguments, settings, report)
        return outcome

    return program.run(command, report)


def has_desktop(environment: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Tell whether the person sits before a desktop: not at the far end of an SSH connection."""
    if any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY")):
        return False
    if platform in ("win32", "darwin"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _is_bare(argv: Sequence[str]) -> bool:
    """Tell whether there is no word beside the language."""
    return not argv or (argv[0].partition("=")[0] == "--lang" and len(argv) <= 2)


def _has_reader() -> bool:
    """Tell whether a person sees what is written: streams may be closed, or lead nowhere."""
    return sys.stderr is not None and sys.stderr.isatty()
