"""What the driver gives out: messages to carry, and notices for people.

Source: docs/protocol.md §5 to §8.
"""

from dataclasses import dataclass

from certrelay.bundle import Item
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.hello import Hello
from certrelay.errors import CertRelayError

# Orders: what the shell must do.


@dataclass(frozen=True, slots=True, repr=False)
class SendText:
    """Send this text message to the relay: it may hold the join secret or a token."""

    text: str


@dataclass(frozen=True, slots=True, repr=False)
class SendBinary:
    """Send this sealed message through the relay."""

    message: bytes


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the socket; connect again while the driver wants a connection."""


# Notices: what happened.


@dataclass(frozen=True, slots=True)
class RoomOpened:
    """G: the relay holds the room; now the QR code may be shown, for so long."""

    expires_in_ms: int


@dataclass(frozen=True, slots=True)
class DeviceJoined:
    """Both: the other device is in the room; who it is comes with `PeerIntroduced`."""


@dataclass(frozen=True, slots=True)
class PeerIntroduced:
    """The other device's sealed hello.  At G the QR code is burnt: take it off the screen."""

    hello: Hello


@dataclass(frozen=True, slots=True, repr=False)
class NumberShown:
    """Receiver: show this number; the person types it on the sender."""

    number: str


@dataclass(frozen=True, slots=True)
class NumberWanted:
    """Sender: ask for the number on the other screen."""

    tries_left: int


@dataclass(frozen=True, slots=True)
class NumberWrong:
    """Sender: that was not the number."""

    tries_left: int


@dataclass(frozen=True, slots=True)
class NumberMatched:
    """Sender: the numbers are the same; the certificates go out."""


@dataclass(frozen=True, slots=True)
class PeerStepped:
    """The other person's step: choosing, typing, asking, saving or other."""

    step: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Content bytes that have arrived (receiver) or were acknowledged (sender)."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ItemsArrived:
    """Receiver: everything is here; ``None`` in place of an item whose digest is wrong.

    The shell now parses, asks, calls ``saving``, stores, and calls ``stored``.
    """

    items: tuple[Item | None, ...]


@dataclass(frozen=True, slots=True)
class SaveOverdue:
    """Receiver: the question was not answered in time, so it counts as declined."""


@dataclass(frozen=True, slots=True)
class ReceiptArrived:
    """Sender: what became of each item at the receiver."""

    results: tuple[ItemResult, ...]


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """This device's connection is gone; it is tried again for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ConnectionBack:
    """This device is connected again."""


@dataclass(frozen=True, slots=True)
class PeerLost:
    """The other device's connection is gone; it is waited for, for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class PeerReturned:
    """The other device is connected again."""


@dataclass(frozen=True, slots=True)
class ScannedTwice:
    """The relay says that somebody else scanned the same QR code."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The last notice: how it ended; ``error`` is ``None`` for success.

    ``results`` are the items' fates where they are known, on both sides.
    """

    error: CertRelayError | None
    results: tuple[ItemResult, ...] | None


Order = SendText | SendBinary | Disconnect
Notice = (
    RoomOpened
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
    | ReceiptArrived
    | ConnectionLost
    | ConnectionBack
    | PeerLost
    | PeerReturned
    | ScannedTwice
    | Ended
)
