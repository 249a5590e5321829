"""One centre for each user: who comes second lets the first one open another page.

That may be a page for a copy which the second one runs itself (`visiting`).

The lock is the system's, and goes with its process, however that ends.  Beside it lies a file
that only this user reads, with the port and a secret; what a dead centre has left there opens
nothing.

Source: docs/security.md, attack 84.
"""

import contextlib
import hmac
import http.client
import json
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from certrelay.errors import StorageError
from certrelay.frozen import frozen
from client_pc.loopback.server import HOST

_LOCK: Final = "centre.lock"
_NOTE: Final = "centre.json"
_ANSWER_S: Final = 5.0
_MAX_LINE: Final = 4096


@frozen(repr=False)
class Instance:
    """The centre that has the lock."""

    folder: Path
    secret: str

    def announce(self, port: int) -> None:
        """Write down where a second start finds this one."""
        note = self.folder / _NOTE
        fresh = note.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", encoding="ascii") as file:
            json.dump({"port": port, "secret": self.secret}, file)
        fresh.replace(note)

    def is_secret(self, secret: str) -> bool:
        """Tell whether somebody knows the secret of the note."""
        return hmac.compare_digest(secret.encode("utf-8", "replace"), self.secret.encode())


@contextmanager
def alone(folder: Path) -> Iterator[Instance | None]:
    """Be the only centre of a data folder for a while.

    Yields:
        ``None`` if there is one already.

    Raises:
        StorageError: ``data_folder``, if it cannot be written, or is none.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("a+b")
    except OSError:
        raise StorageError("data_folder", path=str(folder)) from None
    with lock:
        if not _take(lock):
            yield None
            return
        try:
            yield Instance(folder, secrets.token_urlsafe(32))
        finally:
            with contextlib.suppress(OSError):
                (folder / _NOTE).unlink()


def _take(lock: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def ask_first(folder: Path, door: str) -> str | None:
    """Ask the centre that runs already for the address of one more page.

    Args:
        folder: The data folder.
        door: Where the page begins.

    Returns:
        ``None`` if it does not answer: it may be starting, or ending.
    """
    try:
        port, secret = _noted(folder)
        connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_S)
        with contextlib.closing(connection):
            connection.request("POST", "/v1/ticket", json.dumps({"secret": secret, "door": door}))
            answer = connection.getresponse()
            told = json.loads(answer.read()) if answer.status == 200 else {}
        return f"http://{HOST}:{port}/#{told['ticket']}"
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return None


@frozen(repr=False)
class Hosted:
    """A copy that the centre shows."""

    connection: socket.socket
    """Where it is told; the other end is the centre."""

    address: str
    """Of its page, with the ticket."""


class Busy:
    """The centre shows another copy."""


def visit_first(folder: Path, command: str) -> Hosted | Busy | None:
    """Ask the centre that runs to show a copy.

    Args:
        folder: The data folder.
        command: ``import`` or ``export``.

    Returns:
        ``None`` if it does not answer: it may be starting, or ending, or there is none.
    """
    try:
        port, secret = _noted(folder)
        body = json.dumps({"secret": secret, "command": command})
        head = (
            f"POST /v1/visit HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection = socket.create_connection((HOST, port), timeout=_ANSWER_S)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        connection.sendall(f"{head}{body}".encode("ascii"))
        status, first = _answer(connection)
        if status == 101:
            return Hosted(connection, f"http://{HOST}:{port}/#{json.loads(first)['ticket']}")
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        status = 0
    connection.close()
    return Busy() if status == 409 else None


def _answer(connection: socket.socket) -> tuple[int, str]:
    """Read the status, and the first line behind the head; not a byte further."""
    with connection.makefile("rb", buffering=0) as told:
        status = int(told.readline(_MAX_LINE).split()[1])
        while told.readline(_MAX_LINE).strip():
            pass
        return status, told.readline(_MAX_LINE).decode("ascii") if status == 101 else ""


def _noted(folder: Path) -> tuple[int, str]:
    """Read the note: port and secret."""
    note = json.loads((folder / _NOTE).read_text("ascii"))
    return int(note["port"]), str(note["secret"])
