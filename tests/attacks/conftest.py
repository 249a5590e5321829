"""The flows' relay and desk, and the relay tests' sockets, serve the attacks too."""

from tests.flows.conftest import desk, relay

__all__ = ["desk", "relay"]
