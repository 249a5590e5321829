"""What is counted at the moment in which Prometheus asks: the gauges of ``/metrics``."""

import platform
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from certrelay import __version__
from relay import records
from relay.admission import WHY_REFUSED
from relay.lookout import Lookout
from relay.reload import Reload
from relay.server import Server
from relay.store_figures import StoreFigures
from relay.store_words import WHY_AWAY

WHY_UNREADY: Final = ("draining", "store_away", "store_full", "store_foreign")
"""All that `relay.server.Server.unready` may say."""


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"certrelay_{name}", words, value=value)


def _labelled(
    name: str, words: str, label: str, values: Iterable[tuple[str, float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"certrelay_{name}", words, labels=[label])
    for word, value in values:
        family.add_metric([word], value)
    return family


def _total(
    name: str, words: str, label: str, values: Iterable[tuple[str, float]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"certrelay_{name}", words, labels=[label])
    for word, value in values:
        family.add_metric([word], value)
    return family


class Now(Collector):
    """Counts when it is asked.

    Args:
        server: What is counted.
        reload: What was read last.
        lookout: What the relay watches of itself.
    """

    def __init__(self, server: Server, reload: Reload, lookout: Lookout) -> None:
        self._server: Final = server
        self._reload: Final = reload
        self._lookout: Final = lookout

    def collect(self) -> Iterator[Metric]:
        """Count."""
        yield from self._rooms()
        yield from self._connections()
        yield from self._files()
        figures = self._server.hub.store_figures
        if figures is not None:
            yield from _store(figures)

    def _rooms(self) -> Iterator[Metric]:
        server = self._server
        yield _labelled("rooms", "Rooms that stand.", "state", server.rooms().items())
        yield _gauge("rooms_limit", "Rooms that may stand.", server.rooms_limit)
        yield _gauge("sockets", "WebSockets open.", len(server.sockets))
        why = server.unready()
        yield _gauge("ready", "1 if newcomers can be served.", not why)
        reasons = [(word, word == why) for word in WHY_UNREADY]
        yield _labelled("unready", "1 for what keeps newcomers away.", "reason", reasons)
        suspended = server.is_suspended
        yield _gauge("suspended", "1 if the operator takes nobody new.", suspended)
        info = {"version": __version__, "records": str(records.VERSION)}
        info["python"] = platform.python_version()
        build = GaugeMetricFamily("certrelay_build_info", "Always 1.", labels=list(info))
        build.add_metric(list(info.values()), 1)
        yield build

    def _connections(self) -> Iterator[Metric]:
        limiter = self._server.limiter
        yield _gauge("connections", "TCP connections open.", len(limiter))
        yield _gauge("connections_limit", "TCP connections that may be.", limiter.most)
        refused = [(why, limiter.refused[why]) for why in WHY_REFUSED]
        words = "TCP connections turned away, by what was used up."
        yield _total("connections_refused", words, "reason", refused)
        words = "By how much a timer was late at most, in the last minute."
        yield _gauge("event_loop_lag_seconds", words, self._lookout.lag_s)

    def _files(self) -> Iterator[Metric]:
        reload = self._reload
        good = reload.was_good
        yield _gauge("reload_successful", "1 if the last reading of the files was good.", good)
        words = "When the files were last read and good."
        yield _gauge("reload_success_timestamp_seconds", words, reload.good_at)
        if reload.policy_hash:
            words = "The beginning of the SHA-256 of the policy file in force."
            yield _labelled("policy_info", words, "sha256", [(reload.policy_hash, 1)])
        if reload.tls_ends_at is not None:
            words = "When the certificate of --tls-cert ends."
            name = "tls_certificate_not_after_timestamp_seconds"
            yield _gauge(name, words, reload.tls_ends_at)


def _store(figures: StoreFigures) -> Iterator[Metric]:
    words = "Answers of the store."
    answers = HistogramMetricFamily("certrelay_store_seconds", words, labels=[])
    answers.add_metric([], list(figures.buckets()), figures.seconds)
    yield answers
    failures = [(why, figures.failures[why]) for why in WHY_AWAY]
    yield _total("store_failures", "What the store did not do, by reason.", "reason", failures)
    words = "Changes that another node was faster with."
    yield CounterMetricFamily("certrelay_store_retries", words, value=figures.retries)
    words = "By how much the store's clock is ahead of this computer's."
    yield _gauge("store_clock_skew_seconds", words, figures.skew_s)
