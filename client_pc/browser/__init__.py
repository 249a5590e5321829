"""`--browser`: the same story as a page in this PC's own browser, beside the terminal.

``stage`` is what both sides see of it, ``front`` stands between the story and the terminal,
``server`` answers the page on loopback, ``opening`` gets it into a browser, ``owner`` tells
whose program asks.  ``page/`` is what the browser runs; it shares the look and several modules
with the phone's page.

Source: docs/architecture.md and docs/security.md on the page of the PC.
"""

import sys
from collections.abc import Callable
from typing import Literal

from certrelay.errors import CertRelayError
from certrelay.frozen import replace
from certrelay.story.session import Shell
from client_pc.browser.front import Answers, PageReport
from client_pc.browser.opening import opening
from client_pc.browser.server import serving
from client_pc.browser.stage import Stage

FAREWELL_S = 2.0
"""Seconds for the page to fetch how it ended."""


def accompany(
    command: Literal["import", "export"],
    run: Callable[[Shell], CertRelayError | None],
    shell: Shell,
) -> CertRelayError | None:
    """Run a story with a page beside the terminal; either of them may answer.

    Args:
        command: What the person does, for the page's words.
        run: The story; it gets a shell that tells and asks both.
        shell: The terminal's.

    Returns:
        What the story returns.
    """
    stage = Stage()
    report = PageReport(shell.report, stage)
    interrupts = shell.lines.interrupts
    answers = Answers(sys.stdin, interrupts, stage, report)
    stage.tell("begin", command=command, language=shell.report.texts.language)
    with (
        interrupts.watched(answers.wake),
        serving(stage, interrupts.ask) as origin,
        opening(f"{origin}#{stage.ticket}", stage.failed),
    ):
        report.browser("opening")
        try:
            error = run(replace(shell, report=report, lines=answers))
        except CertRelayError as raised:
            stage.end(raised)
            raise
        else:
            stage.end(error)
        finally:
            stage.wait_until_told(FAREWELL_S)
    return error
