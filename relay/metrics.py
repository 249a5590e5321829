"""What the relay counts, for Prometheus: ``/metrics`` of the operator's own address.

No label names a room, an address or a person, and each has a handful of values: they are words
of the protocol.  What is counted is this process's; a server that scrapes all nodes adds up.
"""

from collections.abc import Mapping
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client import Counter as Total
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from certrelay.wire.ids import Role
from certrelay.wire.messages import ClosedReason, ErrorCode
from relay import journal
from relay.lookout import Lookout
from relay.metrics_now import Now
from relay.reload import Reload
from relay.server import Server
from relay.usage import CODE_EVENTS

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_SCAN_S: Final = (1, 2, 5, 10, 20, 30, 60, 90, 120)
_SESSION_S: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
WHAT_PROBES_DO: Final = ("opened", "paired", "over", "refused")
"""Of the events of a probe's rooms, those that are counted."""

_BYTES: Final = (1024, 16_384, 65_536, 262_144, 1_048_576, 4_194_304)


class Metrics:
    """Counts what the journal tells; `close` ends that.

    Args:
        server: What is counted.
        reload: What was read last.
        lookout: What the relay watches of itself.
    """

    def __init__(self, server: Server, reload: Reload, lookout: Lookout) -> None:
        registry = self._registry = CollectorRegistry()
        self._opened = Total("certrelay_rooms_opened", "Rooms opened.", registry=registry)
        self._over = Total(
            "certrelay_rooms_over", "Rooms that ended, by reason.", ["reason"], registry=registry
        )
        self._refused = Total(
            "certrelay_refused", "Requests refused, by word.", ["word"], registry=registry
        )
        self._codes = Total(
            "certrelay_codes", "Typed codes, by what became of them.", ["event"], registry=registry
        )
        self._lost = Total(
            "certrelay_connections_lost", "Ends lost, by role.", ["role"], registry=registry
        )
        self._unwritten = Total(
            "certrelay_usage_unwritten", "Lines of usage not written in time.", registry=registry
        )
        self._probed = Total(
            "certrelay_probed",
            "What probes did, which is counted nowhere else.",
            ["event"],
            registry=registry,
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
        for event in CODE_EVENTS:
            self._codes.labels(event)
        for role in Role:
            self._lost.labels(role.value)
        for what in WHAT_PROBES_DO:
            self._probed.labels(what)
        registry.register(Now(server, reload, lookout))
        ProcessCollector(registry=registry)
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
            case "probed" if values["what"] in WHAT_PROBES_DO:
                self._probed.labels(values["what"]).inc()
            case "refused":
                self._refused.labels(values["code"]).inc()
            case "published" | "entered" | "missed":
                self._codes.labels(event).inc()
            case "lost":
                self._lost.labels(values["role"]).inc()
            case "usage_unwritten":
                self._unwritten.inc()
            case "paired":
                self._scan.observe(float(values["seconds"]))
            case "over":
                self._over.labels(values["by"]).inc()
                if values["word"] == "already_used":
                    self._session.observe(float(values["seconds"]))
                    self._carried.observe(float(values["bytes"]))
