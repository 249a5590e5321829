"""The centre on loopback: what its page may ask, and what it is told.

Long because it is the list of all that may be asked, each a few lines.

Source: docs/security.md, attacks 39, 40, 51, 83 and 84; `client_pc.loopback.server`.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from certrelay import __version__
from certrelay.client.home import home
from certrelay.client.terminal.lines import MAX_LINE
from certrelay.errors import CertRelayError, UsageError
from certrelay.strict_json import NotStrict, parse_object
from certrelay.texts import LANGUAGES, Texts
from client_pc.centre.actions import MAX_ARGUMENTS, Named, NotAllowed, command_line
from client_pc.centre.file_manager import open_folder
from client_pc.centre.files import read_files
from client_pc.centre.instance import Instance
from client_pc.centre.places import BadName, Drops, KnownPlaces, TooMuch, downloads, real_path
from client_pc.centre.tasks import COPIES, Tasks
from client_pc.centre.visits import Visit, Visits
from client_pc.loopback.server import LISTEN_S, LoopbackHandler, LoopbackServer
from client_pc.loopback.tickets import Tickets
from client_pc.settings import read as read_settings
from client_pc.words import DOORS

LEFT_ALONE_S: Final = 600.0
"""Seconds without a page and without a task after which the centre ends."""

AWAY_S: Final = 3.0
"""Seconds without the page after which it counts as left: a reload takes less."""

_MAX_HEAD: Final = 4096
"""Bytes of the line in front of a dropped file."""

_TASK: Final = re.compile(r"/v1/tasks/([1-9][0-9]{0,8})/(events|answer|stop|code)")


class CentreServer(LoopbackServer):
    """The centre.

    Args:
        instance: What a second start has to know.
        drops: What the person drops.
        language: Which language tasks speak at first.
        port: Where it listens; 0 for any.
        open_folder: Shows a folder in the system's file manager.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        instance: Instance,
        drops: Drops,
        language: str,
        *,
        port: int = 0,
        open_folder: Callable[[Path], None] = open_folder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(CentreHandler, read_files(), port)
        self.instance: Final = instance
        self.language = language
        self.tickets: Final = Tickets(clock)
        self.places: Final = KnownPlaces()
        self.drops: Final = drops
        self.named: Final = Named(self.places, drops, home)
        self.tasks: Final = Tasks(self.places, self._lost, clock)
        self.visits: Final = Visits()
        self.open_folder: Final = open_folder
        self.closed: Final = threading.Event()
        self.error: CertRelayError | None = None
        """Why it was closed, if nobody closed it."""
        self._clock: Final = clock
        self._seen_at = clock()
        self._page_seen_at = -AWAY_S

    def _lost(self) -> str:
        return Texts(self.language).say("pc.centre.lost")

    def admits(self, token: str) -> bool:
        """Tell whether this is a tab's token; the page is there."""
        is_ours = self.tickets.admits(token)
        if is_ours:
            self._seen_at = self._page_seen_at = self._clock()
        return is_ours

    def service_actions(self) -> None:
        """Look after codes, and whether anybody needs the centre still."""
        self.tasks.watch()
        now = self._clock()
        if self.tasks.is_watched:
            self._page_seen_at = now
        is_here = now - self._page_seen_at < AWAY_S
        self.visits.look(now, is_here=is_here, is_shut=self.tickets.is_shut)
        if self.tasks.running:
            self._seen_at = self._clock()
        elif self._clock() - self._seen_at > LEFT_ALONE_S:
            self.closed.set()

    def now(self) -> float:
        """Seconds on the clock."""
        return self._clock()

    def was_not_opened(self) -> None:
        """No browser could be opened: without a page there is nothing to be a centre for."""
        if not self.tickets.is_anybody_in:
            self.error = UsageError("no_page")
            self.closed.set()

    def address(self, door: str) -> str:
        """The address of one more page, with its ticket."""
        return f"http://{self.name}/#{self.tickets.issue(door)}"


