"""The centre's tasks: each is one command, its events a record for the page.

A child process runs it, or a terminal whose person wants a page beside it (`visits`).

Long because one condition guards all records, and what happens under it stays together.

Every tab reads the same record from any point on, so that a reload shows the same again.  Two
things are never in it for long: a code, which is taken out once it is burnt, and answers, which
go straight to the process.

Source: docs/security.md, attacks 8, 66 and 71.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from certrelay.limits import INTERRUPTED_WAIT_S
from client_pc.centre.children import Children
from client_pc.centre.for_page import fit, paths_of
from client_pc.centre.places import KnownPlaces

MAX_RUNNING: Final = 8
"""Tasks at a time."""

MAX_HELD: Final = 4
"""Requests that wait for news at a time: a browser has six connections for all its tabs."""

MAX_ANSWER: Final = 128 * 1024
"""Bytes of events in one answer, about: the page draws while it asks for the next ones."""

_KEPT_BYTES: Final = 16 * 1024 * 1024
"""Bytes of finished tasks' events, above which the oldest are forgotten."""

_KEPT: Final = 64
"""Finished tasks that are remembered."""

BURN_GRACE_S: Final = 3.0
"""Seconds after the end of its life at which a code goes from the record, whatever its process
is doing: later than the process burns it."""

_LOOK_S: Final = 0.5
"""Seconds between two looks whether a reader has gone."""


COPIES: Final = ("import", "export", "join")
"""Commands that are a copy between two devices."""


class Worker(Protocol):
    """What runs a command: a child process, or a terminal whose copy the page shows."""

    def portions(self) -> Iterator[bytes]:
        """Give what it tells, as it comes: lines of JSON."""

    def wait(self) -> int:
        """Wait for its end, and give its exit status."""

    def say(self, line: str) -> None:
        """Give it a line."""

    def stop(self) -> None:
        """Ask it to stop."""

    def end(self, patience_s: float = 0) -> None:
        """End it, after so many seconds for doing so by itself."""


class CentreTask:
    """One command.

    Args:
        number: Its name for the page.
        command: What it does.
        worker: Who runs it.
    """

    def __init__(self, number: int, command: str, worker: Worker) -> None:
        self.number: Final = number
        self.command: Final = command
        self.worker: Final = worker
        self.events: list[str] = []
        """As JSON; those that hold a code are in ``codes`` as long as it is good."""
        self.codes: dict[int, tuple[str, float]] = {}
        """By the place of an event: the event with its code as JSON, and when the code ends."""
        self.size = 0
        self.question: int | None = None
        self.error: dict[str, Any] | None = None
        self.is_over = False

    def add(self, event: str) -> None:
        """Put an event into the record."""
        self.events.append(event)
        self.size += len(event)

    def told(self, after: int, now: float) -> list[str]:
        """Give the events after the first ``after``: a portion of them, each as JSON."""
        found: list[str] = []
        size = 0
        for at in range(after, len(self.events)):
            code = self.codes.get(at)
            if code is None:
                event = self.events[at]
            else:
                left = max(0, round(1000 * (code[1] - now)))
                event = f'{code[0][:-1]}, "left_ms": {left}}}'
            found.append(event)
            size += len(event)
            if size > MAX_ANSWER:
                break
        return found


