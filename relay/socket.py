"""The sockets of a process: each gets a session when it is accepted, and is counted out.

Source: docs/protocol.md §4.
"""

from collections.abc import Callable
from typing import Final, Protocol

from certrelay.wire.close import CloseCode
from certrelay.wire.ids import AccessKeyHash
from certrelay.wire.messages import Refused
from certrelay.wire.service import ServicePolicy
from relay import session as sessions
from relay.admission import AddressLimiter
from relay.hub import Hub, Line
from relay.ledger import Account, Ledger
from relay.outbox import Outbox
from relay.session import ConnectionSession
from relay.settings import SocketLimits


class Transport(sessions.Transport, Protocol):
    """A WebSocket whose upgrade is answered; see `relay.websocket`."""

    @property
    def speaks(self) -> bool:
        """Whether the device has asked for the relay's subprotocol."""

    def attach(self, session: ConnectionSession, account: Account, early: bytes) -> None:
        """Tell a session from now on what happens; ``early`` came with the request."""


class Sockets:
    """All the sockets of one process.

    Args:
        hub: The home of the rooms.
        admission: Counts requests by address.
        ledger: Counts the bytes that wait.
        limits: What one socket may cost.
    """

    def __init__(
        self, hub: Hub, admission: AddressLimiter, ledger: Ledger, limits: SocketLimits
    ) -> None:
        self.hub: Hub = hub
        self.admission: AddressLimiter = admission
        self.ledger: Ledger = ledger
        self.limits: SocketLimits = limits
        self.service: ServicePolicy = ServicePolicy()
        """Says who may open rooms; may be exchanged while the relay runs."""

        self._sessions: Final[set[ConnectionSession]] = set()
        self.draining: bool = False
        """Whether newcomers are sent elsewhere."""

    def __len__(self) -> int:
        """Count the sockets that are open."""
        return len(self._sessions)

    def drain(self, stays: Callable[[Line], bool] = lambda _: False) -> None:
        """Tell the devices that this relay stops; each resumes elsewhere.

        Args:
            stays: Which of them may finish what they are at.
        """
        self.draining = True
        for line in [session.line for session in self._sessions]:
            if not stays(line):
                self.hub.lost(line)
                line.close(CloseCode.RESTART)

    def attach(
        self,
        transport: Transport,
        address: str,
        early: bytes = b"",
        key: AccessKeyHash | None = None,
    ) -> None:
        """Take a socket.

        Args:
            transport: A WebSocket whose Origin was found good.
            address: Its allowance, from `relay.client_address.allowance_key`.
            early: What came with the request.
            key: The hash of the operator's key that the request has shown.
        """
        account = self.ledger.open(address, transport.cut_off)
        line = Line(Outbox(self.limits, transport, account), address)
        session = ConnectionSession(self, line, transport, key)
        self._sessions.add(session)
        fits = self.admission.enter(address)
        if not transport.speaks:
            line.refuse(Refused("unsupported_protocol"))
        elif not fits:
            line.refuse(Refused("rate_limited"))
        session.start_idle_timer()
        transport.attach(session, account, early)

    def leave(self, session: ConnectionSession) -> None:
        """Note that a socket is gone."""
        self.admission.leave(session.line.address)
        self._sessions.discard(session)
