"""A circuit for each model: when most of its calls fail it is left alone for a while, then asked once to see.

https://martinfowler.com/bliki/CircuitBreaker.html: closed, open, half-open.
"""

from __future__ import annotations

import math
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trireme.gateway.problems import ProblemError, UnaskedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.gateway.settings import Breaking

LATE = "deadline-exceeded"
FAILURES = {"unavailable", LATE}
"""What speaks against a model; a refusal, or a failure over one input, is an answer."""
SAYING_NOTHING = {"overloaded", "rate-limited"}
"""What never reached the model."""
CLOSED, HALF_OPEN, OPEN = "closed", "half-open", "open"
STATES = (CLOSED, HALF_OPEN, OPEN)
MOST_DOUBLINGS = 4


class Breaker:
    """The circuit of one model."""

    def __init__(self, settings: Breaking) -> None:
        self._settings = settings
        self._calls: deque[tuple[float, bool]] = deque()
        self._failed = 0
        self._until = 0.0
        self._openings = 0
        self._probing = False
        self.state = CLOSED

    @contextmanager
    def call(self, name: str, *, patient: bool = True) -> Iterator[None]:
        """Let a call through and note how it ended; one that is not patient says nothing by being late.

        Raises:
            ProblemError: the circuit is open; it says in how many seconds it will be tried.

        """
        probe = self._enter(name)
        code: str | None = None
        try:
            yield
            code = ""
        except ProblemError as error:
            if error.code not in SAYING_NOTHING and (error.code != LATE or (patient and not isinstance(error, UnaskedError))):
                code = error.code
            raise
        finally:
            self._leave(code, probe=probe)

    def _enter(self, name: str) -> bool:
        """Say whether the call is the one that tries a model anew."""
        if self.state == CLOSED:
            return False
        wait = self._until - time.monotonic()
        if wait > 0 or self._probing:
            raise ProblemError(
                "unavailable", f"'{name}' has failed lately and is left alone", retry_after=max(math.ceil(wait), 1)
            )
        self.state, self._probing = HALF_OPEN, True
        return True

    def _leave(self, code: str | None, *, probe: bool) -> None:
        """Note a call's problem, empty for an answer, None for what says nothing of the model."""
        failed = code in FAILURES
        if probe:
            self._probing = False
            if code is not None:
                self._open() if failed else self._close()
        elif code is not None and self.state == CLOSED:
            now = time.monotonic()
            self._calls.append((now, failed))
            self._failed += failed
            while self._calls[0][0] < now - self._settings.window_seconds:
                self._failed -= self._calls.popleft()[1]
            if len(self._calls) >= self._settings.least_calls and self._failed >= self._settings.share * len(self._calls):
                self._open()

    def _open(self) -> None:
        seconds = self._settings.open_seconds * 2 ** min(self._openings, MOST_DOUBLINGS)
        self.state, self._until, self._openings = OPEN, time.monotonic() + seconds, self._openings + 1
        self._forget()

    def _close(self) -> None:
        self.state, self._openings = CLOSED, 0
        self._forget()

    def _forget(self) -> None:
        self._calls.clear()
        self._failed = 0
