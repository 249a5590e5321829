"""`--browser`: the same story as a page in this PC's own browser, beside the terminal.

``page_session`` is what both sides see of it, ``tee`` stands between the story and the terminal,
``server`` answers the page, ``opening`` gets it into a browser.  ``page/`` is what the browser
runs; it shares the look and several modules with the phone's page.

Source: docs/architecture.md and docs/security.md on the page of the PC.
"""

import sys
from collections.abc import Callable
from typing import Literal

from certrelay.client.flow.session import Shell
from certrelay.errors import CertRelayError
from certrelay.frozen import replace
from certrelay.limits import INTERRUPTED_WAIT_S
from client_pc.browser.opening import opening
from client_pc.browser.page_session import PageSession
from client_pc.browser.server import serving
from client_pc.browser.tee import Answers, PageReport

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
    page_session = PageSession()
    report = PageReport(shell.report, page_session)
    interrupts = shell.lines.interrupts
    answers = Answers(sys.stdin, interrupts, page_session, report)
    page_session.tell("begin", command=command, language=shell.report.texts.language)
    with (
        interrupts.watched(answers.wake),
        serving(page_session, interrupts.ask) as origin,
        opening(f"{origin}#{page_session.ticket}", page_session.failed),
    ):
        report.browser("opening")
        try:
            error = run(replace(shell, report=report, lines=answers))
        except CertRelayError as raised:
            page_session.end(raised)
            raise
        else:
            page_session.end(error)
        finally:
            page_session.wait_until_told(
                lambda: INTERRUPTED_WAIT_S if interrupts.asked else FAREWELL_S
            )
    return error
