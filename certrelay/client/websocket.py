"""The sans-I/O half of ``websockets``, and nothing beside it.

The library loads `importlib.metadata` to tell the version of its unreleased states: that takes 8
of the 70 ms until the QR code, with `email` and `zipfile` behind it.
"""

from types import ModuleType

from certrelay.import_stub import stub_import

with stub_import("importlib.metadata", ModuleType("importlib.metadata")):
    from websockets.client import ClientProtocol
    from websockets.exceptions import InvalidHandshake, ProtocolError, WebSocketException
    from websockets.frames import Frame, Opcode
    from websockets.http11 import Response
    from websockets.protocol import State
    from websockets.typing import Subprotocol
    from websockets.uri import WebSocketURI, parse_uri

__all__ = (
    "ClientProtocol",
    "Frame",
    "InvalidHandshake",
    "Opcode",
    "ProtocolError",
    "Response",
    "State",
    "Subprotocol",
    "WebSocketException",
    "WebSocketURI",
    "parse_uri",
)
