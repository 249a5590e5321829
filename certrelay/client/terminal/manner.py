"""How a person wants to be told, and the report that does so."""

import sys

from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.report import Report
from certrelay.client.terminal.screen import open_screen
from certrelay.client.terminal.text_report import TextReport
from certrelay.frozen import frozen
from certrelay.texts import Texts


@frozen
class Manner:
    """How a person wants to be told."""

    json: bool = False
    quiet: bool = False
    plain: bool = False
    interactive: bool = False


def make_report(texts: Texts, program: str, manner: Manner) -> Report:
    """The report for the process's own streams."""
    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a letter shows a question mark and no traceback.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    if manner.json:
        return JsonReport(texts, sys.stdout, interactive=manner.interactive)
    screen = open_screen(sys.stderr, plain=manner.plain)
    return TextReport(texts, program, sys.stdout, screen, quiet=manner.quiet)
