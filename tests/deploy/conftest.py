"""Devices of the relay's own tests, for relays behind what an operator puts in front."""

from tests.relay.conftest import connect_to, pair

__all__ = ["connect_to", "pair"]
