"""A simulation as a picture: what arrives and what could be answered, replicas, the queue, and answers that came late."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trireme.arrays import Array
    from trireme.scaling.simulate import Replica, Run

COLOURS = ("#2f6f9f", "#b5533c", "#7a7a7a", "#5a9a5a")
POINTS = 600
"""Of a line, at most."""


def picture(runs: Sequence[Run], replica: Replica, title: str) -> str:
    """Return the picture as SVG, a colour a rule."""
    figure = Figure(figsize=(10, 9), layout="constrained")
    axes = figure.subplots(4, 1, sharex=True)
    rate = runs[0].rate
    minutes, step = _minutes(len(rate))
    axes[0].plot(minutes, _mean(rate, step), color="#333", linewidth=1, label="requests arrive")
    for run, colour in zip(runs, COLOURS, strict=False):
        name = run.rule.name
        axes[0].plot(
            minutes, _mean(run.serving * replica.capacity, step), color=colour, linewidth=1, label=f"{name} could answer"
        )
        axes[1].step(minutes, _mean(run.replicas, step), color=colour, linewidth=1, where="post", label=name)
        axes[2].plot(minutes, _most(run.queue, step), color=colour, linewidth=1, label=name)
        share = 100 * _mean(run.misses, step) / np.maximum(_mean(rate, step), 1e-9)
        axes[3].plot(minutes, share, color=colour, linewidth=1, label=f"{name}: {run.missed:.2%} in all")
        if run.away:
            axes[1].axvspan(run.away[0] / 60, run.away[1] / 60, color="#eee")
    for axis, label in zip(axes, ("a second", "replicas", "requests wait", f"% over {1000 * runs[0].slo:g} ms"), strict=True):
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
        axis.grid(visible=True, color="#ddd", linewidth=0.5)
        axis.legend(fontsize=8, loc="upper right", frameon=False)
    axes[2].set_yscale("symlog", linthresh=10)
    axes[3].set_xlabel("minutes")
    figure.suptitle(title, fontsize=11)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _minutes(seconds: int) -> tuple[Array, int]:
    step = max(seconds // POINTS, 1)
    return np.arange(seconds // step) * step / 60, step


def _mean(values: Array, step: int) -> Array:
    found: Array = values[: len(values) // step * step].reshape(-1, step).mean(axis=1)
    return found


def _most(values: Array, step: int) -> Array:
    found: Array = values[: len(values) // step * step].reshape(-1, step).max(axis=1)
    return found
