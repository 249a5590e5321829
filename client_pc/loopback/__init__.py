"""What every page of this PC stands on: a server for this computer and this user alone.

``server`` refuses who is not the page itself, ``tickets`` lets its tabs in, ``peer_uid`` tells
whose program asks.

Source: docs/security.md, attacks 39, 40, 51, 77 and 84.
"""
