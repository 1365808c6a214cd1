"""What the gateway counts, as Prometheus reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from trireme.gateway.breaker import STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trireme.gateway.cache import Cache
    from trireme.gateway.catalog import Model
    from trireme.gateway.pool import Member

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The metrics of one gateway."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counted = Counted()
        self._registry.register(self._counted)
        self._seconds = Histogram(
            "gateway_request_duration_seconds",
            "From the first byte to the last.",
            ("route", "model", "version", "code"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._running = self._gauge("gateway_running", "Calls that Triton works on for us.", "model")
        self._waiting = self._gauge("gateway_waiting", "Rows that wait for the next call of their model.", "model")
        self._limit = self._gauge("gateway_limit", "Calls that a model is given at once.", "model")
        self._breaker = self._gauge("gateway_breaker", "1 for the state that a model's circuit is in.", "model", "state")
        self._load = self._gauge("gateway_endpoint_running", "Calls that one Triton works on for us.", "endpoint")
        self._serving = self._gauge("gateway_endpoint_serving", "Whether calls go to a Triton.", "endpoint")
        self._streams = Gauge("gateway_streams", "Event streams that are open.", registry=self._registry)
        self._known: dict[tuple[str, str, str, int], Histogram] = {}

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self._registry)

    def observe(self, route: str, model: str, version: str, status: int, seconds: float) -> None:
        """Count one answer."""
        labels = (route, model, version, status)
        known = self._known.get(labels)
        if known is None:
            known = self._known[labels] = self._seconds.labels(*labels)
        known.observe(seconds)

    def text(
        self, models: Mapping[str, Model], members: Iterable[Member], cache: Cache, waiting: Mapping[str, int], streams: int
    ) -> bytes:
        """Return everything in Prometheus' text format; waiting are rows by model."""
        for name, model in models.items():
            self._waiting.labels(name).set(waiting.get(name, 0))
            self._running.labels(name).set(model.limiter.running)
            self._limit.labels(name).set(model.limiter.limit)
            for state in STATES:
                self._breaker.labels(name, state).set(state == model.breaker.state)
        for member in members:
            address = str(member.endpoint.address)
            self._load.labels(address).set(member.running)
            self._serving.labels(address).set(member.state == "serving")
        self._streams.set(streams)
        self._counted.set(models, cache)
        return generate_latest(self._registry)


class Counted(Collector):
    """What is counted where it happens, and only read here."""

    def __init__(self) -> None:
        self._shed: dict[str, int] = {}
        self._items = {"hit": 0, "miss": 0}

    def set(self, models: Mapping[str, Model], cache: Cache) -> None:
        """Read what was counted."""
        self._shed = {name: model.limiter.shed for name, model in models.items()}
        self._items = {"hit": cache.hits, "miss": cache.misses}

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the sheds by model, and the cache's hits and misses."""
        shed = CounterMetricFamily("gateway_shed", "Requests refused at once for want of room.", labels=["model"])
        for name, count in self._shed.items():
            shed.add_metric([name], count)
        yield shed
        cache = CounterMetricFamily("gateway_cache", "Items by what the cache had for them.", labels=["result"])
        for result, count in self._items.items():
            cache.add_metric([result], count)
        yield cache
