"""A child process of the centre: it loads the program, and waits for what to run.

The arguments come as the first line of standard input, so that no other user of this computer
reads them; the answers follow there.  Run by `client_pc.centre.children`.
"""

import contextlib
import json
import os
import signal
import sys

from certrelay.client.terminal import program
from client_pc import cli

_LOADED = (
    "certrelay.client.flow.session",
    "certrelay.client.manage.inventory",
    "certrelay.client.manage.stores",
    "certrelay.client.manage.trash",
    "client_pc.change",
    "client_pc.deletion",
    "client_pc.history.show",
    "client_pc.manage",
    "client_pc.places",
    "client_pc.show",
)
"""What most commands need, and what takes the time of a start."""


def be_child() -> None:
    """Run one command; the process's whole life."""
    # Who started the centre may have told it to ignore Ctrl-C; here it is how a task is stopped.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for name in _LOADED:
            __import__(name)
        line = sys.stdin.readline()
        if not line:
            os._exit(0)  # the centre has ended
        task = json.loads(line)
        with contextlib.suppress(OSError):
            os.chdir(task["folder"])
        status = cli.main(task["arguments"])
    except KeyboardInterrupt:
        status = 130
    program.leave(status)
