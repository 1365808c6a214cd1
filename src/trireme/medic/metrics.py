"""What the medic counts, as Prometheus reads it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

if TYPE_CHECKING:
    from trireme.medic.rounds import Medic


class Metrics:
    """The metrics of one medic."""

    def __init__(self, digest: str = "") -> None:
        self._registry = CollectorRegistry()
        self._healthy = self._gauge("model_healthy", "Whether a model's last canary answered rightly.", "model")
        self._quarantined = self._gauge("model_quarantined", "Whether a model is left alone.", "model")
        self._instances = self._gauge("model_instances", "Instances that execute a model; a pipeline has none.", "model")
        self._seconds = self._gauge("canary_seconds", "How long a model's last canary took.", "model")
        self._live = self._gauge("server_live", "Whether the server answers.")
        self._round = self._gauge("last_round_timestamp_seconds", "When all models were looked at.")
        self._reloads = self._counter("reloads", "Models that were loaded again.", "model")
        self._quarantines = self._counter("quarantines", "Models that were put into quarantine.", "model")
        self._restarts = self._counter("server_restarts", "Servers that answered again after nobody had listened.")
        self._gauge("repository_info", "Which repository is served, by the digest of its lock.", "digest").labels(digest).set(1)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"trireme_medic_{name}", text, labels, registry=self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"trireme_medic_{name}", text, labels, registry=self._registry)

    def canary(self, model: str, seconds: float) -> None:
        """Note how long a canary took."""
        self._seconds.labels(model).set(seconds)

    def instances(self, model: str, count: int) -> None:
        """Note how many instances execute a model."""
        self._instances.labels(model).set(count)

    def reload(self, model: str) -> None:
        """Count a reload."""
        self._reloads.labels(model).inc()

    def quarantine(self, model: str) -> None:
        """Count a quarantine."""
        self._quarantines.labels(model).inc()

    def restart(self) -> None:
        """Count a server that answers again after nobody listened."""
        self._restarts.inc()

    def round(self, medic: Medic) -> None:
        """Note how all models are."""
        for name, patient in medic.patients.items():
            if patient.seen:  # one that is still being loaded is not dead
                self._healthy.labels(name).set(patient.healthy)
            self._quarantined.labels(name).set(patient.quarantined)
            self._reloads.labels(name)
        self._live.set(medic.live)
        self._round.set(time.time())

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)
