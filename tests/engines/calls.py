"""Numbered calls and their answers over a WebSocket: what CDP and WebDriver BiDi share."""

import json
import socket
from collections import deque
from contextlib import ExitStack
from typing import Any

from websockets.sync.client import connect

from tests.patience import PATIENCE_S


class CallFailed(Exception):
    """The browser refused a call."""


class Calls:
    """One connection to a browser's remote control."""

    def __init__(self, url: str, stream: socket.socket) -> None:
        self._open = ExitStack()
        line = connect(url, sock=stream, max_size=None, open_timeout=PATIENCE_S)
        self._socket = self._open.enter_context(line)
        self._last = 0
        self.events: deque[dict[str, Any]] = deque(maxlen=10_000)
        """What the browser said by itself, oldest first."""

    def call(self, method: str, params: dict[str, Any], **envelope: str) -> dict[str, Any]:
        """Ask and wait for the answer.

        Raises:
            CallFailed: The browser refuses.
            TimeoutError: It does not answer.
        """
        self._last += 1
        asked = self._last
        message = {"id": asked, "method": method, "params": params, **envelope}
        self._socket.send(json.dumps(message))
        while True:
            heard: dict[str, Any] = json.loads(self._socket.recv(PATIENCE_S))
            if heard.get("id") != asked:
                self.events.append(heard)
                self.on_event(heard)
            elif "error" in heard:
                raise CallFailed(f"{method}: {heard}")
            else:
                return dict(heard["result"])

    def on_event(self, event: dict[str, Any]) -> None:
        """Called for each event; may send, but not wait."""

    def send(self, method: str, params: dict[str, Any], **envelope: str) -> None:
        """Ask without waiting."""
        self._last += 1
        self._socket.send(
            json.dumps({"id": self._last, "method": method, "params": params, **envelope})
        )

    def close(self) -> None:
        """End the connection."""
        self._open.close()
