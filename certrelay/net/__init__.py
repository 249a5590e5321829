"""The clients' connection to a relay: one WebSocket over one blocking-free socket."""

from certrelay.net.link import Link, connect

__all__ = ["Link", "connect"]
