"""The operator's socket: what may be asked of a running relay on its own computer, and who did.

A Unix socket that root and the relay's own user can open.  Who connects says one line of JSON,
hears one, and is gone.  The system says who it was; each act is written down with that, and with
the policy in force.  Only Linux says who connects in this way.
"""

import asyncio
import json
import os
import pwd
import re
import socket
import stat
import struct
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from certrelay import __version__
from certrelay.errors import UsageError
from certrelay.safe_text import printable
from certrelay.strict_json import NotStrict, parse_object
from relay import journal
from relay.clock import Clock, monotonic
from relay.ending import Ending
from relay.reload import Reload
from relay.server import Server

assert sys.platform == "linux"

LOOKS: Final = ("status", "count")
"""What changes nothing."""

ACTS: Final = ("drain", "suspend", "resume", "end-waiting")

MAX_BYTES: Final = 1024
"""Of a request."""

REQUEST_S: Final = 5.0
"""Seconds for a request."""

_PEER: Final = struct.Struct("3i")
"""The system's answer: process, user, group."""

_LOGIN: Final = re.compile(r"[A-Za-z0-9._-]{1,32}\Z")


class Peer(NamedTuple):
    """Who is at the other end, as the system says."""

    pid: int
    uid: int


def bind_admin(path: Path) -> socket.socket:
    """Reserve the operator's socket, for root and this user alone.

    Raises:
        UsageError: ``bad_admin`` with ``where``.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        mask = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(mask)
    except OSError as error:
        listener.close()
        why = error.strerror or str(error)  # a path that is too long has no number
        raise UsageError("bad_admin", where=f"{path}: {why}") from None
    return listener


def _clear(path: Path) -> None:
    """Take away the socket of a relay that is no more.

    Raises:
        OSError: If another one answers there, or it is no socket.
    """
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise FileExistsError(None, "it is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise FileExistsError(None, "another relay answers there")


class AdminSocket:
    """Answers the operator.

    Args:
        server: What is asked about, and told.
        reload: Knows the policy in force.
        ending: Drains.
        clock: Gives seconds.
    """

    def __init__(
        self, server: Server, reload: Reload, ending: Ending, clock: Clock = monotonic
    ) -> None:
        self._server: Final = server
        self._reload: Final = reload
        self._ending: Final = ending
        self._clock: Final = clock
        self._began: Final = clock()

    async def serve(self, listener: socket.socket) -> asyncio.Server:
        """Answer on a bound socket until the server is closed."""
        return await asyncio.start_unix_server(self._talk, sock=listener, limit=MAX_BYTES)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            peer = peer_of(writer.get_extra_info("socket"))
            async with asyncio.timeout(REQUEST_S):
                line = await reader.readuntil(b"\n")
            answer = await self._answer(peer, line)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked is gone, or was no program of ours
        finally:
            writer.close()

    async def _answer(self, peer: Peer, line: bytes) -> dict[str, Any]:
        # The file's rights keep all others out; this is the second lock.
        if peer.uid not in (0, os.getuid()):
            journal.write_warning("admin_refused", uid=peer.uid)
            return {"error": "denied"}
        try:
            asked = parse_object(line)
        except NotStrict:
            return {"error": "bad_request"}
        command, login = asked.get("do"), asked.get("login")
        if command in LOOKS:
            self._note(journal.write, command, peer, login)
            return self._status() if command == "status" else self._count()
        if command in ACTS:
            answer = await self._act(command)
            self._note(journal.write_notice, command, peer, login, **answer)
            return answer
        return {"error": "bad_request"}

    def _note(self, write: Any, command: str, peer: Peer, login: object, **values: Any) -> None:
        """Write down who did what; ``login`` is who says to be behind root."""
        who: dict[str, Any] = {"uid": peer.uid, "user": name_of(peer.uid), "pid": peer.pid}
        if isinstance(login, str) and _LOGIN.match(login):
            who["login"] = login
        write("administered", act=command, **who, policy=self._policy, **values)

    @property
    def _policy(self) -> str:
        return self._reload.policy_hash or "built_in"

    async def _act(self, command: str) -> dict[str, Any]:
        server = self._server
        match command:
            case "drain":
                return {"done": self._ending.drain(), "sockets": len(server.sockets)}
            case "suspend":
                return {"done": server.suspend(by_hand=True), "waiting": self._waiting()}
            case "resume":
                return {"done": server.suspend(by_hand=False), "suspended": self._suspended()}
        waiting = self._waiting()
        await server.hub.end_waiting()
        return {"done": True, "waiting": waiting}

    def _waiting(self) -> int:
        """How many codes nobody has scanned."""
        return sum(not room.claimed for room in self._server.hub.rooms())

    def _suspended(self) -> str:
        """Why nobody new is taken: ``hand`` or ``policy``; ``no`` if somebody is."""
        if self._server.is_held:
            return "hand"
        return "policy" if self._server.is_suspended else "no"

    def _count(self) -> dict[str, Any]:
        limiter = self._server.limiter
        return {
            **self._server.rooms(),
            "rooms_limit": self._server.rooms_limit,
            "sockets": len(self._server.sockets),
            "connections": len(limiter),
            "connections_limit": limiter.most,
        }

    def _status(self) -> dict[str, Any]:
        reload = self._reload
        return {
            "version": __version__,
            "up_s": int(self._clock() - self._began),
            "ready": self._server.unready() or "ok",
            "suspended": self._suspended(),
            "policy": self._policy,
            "reload": "good" if reload.was_good else "failed",
            "store": "memory" if self._server.hub.store_figures is None else "redis",
            **self._count(),
        }


def peer_of(connected: socket.socket) -> Peer:
    """Ask the system who is at the other end."""
    told = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    pid, uid, _ = _PEER.unpack(told)
    return Peer(pid, uid)


def name_of(uid: int) -> str:
    """A user's name on this computer; empty if he has none."""
    try:
        return printable(pwd.getpwuid(uid).pw_name, None)
    except KeyError:
        return ""
