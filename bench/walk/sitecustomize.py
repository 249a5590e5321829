"""Counts the calls between our own files, in each program that is started with it on its path.

Loaded by Python itself at a program's start (``PYTHONPATH``); see `bench.walk.__main__`.
"""

import atexit
import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path

ROOT = os.environ["CERTRELAY_WALK_ROOT"] + os.sep
PROGRAMS = (("certrelay",), ("relay",), ("client_pc",), ("client_mobile_sim",))

FROZEN = Path("certrelay", "frozen.py")
"""The methods of all value classes: those of a dataclass would have no file either."""

entered = Counter()
"""Calls of functions of ours, by file."""

changes = Counter()
"""Calls from one file of ours into another, by the two."""

frames_carried = Counter()
"""What one arrival of bytes called in the relay while it carried sealed frames: as a text."""

ours = {}
walks = threading.local()


def file_of(code):
    """A file of ours, from the root; the empty text for any other, and for what runs at import."""
    name = code.co_filename
    if name not in ours:
        path = Path(name[len(ROOT) :] if name.startswith(ROOT) else "")
        is_ours = path.parts[:1] in PROGRAMS and path != FROZEN
        ours[name] = str(path) if is_ours else ""
    return ours[name] if code.co_name != "<module>" else ""


def caller_of(frame):
    """The nearest file of ours that the frame was called from; ``None`` during an import."""
    found = ""
    while (frame := frame.f_back) is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return None
        found = found or file_of(frame.f_code)
    return found


def profile(frame, event, _argument):
    """Count a call."""
    if event == "call":
        file = file_of(frame.f_code)
        if not file:
            return
        caller = caller_of(frame)
        if caller is None:
            return
        entered[file] += 1
        if caller not in ("", file):
            changes[f"{caller} > {file}"] += 1
        walk = getattr(walks, "steps", None)
        if frame.f_code.co_name == "data_received" and walk is None:
            walks.steps, walks.first = [], frame
            walk = walks.steps
        if walk is not None:
            walk.append(f"{file}:{frame.f_code.co_name}")
    elif event == "return" and getattr(walks, "first", None) is frame:
        if any(step.endswith(":carry") for step in walks.steps):
            frames_carried[" ".join(walks.steps)] += 1
        walks.steps = walks.first = None


def write_down():
    """Leave what was counted as a file of this process."""
    sys.setprofile(None)
    text = json.dumps(
        {"argv": sys.argv, "entered": entered, "changes": changes, "frames": frames_carried}
    )
    Path(os.environ["CERTRELAY_WALK"], f"{os.getpid()}.json").write_text(text)


def leave(status, end=os._exit):
    """End at once, as the programs do, but not before it is written down."""
    write_down()
    end(status)


atexit.register(write_down)
os._exit = leave
threading.setprofile(profile)
sys.setprofile(profile)
