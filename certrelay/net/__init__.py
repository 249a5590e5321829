"""The clients' connection to a relay: one WebSocket over one blocking-free socket."""

from certrelay.net.dialling import Dial, Dialling
from certrelay.net.link import ConnectionLostError, Link, connect

__all__ = ["ConnectionLostError", "Dial", "Dialling", "Link", "connect"]
