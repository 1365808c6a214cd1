"""Where the time of one request went, from its spans: gateway, network, queue, preprocess, forward, postprocess."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trireme.gateway.traces import REQUEST

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trireme.gateway.traces import Span

PARTS = ("gateway", "network", "queue", "preprocess", "forward", "postprocess")
FORWARD = "forward"
"""The attribute of a request's own span that names the models which are no Python code."""
UNSEEN = "unseen"
"""What a call took of which Triton sent no span."""
CALL = "triton"
"""The gateway's span of one call."""
MODEL = "triton.model_name"
ANSWERED = "INFER_RESPONSE_COMPLETE"
"""When Triton has the answer; models tidy up after it, in nobody's time."""


def parts(spans: Sequence[Span]) -> dict[str, float]:
    """Return the milliseconds of each part.

    In an ensemble, what is computed before the first model that is no Python code is preprocessing, behind the last one
    postprocessing; a model alone has its copies of inputs and outputs there.
    network is what a call took beyond the model's own span: serialising, the wire, Triton's front end.
    """
    found = dict.fromkeys(PARTS, 0.0)
    children: dict[str, list[Span]] = {one.span_id: [] for one in spans}
    for one in spans:
        children.setdefault(one.parent_id, []).append(one)
    root = next((one for one in spans if one.attributes.get(REQUEST)), None)
    forwards = root.attributes.get(FORWARD, ()) if root is not None else ()
    calls = [one for one in spans if one.name == CALL]
    for call in calls:
        front = children[call.span_id]
        if not front:
            found[UNSEEN] = found.get(UNSEEN, 0.0) + call.ms
            continue
        done = min([call.ended, *(dict(one.events).get(ANSWERED, call.ended) for one in front)])
        models = [model for one in front for model in children[one.span_id] if MODEL in model.attributes]
        found["network"] += call.ms - sum((min(model.ended, done) - model.begun) / 1e6 for model in models)
        for model in models:
            _add(found, _steps(model, children, done), forwards)
    if root is not None:
        found["gateway"] = root.ms - sum(call.ms for call in calls)
    return found


def header(found: dict[str, float]) -> str:
    """Return a Server-Timing header (https://www.w3.org/TR/server-timing/)."""
    return ", ".join(f"{name};dur={value:.3f}" for name, value in found.items())


def _steps(model: Span, children: dict[str, list[Span]], done: int) -> list[tuple[Span, Span]]:
    """Return (model, its computing until the answer) of each model that computed, in order; an ensemble has none of its own."""
    own = [(model, replace(one, ended=min(one.ended, done))) for one in children[model.span_id] if one.name == "compute"]
    below = [one for one in children[model.span_id] if MODEL in one.attributes]
    own += [step for one in below for step in _steps(one, children, done)]
    return sorted(own, key=lambda step: step[1].begun)


def _add(found: dict[str, float], steps: list[tuple[Span, Span]], forwards: Collection[str]) -> None:
    names = [str(model.attributes[MODEL]) for model, _ in steps]
    first = next((number for number, name in enumerate(names) if name in forwards), 0)
    last = max((number for number, name in enumerate(names) if name in forwards), default=len(names) - 1)
    for number, (model, compute) in enumerate(steps):
        times = dict(model.events)
        found["queue"] += max(compute.begun - times.get("QUEUE_START", compute.begun), 0) / 1e6
        if len(steps) == 1:
            found["preprocess"] += compute.between("COMPUTE_START", "COMPUTE_INPUT_END")
            found["forward"] += compute.between("COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START")
            found["postprocess"] += compute.between("COMPUTE_OUTPUT_START", "COMPUTE_END")
        else:
            found["preprocess" if number < first else "postprocess" if number > last else "forward"] += compute.ms
