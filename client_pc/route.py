"""Between two PCs both screens say which one sends, and what becomes of the originals.

A phone and a PC cannot be mistaken for each other; two PCs can.
"""

from typing import Final, Literal

from certrelay.client.flow.session import CopySession, Handler
from certrelay.endpoint import events
from certrelay.safe_text import printable
from certrelay.wire.release import PCS

Original = Literal["stays", "deleted", "unknown"]
"""What becomes of the originals: the receiver cannot know what the sender has chosen."""


class Route:
    """A part that tells the way where the other device is a PC too.

    Args:
        handler: The part that does the work.
        original: What becomes of the originals, as far as this PC knows.
    """

    def __init__(self, handler: Handler, original: Original) -> None:
        self._handler: Final = handler
        self._original: Final = original

    def on_event(self, event: events.Event, session: CopySession) -> None:
        """Take an event."""
        if isinstance(event, events.PeerIntroduced) and event.hello.platform in PCS:
            own, peer = session.endpoint.hello.name, printable(event.hello.name)
            way = "send" if session.endpoint.side.sends else "receive"
            key = f"pc.route.{way}.{self._original}"
            session.say("route", key, way=way, own=own, peer=peer, original=self._original)
        self._handler.on_event(event, session)
