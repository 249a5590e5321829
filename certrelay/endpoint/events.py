"""What the driver gives out: messages to carry, and events for people.

Source: docs/protocol.md §5 to §8.
"""

from typing import Literal

from certrelay.bundle import Item
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.hello import Hello
from certrelay.errors import CertRelayError
from certrelay.frozen import frozen

# Commands: what the shell must do.


@frozen(repr=False)
class SendText:
    """Send this text message to the relay: it may hold the join secret or a token."""

    text: str


@frozen(repr=False)
class SendBinary:
    """Send this sealed message through the relay."""

    message: bytes


@frozen
class HangUp:
    """Close the socket; connect again while the driver wants a connection."""


# Events: what happened.


@frozen
class RoomOpened:
    """G: the relay holds the room; now the QR code may be shown, for so long."""

    expires_in_ms: int


@frozen(repr=False)
class CodeShown:
    """G: show this code beside the QR code, with the relay's address.  It is secret."""

    code: str
    """12 to 14 digits in three groups: ``4821 7730 1946``."""


@frozen
class CodeWithdrawn:
    """G: take the code off the screen."""

    why: Literal["entered", "connection"]
    """Somebody has typed it, or the connection that it hung on is lost."""


@frozen
class CodeUnavailable:
    """G: there is no code to be had."""

    why: Literal["unsupported", "none", "used_up"]
    """This relay takes none; it has none now; this QR code has had five."""


@frozen
class DeviceJoined:
    """Both: the other device is in the room; who it is comes with `PeerIntroduced`."""


@frozen
class PeerIntroduced:
    """The other device's sealed hello.  At G the QR code is burnt: take it off the screen."""

    hello: Hello


@frozen(repr=False)
class NumberShown:
    """Receiver: show this number; the person types it on the sender.

    It comes when the sender has a field for it, and again after it went back to choosing.
    """

    number: str


@frozen
class NumberWanted:
    """Sender: ask for the number on the other screen."""

    tries_left: int


@frozen
class NumberWrong:
    """Sender: that was not the number."""

    tries_left: int


@frozen
class NumberMatched:
    """Sender: the numbers are the same; the certificates go out."""


@frozen
class PeerStepped:
    """The other person's step: choosing, typing, asking, saving or other."""

    step: str


@frozen
class Moved:
    """Content bytes that have arrived (receiver) or were acknowledged (sender)."""

    done: int
    total: int


@frozen
class ItemsArrived:
    """Receiver: everything is here; ``None`` in place of an item whose digest is wrong.

    The shell now parses, asks, calls ``saving``, stores, and calls ``stored``.  A page calls
    ``ask_seen`` in place of ``stored``, then ``confirm_seen`` or ``give_up_seeing``.
    """

    items: tuple[Item | None, ...]


@frozen
class SaveOverdue:
    """Receiver: the question was not answered in time, so it counts as declined."""


@frozen
class SeenOverdue:
    """Receiver that is a page: nobody said in time that the file is there; it is unconfirmed."""


@frozen
class ReceiptArrived:
    """Sender: what became of each item at the receiver."""

    results: tuple[ItemResult, ...]


@frozen
class ConnectionLost:
    """This device's connection is gone; it is tried again for so many seconds."""

    seconds: float


@frozen
class ConnectionBack:
    """This device is connected again."""


@frozen
class PeerLost:
    """The other device's connection is gone; it is waited for, for so many seconds."""

    seconds: float


@frozen
class PeerReturned:
    """The other device is connected again."""


@frozen
class ScannedTwice:
    """The relay says that somebody else scanned the same QR code."""


@frozen
class CloseUnheard:
    """The person ended it, and no word came that the other device knows; `Ended` follows."""


@frozen
class Ended:
    """The last event: how it ended; ``error`` is ``None`` for success.

    ``results`` are the items' fates where they are known, on both sides.
    """

    error: CertRelayError | None
    results: tuple[ItemResult, ...] | None
    matched: bool = False
    """Whether the number had matched: before that a fresh QR code hurts nobody."""


Command = SendText | SendBinary | HangUp
Event = (
    RoomOpened
    | CodeShown
    | CodeWithdrawn
    | CodeUnavailable
    | DeviceJoined
    | PeerIntroduced
    | NumberShown
    | NumberWanted
    | NumberWrong
    | NumberMatched
    | PeerStepped
    | Moved
    | ItemsArrived
    | SaveOverdue
    | SeenOverdue
    | ReceiptArrived
    | ConnectionLost
    | ConnectionBack
    | PeerLost
    | PeerReturned
    | ScannedTwice
    | CloseUnheard
    | Ended
)
