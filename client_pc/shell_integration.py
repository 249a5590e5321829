"""`certrelay completion` and `certrelay man`: what a shell and `man` read of all programs."""

from certrelay.client.terminal import completion, manual
from certrelay.client.terminal.grammar import Grammar, read
from certrelay.client.terminal.report import Report
from certrelay.texts import Texts
from client_mobile_sim.cli import make_parser as phone_parser
from client_pc.embedded import relay_parser
from client_pc.habits import OTHER_NAMES
from client_pc.parser import make_parser
from client_pc.words import PROGRAMS


def grammars(texts: Texts) -> dict[str, Grammar]:
    """What each program takes."""
    parsers = (make_parser(texts), relay_parser(texts), phone_parser(texts))
    others = {PROGRAMS[0]: OTHER_NAMES}
    return {
        name: read(parser, others.get(name, {}))
        for name, parser in zip(PROGRAMS, parsers, strict=True)
    }


def show_completion(shell: completion.ShellName, report: Report) -> None:
    """Print a shell's script."""
    text = completion.script(shell, tuple(grammars(report.texts).values()))
    report.result(text.rstrip("\n"))


def show_manual(program: str, report: Report) -> None:
    """Print a program's manual page."""
    report.result(manual.page(grammars(report.texts)[program], report.texts).rstrip("\n"))
