"""One request's time taken apart, from the client's clock and Triton's trace. Pure functions.

Both clocks are the machine's monotonic one (https://github.com/triton-inference-server/server/blob/main/docs/user_guide/trace.md).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RECEIVED = ("GRPC_WAITREAD_END", "HTTP_RECV_END")
SENT = ("GRPC_SEND_START", "HTTP_SEND_START")


@dataclass(frozen=True)
class Parts:
    """Milliseconds: T = network + queue + preprocessing + forward + postprocessing, and what no part accounts for.

    network is the client's own work, the wire and Triton's front; queue is all waiting for a model, the way between steps
    included; of the model that computes, handing its tensors over counts before and after it.
    """

    network: float
    queue: float
    preprocessing: float
    forward: float
    postprocessing: float
    whole: float

    @property
    def left(self) -> float:
        """Return what the parts do not add up to."""
        return self.whole - self.network - self.queue - self.preprocessing - self.forward - self.postprocessing


class Bar(NamedTuple):
    """A stretch of one request: which part it is, whose it is, and from when to when [ms] since the client began."""

    part: str
    name: str
    begun: float
    ended: float


@dataclass(frozen=True)
class Traced:
    """A request's trace: the moments of the request itself and of each model that ran for it, in order."""

    moments: Mapping[str, int]
    models: tuple[tuple[str, Mapping[str, int]], ...]


def read(events: Iterable[Mapping[str, Any]]) -> list[Traced]:
    """Return the requests of a trace file's events, in the order in which they began.

    A model that ran alone is its own only model.
    """
    moments: dict[int, dict[str, int]] = {}
    names: dict[int, str] = {}
    parents: dict[int, int] = {}
    for event in events:
        number = int(event["id"])
        names[number] = str(event.get("model_name", names.get(number, "")))
        if "parent_id" in event:
            parents[number] = int(event["parent_id"])
        moments.setdefault(number, {}).update({row["name"]: int(row["ns"]) for row in event.get("timestamps", [])})
    found = []
    for number in sorted(set(moments) - set(parents), key=lambda one: moments[one].get("REQUEST_START", 0)):
        below = [child for child in moments if _root(child, parents) == number and _computes(child, moments, parents)]
        ordered = sorted(below, key=lambda one: moments[one]["COMPUTE_START"])
        found.append(Traced(moments[number], tuple((names[one], moments[one]) for one in ordered)))
    return found


def bars(traced: Traced, begun: int, ended: int, computing: str) -> list[Bar]:
    """Return a request's stretches from the client's begin to its end [ns]; computing names the model whose work is forward."""
    received, sent = (next(traced.moments[name] for name in known if name in traced.moments) for known in (RECEIVED, SENT))
    rows = [("network", "request", begun, received)]
    before, last, seen = True, received, False
    for name, moments in traced.models:
        start, taken, made, end = (moments[f"COMPUTE_{what}"] for what in ("START", "INPUT_END", "OUTPUT_START", "END"))
        end = max(min(end, sent), made)  # the answer may be under way before its buffers are given back
        start, taken, made = (max(one, last) for one in (start, taken, made))  # a branch beside another counts once
        rows.append(("queue", name, last, start))
        if name == computing:
            rows += [("preprocessing", name, start, taken), ("forward", name, taken, made), ("postprocessing", name, made, end)]
            before = False
        else:
            rows.append(("preprocessing" if before else "postprocessing", name, start, end))
        last, seen = max(end, last), True
    rows.append(("network", "answer", sent if seen else received, ended))
    return [Bar(part, name, (one - begun) / 1e6, (two - begun) / 1e6) for part, name, one, two in rows]


def total(rows: Sequence[Bar], whole: float) -> Parts:
    """Return the parts of a request that took `whole` milliseconds."""
    sums = {field.name: 0.0 for field in fields(Parts)}
    for row in rows:
        sums[row.part] += max(row.ended - row.begun, 0.0)
    return Parts(**{**sums, "whole": whole})


def middle(found: Sequence[Parts]) -> Parts:
    """Return the means over the middle four fifths by whole time: means of parts add up as the parts do."""
    ordered = sorted(found, key=lambda one: one.whole)
    kept = ordered[len(ordered) // 10 : len(ordered) - len(ordered) // 10] or ordered
    return Parts(**{field.name: sum(getattr(one, field.name) for one in kept) / len(kept) for field in fields(Parts)})


def _computes(number: int, moments: Mapping[int, Mapping[str, int]], parents: Mapping[int, int]) -> bool:
    """Say whether a model computed, and not while another did that asked it."""
    above = parents.get(number)
    return "COMPUTE_START" in moments[number] and (above is None or "COMPUTE_START" not in moments.get(above, {}))


def _root(number: int, parents: Mapping[int, int]) -> int:
    while number in parents:
        number = parents[number]
    return number
