"""What the gateway counts, as Prometheus reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trireme.gateway.admission import Limiter
    from trireme.gateway.cache import Cache

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The metrics of one gateway."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        names = ("route", "model", "version", "code")
        self._seconds = Histogram(
            "gateway_request_duration_seconds",
            "From the first byte to the last.",
            names,
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._shed = Counter("gateway_shed", "Requests refused at once for want of room.", ("model",), registry=self._registry)
        self._running = Gauge("gateway_running", "Calls that Triton works on for us.", ("model",), registry=self._registry)
        self._limit = Gauge("gateway_limit", "Calls that a model is given at once.", ("model",), registry=self._registry)
        self._cache = Counter("gateway_cache", "Items by what the cache had for them.", ("result",), registry=self._registry)
        self._told: dict[str, int] = {}

    def observe(self, route: str, model: str, version: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._seconds.labels(route, model, version, status).observe(seconds)

    def text(self, limiters: Mapping[str, Limiter], cache: Cache) -> bytes:
        """Return everything in Prometheus' text format."""
        for result, count in (("hit", cache.hits), ("miss", cache.misses)):
            self._cache.labels(result).inc(count - self._told.get(f"cache {result}", 0))
            self._told[f"cache {result}"] = count
        for name, limiter in limiters.items():
            self._running.labels(name).set(limiter.running)
            self._limit.labels(name).set(limiter.limit)
            self._shed.labels(name).inc(limiter.shed - self._told.get(name, 0))
            self._told[name] = limiter.shed
        return generate_latest(self._registry)
