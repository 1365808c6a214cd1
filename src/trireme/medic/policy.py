"""What to do for a model, from what its canaries said: a pure state, told the time.

A stub that died is reloaded at once: Triton says so in words. A canary that is not answered for a minute, while nobody else is
answered either, is taken for a hang and reloaded, too; until then the model may be busy with something long. Other failures are
shown and left: no reload cures a wrong answer. A model that was reloaded too often in a window is put into quarantine, where it
is unloaded; after the quarantine one reload is tried.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum


class Finding(Enum):
    """What a look at a model found."""

    ANSWERED = "answered"
    DEAD = "dead"
    """Its stub died, or it is not loaded though it should be."""
    LATE = "late"
    WRONG = "wrong"
    """It answered something else than its example says, or an error of its own."""


class Action(Enum):
    """What is to be done."""

    NOTHING = "nothing"
    RELOAD = "reload"
    QUARANTINE = "quarantine"


@dataclass(frozen=True)
class Rules:
    """When to act, in seconds and counts."""

    hang: float = 60.0
    """How long a canary may wait, while nothing is answered, before it is a hang."""
    deaths: int = 3
    """Reloads in the window before a quarantine."""
    window: float = 600.0
    quarantine: float = 1800.0
    grace: float = 10.0
    """How long a model may not answer before the whole pod counts as not ready: a reload takes less."""


@dataclass
class Patient:
    """One model's state."""

    name: str
    rules: Rules = field(default_factory=Rules)
    seen: bool = False
    """Whether it ever answered."""
    finding: Finding | None = None
    reason: str = ""
    ill_since: float | None = None
    quarantined_until: float | None = None
    late_since: float | None = None
    reloads: deque[float] = field(default_factory=deque)

    @property
    def healthy(self) -> bool:
        """Return whether it answered rightly, or may be busy with something long."""
        return self.seen and self.ill_since is None

    @property
    def quarantined(self) -> bool:
        """Return whether it is left alone."""
        return self.quarantined_until is not None

    def ready(self, now: float) -> bool:
        """Say whether it keeps its pod ready: it answers, or has not answered for a short time only, or is left alone."""
        if self.quarantined:
            return True
        return self.seen and (self.ill_since is None or now - self.ill_since < self.rules.grace)

    def due(self, now: float) -> bool:
        """Say whether it is to be asked: a quarantined one is not, until its time is up."""
        return self.quarantined_until is None or now >= self.quarantined_until

    def look(self, now: float, finding: Finding, reason: str = "") -> Action:
        """Note what a look found, and return what is to be done."""
        trying_again = self.quarantined_until is not None
        self.finding, self.reason = finding, reason
        if finding is Finding.ANSWERED:
            self.seen, self.ill_since, self.late_since, self.quarantined_until = True, None, None, None
            return Action.NOTHING
        if finding is Finding.LATE:
            self.late_since = now if self.late_since is None else self.late_since
            if now - self.late_since < self.rules.hang:
                return Action.NOTHING
        self.ill_since = now if self.ill_since is None else self.ill_since
        if finding is Finding.WRONG:
            return Action.NOTHING
        return self._reload(now, trying_again=trying_again)

    def _reload(self, now: float, *, trying_again: bool) -> Action:
        """Allow a reload while there were few, and one after each quarantine."""
        while self.reloads and now - self.reloads[0] > self.rules.window:
            self.reloads.popleft()
        if len(self.reloads) >= self.rules.deaths and not trying_again:
            self.quarantined_until = now + self.rules.quarantine
            return Action.QUARANTINE
        self.quarantined_until = None
        self.late_since = None
        self.ill_since = now if trying_again else self.ill_since  # the grace of a reload begins anew
        self.reloads.append(now)
        return Action.RELOAD
