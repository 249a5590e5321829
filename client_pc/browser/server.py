"""Answers the page on loopback: the story to whoever has the token.

Source: docs/security.md, attacks 39, 40 and 51.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

from certrelay.client.terminal.lines import MAX_LINE
from client_pc.browser.files import read_files
from client_pc.browser.page_session import PageSession
from client_pc.loopback.server import LISTEN_S, LoopbackHandler, LoopbackServer


@contextmanager
def serving(page_session: PageSession, stop: Callable[[], None]) -> Iterator[str]:
    """Serve the page for a while.

    Args:
        page_session: What it shows and answers.
        stop: Called when the person stops the copy on the page.

    Yields:
        The page's origin, ending in "/".
    """
    with _Server(page_session, stop).serving() as origin:
        yield origin


class _Server(LoopbackServer):
    def __init__(self, page_session: PageSession, stop: Callable[[], None]) -> None:
        super().__init__(_Handler, read_files())
        self.page_session: Final = page_session
        self.stop: Final = stop

    def admits(self, token: str) -> bool:
        return self.page_session.admits(token)

    def service_actions(self) -> None:
        self.page_session.watch()


class _Handler(LoopbackHandler):
    server: _Server

    def get(self, path: str, query: str) -> None:
        """The story's events."""
        if path == "/v1/events":
            self._tell_events(query)
        else:
            self.send(HTTPStatus.NOT_FOUND)

    def post(self, path: str, body: dict[str, Any]) -> None:
        """The ticket, an answer, the wish for a code, or to stop."""
        match path:
            case "/v1/session":
                self._begin(body)
            case "/v1/answer" if self.has_token():
                self._take_answer(body)
            case "/v1/code" if self.has_token():
                self.server.page_session.want_code()
                self.send(HTTPStatus.NO_CONTENT)
            case "/v1/stop" if self.has_token():
                self.server.stop()
                self.send(HTTPStatus.NO_CONTENT)
            case "/v1/answer" | "/v1/code" | "/v1/stop":
                self.send(HTTPStatus.FORBIDDEN)
            case _:
                self.send(HTTPStatus.NOT_FOUND)

    def _begin(self, body: dict[str, Any]) -> None:
        ticket = body.get("ticket")
        found = self.server.page_session.redeem(ticket) if isinstance(ticket, str) else None
        if found is None:
            self.send(HTTPStatus.FORBIDDEN)
        else:
            self.send_json({"token": found.token, "reload_ticket": found.reload_ticket})

    def _tell_events(self, query: str) -> None:
        if not self.has_token():
            self.send(HTTPStatus.FORBIDDEN)
        elif (after := self.number_after(query)) is not None:
            events = self.server.page_session.events_after(after, LISTEN_S, self.is_gone)
            self.send_json({"events": events})
            self.server.page_session.was_told(after + len(events))

    def _take_answer(self, body: dict[str, Any]) -> None:
        question, line = body.get("question"), body.get("line")
        if not isinstance(question, int) or not isinstance(line, str) or not _is_line(line):
            self.send(HTTPStatus.BAD_REQUEST)
        elif self.server.page_session.answer(question, line):
            self.send(HTTPStatus.NO_CONTENT)
        else:
            self.send(HTTPStatus.CONFLICT)


def _is_line(text: str) -> bool:
    return len(text) <= MAX_LINE and not any(mark in text for mark in "\r\n\0")
