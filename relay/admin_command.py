"""``certrelay-relay admin``: asks or tells a running relay on this computer."""

import argparse
import json
import os
import socket
from pathlib import Path
from typing import Any, Final, TextIO

from certrelay.errors import ExitStatus, RelayUnreachable, StorageError, UsageError
from certrelay.texts import Texts

PATIENT_S: Final = 30.0
"""Seconds for an answer: thousands of rooms may have to end."""

_MAX_BYTES: Final = 4096


def administer(arguments: argparse.Namespace, texts: Texts, out: TextIO) -> int:
    """Say one word to the relay, and print what it answers.

    Raises:
        RelayUnreachable: ``no_admin_there``: nothing answers at that socket.
        StorageError: ``denied``: it is not for this user.
        UsageError: ``no_admin``: there is none on this system.
    """
    answer = _ask(arguments.socket, arguments.act)
    if arguments.json:
        out.write(json.dumps(answer) + "\n")
    elif "done" in answer:
        word = arguments.act.replace("-", "_")
        key = f"relay.admin.{word}" if answer["done"] else f"relay.admin.{word}_already"
        out.write(texts.say(key, **{k: v for k, v in answer.items() if k != "done"}) + "\n")
        if answer.get("suspended") == "policy":
            out.write(texts.say("relay.admin.still_suspended") + "\n")
    else:
        width = max(map(len, answer))
        out.writelines(f"{name:{width}}  {value}\n" for name, value in answer.items())
    return ExitStatus.OK


def _ask(path: Path, act: str) -> dict[str, Any]:
    if not hasattr(socket, "AF_UNIX"):
        raise UsageError("no_admin")
    request = {"do": act, "login": os.environ.get("SUDO_USER", "")}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(PATIENT_S)
            asking.connect(str(path))
            asking.sendall(json.dumps(request).encode() + b"\n")
            with asking.makefile("rb") as answers:
                answer = json.loads(answers.readline(_MAX_BYTES))
    except PermissionError:
        raise StorageError("denied", path=str(path)) from None
    except (OSError, ValueError):
        raise RelayUnreachable("no_admin_there", path=str(path)) from None
    if answer.get("error") == "denied":
        raise StorageError("denied", path=str(path))
    if "error" in answer:  # a relay of another release, which does not know that word
        raise RelayUnreachable("no_admin_there", path=str(path))
    return dict(answer)
