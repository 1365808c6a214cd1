"""What a load test does when, and how it is judged. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Scenario:
    """A load by its share of what the model takes at most, for so many seconds."""

    share: float
    seconds: float
    about: str


SCENARIOS: Mapping[str, Scenario] = {
    "smoke": Scenario(0.0, 0.0, "each example five times, one at a time"),
    "load": Scenario(0.5, 30.0, "half of what it takes, at a constant rate"),
    "stress": Scenario(1.6, 8.0, "rates in eight steps, up to the knee"),
    "spike": Scenario(0.7, 30.0, "a tenth, then at once all, then a tenth again"),
    "soak": Scenario(0.5, 1800.0, "half of what it takes, for half an hour"),
    "drain": Scenario(0.3, 10.0, "SIGTERM under a constant rate: nothing in flight is lost"),
    "overload": Scenario(5.0, 15.0, "five times what it takes: what it answers is right"),
}


@dataclass(frozen=True)
class Outcome:
    """What a run found, as the k6 script says it: counts, latencies [ms], thresholds that did not hold, steps of a stress."""

    scenario: str
    table: Mapping[str, Any]

    @property
    def counts(self) -> bool:
        """Say whether the generator kept its rate; under overload it need not, and a stress ends where it cannot."""
        return not self.table["dropped"] or self.scenario in {"overload", "stress"}

    @property
    def knee(self) -> float | None:
        """Return the highest rate of a stress that held; None when not even the first did."""
        held = None
        for step in self.table["steps"]:
            if any(f"{{scenario:{step['name']}}}" in crossed for crossed in self.table["crossed"]) or not step["answered"]:
                break
            held = float(step["rate"])
        return held

    @property
    def passed(self) -> bool:
        """Say whether all held; a stress passes by finding a knee."""
        return self.knee is not None if self.scenario == "stress" else self.counts and not self.table["crossed"]

    def lines(self) -> Iterator[str]:
        """Yield the outcome for people."""
        table = self.table
        yield (
            f"answered {table['answered']:,.0f} in {table['seconds']:.1f} s, "
            f"p50 {table['p50']:.1f} ms, p99 {table['p99']:.1f} ms; "
            f"refused {table['refused']:,.0f}, lost {table['lost']:,.0f}, wrong {table['wrong']:,.0f}, "
            f"never sent {table['dropped']:,.0f}"
        )
        for step in table["steps"]:
            if step["answered"]:
                never = f", {step['dropped']:,.0f} never sent" if step["dropped"] else ""
                yield f"  {step['rate']:,.0f} a second: p50 {step['p50']:.1f} ms, p99 {step['p99']:.1f} ms{never}"
        if table["steps"]:
            yield "no step held its goal" if self.knee is None else f"the knee: {self.knee:,.0f} a second is the last that held"
            return
        for crossed in table["crossed"]:
            yield f"did not hold: {crossed}"
        if not self.counts:
            yield "the generator could not keep its rate: this run does not count"
