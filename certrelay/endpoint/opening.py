"""m1 to m3 as binary messages: what each end takes, answers again, drops or refuses.

Source: docs/protocol.md §5.
"""

from typing import Final

from certrelay.e2e.frame import Carrier
from certrelay.e2e.handshake import Answered, Scanned, SessionKeys, Showing
from certrelay.e2e.hello import Hello
from certrelay.errors import TrustError
from certrelay.frozen import frozen

_SEALED = frozenset({Carrier.FRAME, Carrier.ACK})


@frozen
class OpeningStep:
    """What a message of the other end led to; all empty if it was dropped."""

    send: tuple[bytes, ...] = ()
    hello: Hello | None = None
    """The other end's, the first time it is known."""

    keys: SessionKeys | None = None
    """The session's keys, the first time they are known."""

    acknowledge: bool = False
    """G: answer m3 with a 0x11."""


_DROPPED: Final = OpeningStep()


class ShowOpening:
    """G's part."""

    def __init__(self, showing: Showing, hello: bytes) -> None:
        self._showing: Final = showing
        self._hello: Final = hello
        self._answered: Answered | None = None
        self._m3: bytes | None = None

    def receive(self, message: bytes) -> OpeningStep:
        """Take a binary message that is not for the channel.

        Raises:
            TrustError: ``m1_open`` is to be counted and passed over; any other ends the
                session and the QR code.
            ProtocolError: ``bad_hello``: the same end.
        """
        carrier, rest = _split(message)
        if carrier is Carrier.M1:
            return self._take_m1(rest)
        if carrier is Carrier.M3:
            return self._take_m3(rest)
        if carrier in _SEALED:
            return _DROPPED
        raise TrustError("carrier_type")

    def _take_m1(self, m1: bytes) -> OpeningStep:
        if self._answered is None:
            answered = self._showing.accept(m1, self._hello)
            hello = Hello.from_bytes(answered.peer_hello, with_token=True)
            self._answered = answered
            return OpeningStep(send=(_join(Carrier.M2, answered.m2),), hello=hello)
        if m1 == self._answered.m1:
            return OpeningStep(send=(_join(Carrier.M2, self._answered.m2),))
        return _DROPPED

    def _take_m3(self, m3: bytes) -> OpeningStep:
        if self._answered is None:
            raise TrustError("m3_open")
        if self._m3 is None:
            keys = self._answered.finish(m3)
            self._m3 = m3
            return OpeningStep(keys=keys, acknowledge=True)
        return OpeningStep(acknowledge=True) if m3 == self._m3 else _DROPPED


class ScanOpening:
    """S's part."""

    def __init__(self, scanned: Scanned) -> None:
        self._scanned: Final = scanned
        self.repeats: bytes = _join(Carrier.M1, scanned.m1)
        """What to send, and to send again until the other end has answered it."""

        self._done = False

    def receive(self, message: bytes) -> OpeningStep:
        """Take a binary message that is not for the channel.

        Raises:
            TrustError, ProtocolError: The session is over.
        """
        carrier, rest = _split(message)
        if carrier is Carrier.M2:
            return _DROPPED if self._done else self._take_m2(rest)
        if carrier in _SEALED:
            return _DROPPED
        raise TrustError("carrier_type")

    def _take_m2(self, m2: bytes) -> OpeningStep:
        m3, keys, sealed_hello = self._scanned.finish(m2)
        hello = Hello.from_bytes(sealed_hello, with_token=False)
        self._done = True
        self.repeats = _join(Carrier.M3, m3)
        return OpeningStep(send=(self.repeats,), hello=hello, keys=keys)


def _split(message: bytes) -> tuple[Carrier, bytes]:
    try:
        return Carrier(message[0]), message[1:]
    except (IndexError, ValueError):
        raise TrustError("carrier_type") from None


def _join(carrier: Carrier, rest: bytes) -> bytes:
    return bytes([carrier]) + rest