class CentreHandler(LoopbackHandler):
    """Answers the centre's page."""

    max_body = 80 * (MAX_ARGUMENTS + 10)
    server: CentreServer

    def get(self, path: str, query: str) -> None:
        """The tasks, or what one of them tells."""
        found = _TASK.fullmatch(path)
        if path != "/v1/tasks" and (found is None or found[2] != "events"):
            self.send(HTTPStatus.NOT_FOUND)
        elif not self.has_token():
            self.send(HTTPStatus.FORBIDDEN)
        elif found is None:
            self._tell_tasks(query)
        elif (after := self.number_after(query)) is not None:
            self._tell_events(int(found[1]), after)

    def post(self, path: str, body: dict[str, Any]) -> None:
        """A ticket, a task, an answer, or something of this computer."""
        found = _TASK.fullmatch(path)
        known = (*_POSTS, "/v1/session", "/v1/ticket", "/v1/visit")
        if path not in known and (found is None or found[2] == "events"):
            self.send(HTTPStatus.NOT_FOUND)
        elif path == "/v1/session":
            self._begin(body)
        elif path == "/v1/ticket":
            self._issue(body)
        elif path == "/v1/visit":
            self._host(body)
        elif not self.has_token():
            self.send(HTTPStatus.FORBIDDEN)
        elif found is not None:
            self._tell_task(int(found[1]), found[2], body)
        else:
            _POSTS[path](self, body)

    def put(self, path: str, length: int) -> None:
        """A file that the person drops: a line of JSON that names it, and its bytes."""
        if path != "/v1/files":
            self.refuse_body(HTTPStatus.NOT_FOUND)
        elif not self.has_token():
            self.refuse_body(HTTPStatus.FORBIDDEN)
        else:
            self._take_file(length)

    # --- who comes ---

    def _begin(self, body: dict[str, Any]) -> None:
        ticket = body.get("ticket")
        found = self.server.tickets.redeem(ticket) if isinstance(ticket, str) else None
        if found is None:
            self.send(HTTPStatus.FORBIDDEN)
            return
        self.send_json(
            {
                "token": found.token,
                "reload_ticket": found.reload_ticket,
                "door": found.door,
                "language": self.server.language,
                "letters": read_settings().letters,
                "version": __version__,
            }
        )

    def _issue(self, body: dict[str, Any]) -> None:
        """A second start of the program, which no browser can be: it has no token."""
        door = body.get("door", "home")
        if not self._is_program(body):
            self.send(HTTPStatus.FORBIDDEN)
        elif door not in DOORS:
            self.send(HTTPStatus.BAD_REQUEST)
        else:
            self.send_json({"ticket": self.server.tickets.issue(str(door))})

    def _is_program(self, body: dict[str, Any]) -> bool:
        """Tell whether the person's own program asks, which has read the note; no browser does."""
        secret = body.get("secret")
        is_browser = "origin" in self.headers or "sec-fetch-site" in self.headers
        is_known = isinstance(secret, str) and self.server.instance.is_secret(secret)
        return is_known and not is_browser

    def _host(self, body: dict[str, Any]) -> None:
        """Show a terminal's copy: the connection becomes its own, until the copy ends."""
        command, server = body.get("command"), self.server
        self.close_connection = True
        if not self._is_program(body):
            self.send(HTTPStatus.FORBIDDEN)
            return
        if command not in COPIES:
            self.send(HTTPStatus.BAD_REQUEST)
            return
        ticket = server.tickets.issue("copy")
        visit = Visit(self.connection, self.rfile, ticket, server.now())
        task = server.tasks.take_in(str(command), visit)
        if task is None:
            self.send(HTTPStatus.CONFLICT)
            return
        self.send_response_only(HTTPStatus.SWITCHING_PROTOCOLS)
        self.end_headers()
        visit.say(json.dumps({"ticket": ticket}))
        server.visits.run(visit, lambda: server.tasks.follow(task))

    # --- tasks ---

    def _tell_tasks(self, query: str) -> None:
        tasks = self.server.tasks
        if query:
            after = self.number_after(query)
            if after is None:
                return
            tasks.wait_for_change(after, LISTEN_S, self.is_gone)
        count, listed = tasks.listed()
        self.send_json({"count": count, "tasks": listed})

    def _tell_events(self, number: int, after: int) -> None:
        told = self.server.tasks.events(number, after, LISTEN_S, self.is_gone)
        if told is None:
            self.send(HTTPStatus.NOT_FOUND)
            return
        events, is_over = told
        over = "true" if is_over else "false"
        content = f'{{"events": [{", ".join(events)}], "is_over": {over}}}'
        self.send(HTTPStatus.OK, content.encode("utf-8", "replace"), "application/json")

    def _start(self, body: dict[str, Any]) -> None:
        command, arguments = body.get("command"), body.get("arguments", [])
        server = self.server
        if not isinstance(command, str) or not _are_words(arguments):
            self.send(HTTPStatus.BAD_REQUEST)
            return
        try:
            line = command_line(command, arguments, server.named, server.language)
            number = server.tasks.start(command, line, downloads(home))
        except NotAllowed:
            self.send(HTTPStatus.BAD_REQUEST)
        except OSError:
            self.send(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            if number is None:
                self.send(HTTPStatus.TOO_MANY_REQUESTS)
            else:
                self.send_json({"task": number})

    def _tell_task(self, number: int, what: str, body: dict[str, Any]) -> None:
        tasks = self.server.tasks
        if what == "answer":
            question, line = body.get("question"), body.get("line")
            if type(question) is not int or not isinstance(line, str) or not _is_line(line):
                self.send(HTTPStatus.BAD_REQUEST)
            elif tasks.answer(number, question, line):
                self.send(HTTPStatus.NO_CONTENT)
            else:
                self.send(HTTPStatus.CONFLICT)
            return
        is_there = tasks.stop(number) if what == "stop" else tasks.want_code(number)
        self.send(HTTPStatus.NO_CONTENT if is_there else HTTPStatus.NOT_FOUND)

    # --- this computer ---

    def _take_file(self, length: int) -> None:
        head = self.rfile.readline(min(length, _MAX_HEAD))
        try:
            named = parse_object(head)
            name, into = named["name"], named.get("into")
            if not isinstance(name, str) or not isinstance(into, str | None):
                raise BadName
            left = length - len(head)
            drop = self.server.drops.put(name, into, self.rfile, left)
        except (NotStrict, KeyError, BadName, FileExistsError):
            self.refuse_body(HTTPStatus.BAD_REQUEST)
        except TooMuch:
            self.refuse_body(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except OSError:
            self.refuse_body(HTTPStatus.INSUFFICIENT_STORAGE)
        else:
            if drop is None:
                self.refuse_body(HTTPStatus.BAD_REQUEST)
            else:
                self.send_json({"file": drop})

    def _open(self, body: dict[str, Any]) -> None:
        shown = body.get("path")
        named = self.server.places.named(shown) if isinstance(shown, str) else None
        if named is None:
            self.send(HTTPStatus.BAD_REQUEST)
            return
        path = real_path(named)
        folder = path if path.is_dir() else path.parent
        if folder.is_dir():
            self.server.open_folder(folder)
            self.send(HTTPStatus.NO_CONTENT)
        else:
            self.send(HTTPStatus.NOT_FOUND)

    def _speak(self, body: dict[str, Any]) -> None:
        language = body.get("language")
        if language not in LANGUAGES:
            self.send(HTTPStatus.BAD_REQUEST)
            return
        self.server.language = str(language)
        self.send(HTTPStatus.NO_CONTENT)

    def _close(self, _body: dict[str, Any]) -> None:
        self.close_connection = True
        self.send(HTTPStatus.NO_CONTENT)
        self.server.closed.set()


_POSTS: Final[dict[str, Callable[[CentreHandler, dict[str, Any]], None]]] = {
    "/v1/tasks": CentreHandler._start,
    "/v1/open": CentreHandler._open,
    "/v1/language": CentreHandler._speak,
    "/v1/close": CentreHandler._close,
}


def _are_words(arguments: object) -> bool:
    return isinstance(arguments, list) and all(isinstance(each, str) for each in arguments)


def _is_line(text: str) -> bool:
    # Its question's number goes in front of it.
    return len(text) <= MAX_LINE - 24 and not any(mark in text for mark in "\r\n\0")
