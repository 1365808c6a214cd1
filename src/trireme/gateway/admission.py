"""How much is let through: a limit of calls at once for each model that follows the measured latency, and a rate for each key.

The limit follows the gradient of latency. While calls take about as long as the fastest ones did, or less than a latency that
is always tolerated (batches form while calls wait), it grows by a root of itself; when they queue, it shrinks in proportion.
What is over it is refused at once, so that the rest is fast. The idea: https://github.com/Netflix/concurrency-limits
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trireme.gateway.problems import ProblemError, UnaskedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.gateway.settings import Admission

SMOOTHING = 0.2
"""The share of a new latency in the running mean."""
FORGETTING = 1.01
"""What the fastest latency grows by at each call, so that a model that became slower is not held to its past."""
LEAST_SECONDS = 1e-9
PATIENT_SECONDS = 1.0
PATIENT_TIMES = 10
"""What a client has to give, at least and in means of the model's latency; a shorter deadline tells of the client."""
SHARES = {"high": 1.0, "normal": 0.9, "low": 0.5}
"""How much of the limit a lane may fill: what is urgent finds room while the rest is refused."""
MOST_KEYS = 10_000
"""Keys or subjects whose buckets are kept before those that are full again are dropped."""
TOLERATED = 2.0
"""How many times the fastest latency is no queue yet."""


class Limiter:
    """The calls of one model."""

    def __init__(self, settings: Admission) -> None:
        self._settings = settings
        self.limit = float(settings.first)
        self.running = 0
        self.shed = 0
        self._fastest = math.inf
        self._mean = 0.0

    def check(self, name: str, lane: str = "high") -> None:
        """Refuse what finds no place.

        Raises:
            ProblemError: there is none.

        """
        if self.running >= max(self.limit * SHARES[lane], 1):
            self.shed += 1
            raise ProblemError("overloaded", f"'{name}' has as many calls as it can take", retry_after=1)

    def is_patient(self, seconds: float) -> bool:
        """Say whether a deadline is many times what the model takes, so that it is the model's fault when it passes."""
        return bool(self._mean) and seconds >= max(PATIENT_SECONDS, PATIENT_TIMES * self._mean)

    @contextmanager
    def slot(self, name: str, lane: str = "high", *, patient: bool = True, stream: bool = False) -> Iterator[None]:
        """Hold a place while a call runs; its lane has a share of the limit, and an impatient one tells nothing by being late.

        A stream takes as long as its client reads, and tells nothing by its length.

        Raises:
            ProblemError: there is none.

        """
        self.check(name, lane)
        self.running += 1
        begun = time.perf_counter()
        try:
            yield
            if not stream:
                self._learn(time.perf_counter() - begun)
        except ProblemError as error:
            late = error.code == "deadline-exceeded" and patient and not isinstance(error, UnaskedError)
            if late or error.code == "overloaded":
                self._shrink()
            raise
        finally:
            self.running -= 1

    def _learn(self, seconds: float) -> None:
        self._fastest = min(self._fastest * FORGETTING, seconds)
        self._mean = seconds if not self._mean else (1 - SMOOTHING) * self._mean + SMOOTHING * seconds
        tolerated = max(TOLERATED * self._fastest, self._settings.latency_seconds)
        gradient = min(1.0, tolerated / max(self._mean, LEAST_SECONDS))
        if gradient < 1.0 or self.running >= self.limit / 2:  # a limit that nobody reaches is not raised
            self._set(gradient * self.limit + (math.sqrt(self.limit) if gradient == 1.0 else 0.0))

    def _shrink(self) -> None:
        self._set(self.limit * 0.9)

    def _set(self, limit: float) -> None:
        smoothed = (1 - SMOOTHING) * self.limit + SMOOTHING * limit
        self.limit = min(max(smoothed, self._settings.least), self._settings.most)


class Rates:
    """A bucket of tokens for each key."""

    def __init__(self, settings: Admission) -> None:
        self._settings = settings
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> None:
        """Take one token.

        Raises:
            ProblemError: there is none; it says in how many seconds there will be.

        """
        rate = self._settings.rate_per_key
        if not rate:
            return
        now = time.monotonic()
        if len(self._buckets) > MOST_KEYS:
            full = self._settings.burst_per_key / rate
            self._buckets = {one: (tokens, then) for one, (tokens, then) in self._buckets.items() if now - then < full}
        tokens, then = self._buckets.get(key, (float(self._settings.burst_per_key), now))
        tokens = min(tokens + rate * (now - then), float(self._settings.burst_per_key))
        if tokens < 1:
            self._buckets[key] = tokens, now
            wait = math.ceil((1 - tokens) / rate)
            raise ProblemError("rate-limited", f"the key may ask {rate:g} times a second", retry_after=wait)
        self._buckets[key] = tokens - 1, now