class Tasks:
    """All tasks of the centre.

    Args:
        places: What learns the paths that events name.
        lost: Gives the sentence for a process that ended without saying why.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        places: KnownPlaces,
        lost: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places: Final = places
        self._lost: Final = lost
        self._clock: Final = clock
        self._children: Final = Children()
        self._changed: Final = threading.Condition()
        self._tasks: dict[int, CentreTask] = {}
        self._begun = 0
        self._changes = 0
        self._held: list[object] = []
        self._is_closed = False

    def prepare(self) -> None:
        """Have a spare process."""
        self._children.prepare()

    def start(self, command: str, arguments: list[str], folder: Path) -> int | None:
        """Run a command.

        Args:
            command: Its name.
            arguments: The whole command line.
            folder: Where it runs.

        Returns:
            The task's number; ``None`` if too many run already.

        Raises:
            OSError: If no process can be started.
        """
        with self._changed:
            if self._is_closed or self.running >= MAX_RUNNING:
                return None
            task = self._add(command, self._children.run(arguments, folder))
        threading.Thread(target=self._follow, args=(task,), daemon=True, name="task").start()
        return task.number

    def take_in(self, command: str, worker: Worker) -> CentreTask | None:
        """Have a copy among the tasks that somebody else runs; the caller then follows it.

        Returns:
            ``None`` if a copy runs already: there is one at a time.
        """
        with self._changed:
            copies = [task for task in self._tasks.values() if task.command in COPIES]
            if self._is_closed or not all(task.is_over for task in copies):
                return None
            return self._add(command, worker)

    def _add(self, command: str, worker: Worker) -> CentreTask:
        self._begun += 1
        task = self._tasks[self._begun] = CentreTask(self._begun, command, worker)
        self._forget_old()
        self._note_change()
        return task

    @property
    def is_watched(self) -> bool:
        """Whether a page waits for news."""
        with self._changed:
            return bool(self._held)

    @property
    def running(self) -> int:
        """How many tasks are not over."""
        with self._changed:
            return sum(not task.is_over for task in self._tasks.values())

    def close(self) -> None:
        """End all: each is asked to stop first."""
        with self._changed:
            self._is_closed = True
            running = [task for task in self._tasks.values() if not task.is_over]
            self._changed.notify_all()
        self._children.close()
        for task in running:
            task.worker.stop()
        for task in running:
            task.worker.end(10 * INTERRUPTED_WAIT_S)

    # --- a task's own thread ---

    def follow(self, task: CentreTask) -> None:
        """Put what a worker tells into the record, to its end."""
        rest = b""
        for portion in task.worker.portions():
            *lines, rest = (rest + portion).split(b"\n")
            self.take(task, lines)
        self._end(task, task.worker.wait())

    def _follow(self, task: CentreTask) -> None:
        self.follow(task)
        self.prepare()

    def take(self, task: CentreTask, lines: Iterable[bytes]) -> None:
        """Put what a process has told into the record; those who wait are woken once for all."""
        with self._changed:
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue  # no event: what a library may print
                if isinstance(event, dict) and isinstance(event.get("event"), str):
                    self._take(task, event)
            is_waiting = task.question is not None or bool(task.codes)
            self._changed.notify_all()
        if is_waiting:  # the person may want something else meanwhile
            self.prepare()

    def _take(self, task: CentreTask, event: dict[str, Any]) -> None:
        self._places.learn(paths_of(event))
        match event["event"]:
            case "waiting":
                self._show(task, fit(event), event["expires_in_ms"] / 1000)
                return
            case "code":
                self._show(task, fit(event), None)
                return
            case "burnt":
                self._burn(task, "")
            case "code_withdrawn":
                self._burn(task, '"rows"')
            case "error":
                task.error = fit(event)
            case "ask":
                task.question = event["question"]
            case "answered":
                task.question = None
        task.add(json.dumps(fit(event), ensure_ascii=False))

    def _show(self, task: CentreTask, event: dict[str, Any], seconds: float | None) -> None:
        """Tell of a code; without it, once it is burnt."""
        secret = "rows" if seconds is not None else "code"
        bare = {name: value for name, value in event.items() if name not in (secret, "text")}
        end = self._clock() + (seconds or 0)
        if seconds is None:  # digits live as long as the QR code beside them
            end = max((until for _, until in task.codes.values()), default=end)
        task.codes[len(task.events)] = json.dumps(event, ensure_ascii=False), end
        task.add(json.dumps(bare, ensure_ascii=False))

    def _burn(self, task: CentreTask, all_but: str) -> None:
        kept = {at: code for at, code in task.codes.items() if all_but and all_but in code[0]}
        task.codes = kept

    def _end(self, task: CentreTask, status: int) -> None:
        error = task.error if status else None
        details = {
            name: value
            for name, value in (error or {}).items()
            if name not in ("event", "code", "text")
        }
        end = {
            "event": "end",
            "status": status,
            "code": None if error is None else error["code"],
            "text": "" if error is None else error["text"],
            "details": details,
        }
        if status and error is None:
            end |= {"code": "lost", "text": self._lost()}
        with self._changed:
            task.codes = {}
            task.question = None
            task.add(json.dumps(end, ensure_ascii=False))
            task.is_over = True
            self._note_change()

    # --- the server's side ---

    def listed(self) -> tuple[int, list[dict[str, Any]]]:
        """Give a count that grows with every change, and all tasks that are remembered."""
        with self._changed:
            return self._changes, [
                {
                    "task": task.number,
                    "command": task.command,
                    "is_over": task.is_over,
                    "question": task.question,
                }
                for task in self._tasks.values()
            ]

    def wait_for_change(self, known: int, seconds: float, is_gone: Callable[[], bool]) -> None:
        """Wait until tasks begin or end.

        Args:
            known: The count that the page has.
            seconds: How long at most.
            is_gone: Whether nobody waits any more.
        """
        self._hold(lambda: self._changes != known, seconds, is_gone)

    def events(
        self, number: int, after: int, seconds: float, is_gone: Callable[[], bool]
    ) -> tuple[list[str], bool] | None:
        """Give a task's events after the first ``after``, each as JSON; wait if there is none.

        Returns:
            A portion of them, and whether that is all for ever; ``None`` if there is no such task.
        """
        with self._changed:
            task = self._tasks.get(number)
            if task is None:
                return None
            self._hold(lambda: len(task.events) > after or task.is_over, seconds, is_gone)
            found = task.told(after, self._clock())
            return found, task.is_over and after + len(found) >= len(task.events)

    def _hold(
        self, is_news: Callable[[], bool], seconds: float, is_gone: Callable[[], bool]
    ) -> None:
        """Wait for news; one waiter too many sends the oldest home, so that clicks get through."""
        end = self._clock() + seconds
        me = object()
        with self._changed:
            self._held = [*self._held[1 - MAX_HELD :], me]
            self._changed.notify_all()
            try:
                while not is_news() and me in self._held and not self._is_closed:
                    left = end - self._clock()
                    if left <= 0 or is_gone():
                        break
                    self._changed.wait(min(left, _LOOK_S))
            finally:
                if me in self._held:
                    self._held.remove(me)

    def answer(self, number: int, question: int, line: str) -> bool:
        """Answer a question; false if it is not open."""
        with self._changed:
            task = self._tasks.get(number)
            if task is None or task.question != question:
                return False
            task.question = None
            task.worker.say(f"{question} {line}")
            return True

    def want_code(self, number: int) -> bool:
        """The person wants a code to type; false if there is no such task."""
        return self._do(number, lambda worker: worker.say("code"))

    def stop(self, number: int) -> bool:
        """Stop a task as Ctrl-C does; false if there is no such task."""
        return self._do(number, lambda worker: worker.stop())

    def _do(self, number: int, act: Callable[[Worker], None]) -> bool:
        with self._changed:
            task = self._tasks.get(number)
            if task is not None and not task.is_over:
                act(task.worker)
            return task is not None

    def watch(self) -> None:
        """Look whether codes are still good; called again and again."""
        now = self._clock()
        with self._changed:
            late = [
                task
                for task in self._tasks.values()
                if any(now > until + BURN_GRACE_S for _, until in task.codes.values())
            ]
            for task in late:
                task.codes = {}
                task.add('{"event": "burnt"}')
            if late:
                self._changed.notify_all()

    def _note_change(self) -> None:
        self._changes += 1
        self._changed.notify_all()

    def _forget_old(self) -> None:
        finished = [task for task in self._tasks.values() if task.is_over]
        size = sum(task.size for task in finished)
        while finished and (size > _KEPT_BYTES or len(finished) > _KEPT):
            oldest = finished.pop(0)
            size -= oldest.size
            del self._tasks[oldest.number]
