"""The pure driver of one device in one room: both clients use it, so that none writes it twice.

``opening`` is m1 to m3 as carrier messages, ``events`` what the driver tells its shell,
``driver`` the whole: talk with the relay, handshake, number, transfer, resume, time limits.
"""

from certrelay.endpoint.driver import Endpoint
from certrelay.endpoint.sides import ScanSide, ShowSide
from certrelay.endpoint.times import Times

__all__ = ["Endpoint", "ScanSide", "ShowSide", "Times"]
