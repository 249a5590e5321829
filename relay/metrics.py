"""What the relay counts, for Prometheus: ``/metrics`` of the operator's own address.

No label names a room, an address or a person, and each has a handful of values: they are words
of the protocol.  What is counted is this process's; a server that scrapes all nodes adds up.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol, get_args

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client import Counter as Total
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from certrelay.wire.ids import Role
from certrelay.wire.messages import ClosedReason, ErrorCode
from certrelay.wire.room import Room
from relay import journal

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_SCAN_S: Final = (1, 2, 5, 10, 20, 30, 60, 90, 120)
_SESSION_S: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_BYTES: Final = (1024, 16_384, 65_536, 262_144, 1_048_576, 4_194_304)


class Service(Protocol):
    """A relay that may, or may not, take somebody new."""

    def unready(self) -> str:
        """Why it cannot; empty if it can."""

    @property
    def is_suspended(self) -> bool:
        """Whether its operator does not want it to."""


def state(room: Room) -> str:
    """Name a room's state: ``waiting`` for a scan, ``paired``, or with an end ``away``."""
    if not room.claimed:
        return "waiting" if room.here else "away"
    return "paired" if len(room.here) == 2 else "away"


class Metrics:
    """Counts what the journal tells; `close` ends that.

    Args:
        rooms: Gives the rooms that stand, each counted by one node.
        sockets: Counts the WebSockets that are open.
        service: Says whether somebody new may come in.
    """

    def __init__(
        self,
        rooms: Callable[[], Iterable[Room]],
        sockets: Callable[[], int],
        service: Service,
    ) -> None:
        registry = self._registry = CollectorRegistry()
        self._opened = Total("certrelay_rooms_opened", "Rooms opened.", registry=registry)
        self._over = Total(
            "certrelay_rooms_over", "Rooms that ended, by reason.", ["reason"], registry=registry
        )
        self._refused = Total(
            "certrelay_refused", "Requests refused, by word.", ["word"], registry=registry
        )
        self._lost = Total(
            "certrelay_connections_lost", "Ends lost, by role.", ["role"], registry=registry
        )
        self._carried = Histogram(
            "certrelay_room_bytes",
            "Sealed bytes that a claimed room carried.",
            buckets=_BYTES,
            registry=registry,
        )
        self._scan = Histogram(
            "certrelay_scan_seconds",
            "From a room's opening to its claim.",
            buckets=_SCAN_S,
            registry=registry,
        )
        self._session = Histogram(
            "certrelay_session_seconds",
            "From a room's claim to its end.",
            buckets=_SESSION_S,
            registry=registry,
        )
        # A series that is born at 1 has not risen: no alarm would see the first of a word.
        for word in (*get_args(ErrorCode), "http"):
            self._refused.labels(word)
        for reason in get_args(ClosedReason):
            self._over.labels(reason)
        for role in Role:
            self._lost.labels(role.value)
        registry.register(_Now(rooms, sockets, service))
        journal.listen(self._hear)

    def close(self) -> None:
        """Count no more."""
        journal.unlisten(self._hear)

    def text(self) -> bytes:
        """Write everything in Prometheus' text form."""
        return generate_latest(self._registry)

    def _hear(self, event: str, values: Mapping[str, journal.Value]) -> None:
        match event:
            case "opened":
                self._opened.inc()
            case "refused":
                self._refused.labels(values["code"]).inc()
            case "lost":
                self._lost.labels(values["role"]).inc()
            case "paired":
                self._scan.observe(float(values["seconds"]))
            case "over":
                self._over.labels(values["by"]).inc()
                if values["word"] == "already_used":
                    self._session.observe(float(values["seconds"]))
                    self._carried.observe(float(values["bytes"]))


class _Now(Collector):
    """What is counted at the moment of asking."""

    def __init__(
        self,
        rooms: Callable[[], Iterable[Room]],
        sockets: Callable[[], int],
        service: Service,
    ) -> None:
        self._rooms: Final = rooms
        self._sockets: Final = sockets
        self._service: Final = service

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Count."""
        states = Counter(map(state, self._rooms()))
        rooms = GaugeMetricFamily("certrelay_rooms", "Rooms that stand.", labels=["state"])
        for name in ("waiting", "paired", "away"):
            rooms.add_metric([name], states[name])
        yield rooms
        yield GaugeMetricFamily("certrelay_sockets", "WebSockets open.", value=self._sockets())
        yield GaugeMetricFamily(
            "certrelay_ready",
            "1 if newcomers can be served.",
            value=int(not self._service.unready()),
        )
        yield GaugeMetricFamily(
            "certrelay_suspended",
            "1 if the operator takes nobody new.",
            value=int(self._service.is_suspended),
        )
