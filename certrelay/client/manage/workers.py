"""Work on many certificates by several processes: one for each core.

A worker is this program again, without a terminal.  What it shall do comes as a line of JSON
through its standard input, and so do passwords: neither is seen by another user of the computer.
"""

import contextlib
import importlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import certrelay
from certrelay.errors import StateError

Task = dict[str, Any]
"""What is to be done, and what was done: JSON values."""

_FEW: Final = 6
"""Tasks for which no worker is started: its start takes as long as they do."""

_LOOK_S: Final = 0.2
"""Seconds between two looks at Ctrl-C."""

_CHILD: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from certrelay.client.manage.workers import be_worker; be_worker(sys.argv[2])"
)


def perform(
    function: str, tasks: Sequence[Task], check: Callable[[], None], processes: int | None = None
) -> Iterator[Task]:
    """Do all tasks; give the results in their order, each as soon as it is there.

    Args:
        function: ``module:name`` of a function that takes a task and gives its result.
        tasks: What is to be done.
        check: Raises what shall end it; called some times a second.
        processes: How many workers; one for each core if nothing is said.
    """
    count = min(processes or os.cpu_count() or 1, len(tasks))
    if count < 2 or len(tasks) < _FEW:
        do = _found(function)
        for task in tasks:
            check()
            yield do(task)
        return
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for at in range(len(tasks)):
        waiting.put(at)
    results: queue.SimpleQueue[tuple[int, Task | None]] = queue.SimpleQueue()
    children = [_start(function) for _ in range(count)]
    try:
        for child in children:
            threading.Thread(
                target=_feed, args=(child, tasks, waiting, results), daemon=True
            ).start()
        yield from _in_order(results, len(tasks), check)
    finally:
        for child in children:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()


def _in_order(
    results: "queue.SimpleQueue[tuple[int, Task | None]]", count: int, check: Callable[[], None]
) -> Iterator[Task]:
    early: dict[int, Task] = {}
    for wanted in range(count):
        while wanted not in early:
            check()
            with contextlib.suppress(queue.Empty):
                at, result = results.get(timeout=_LOOK_S)
                if result is None:
                    raise StateError("a worker has ended")
                early[at] = result
        yield early.pop(wanted)


def _feed(
    child: "subprocess.Popen[bytes]",
    tasks: Sequence[Task],
    waiting: "queue.SimpleQueue[int]",
    results: "queue.SimpleQueue[tuple[int, Task | None]]",
) -> None:
    """Hand one worker a task after the other; the thread of that worker."""
    assert child.stdin is not None
    assert child.stdout is not None
    while True:
        try:
            at = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            child.stdin.write(json.dumps(tasks[at]).encode() + b"\n")
            child.stdin.flush()
            results.put((at, json.loads(child.stdout.readline())))
        except (OSError, ValueError):
            results.put((at, None))
            return


def _start(function: str) -> "subprocess.Popen[bytes]":
    root = str(Path(certrelay.__file__).parents[1])
    return subprocess.Popen(
        # -I: no file of the folder in which the program was started is taken for a library.
        [sys.executable, "-I", "-c", _CHILD, root, function],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _found(function: str) -> Callable[[Task], Task]:
    module, _, name = function.partition(":")
    do: Callable[[Task], Task] = getattr(importlib.import_module(module), name)
    return do


def be_worker(function: str) -> None:
    """Do tasks until there are no more; the worker's whole life."""
    import signal

    from certrelay.client.terminal.program import forbid_core_dumps

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program that started it decides
    forbid_core_dumps()
    do = _found(function)
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(do(json.loads(line))).encode() + b"\n")
        sys.stdout.buffer.flush()
