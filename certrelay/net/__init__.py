"""The clients' connection to a relay: one WebSocket over one blocking-free socket."""

from certrelay.net.link import ConnectionLostError, Link, connect

__all__ = ["ConnectionLostError", "Link", "connect"]
