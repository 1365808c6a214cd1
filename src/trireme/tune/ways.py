"""A unit tuned in each way in which it can be served: a pipeline as an ensemble and in one process, with other lengths, too."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.errors import GoalError, ServerError, TuneError, WiringError
from trireme.plan import TREE
from trireme.spec import Ensemble
from trireme.tune import edges, run, together
from trireme.tune.search import NEARLY
from trireme.tune.verify import str_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trireme.discover import Sources
    from trireme.tune.run import Asked, Tuned
    from trireme.tune.search import Simulation
    from trireme.tune.show import Show

    Found = tuple[Tuned, Simulation]

ENSEMBLE, TOGETHER = "as an ensemble", "in one process"
LOG = ".trireme/tune-one-process.log"


def tune(sources: Sources, asked: Asked, show: Show) -> Found:
    """Tune a unit of a built repository on this machine; return it and the simulation behind it. Nothing is written.

    A pipeline is tuned as an ensemble and, where it can be, in one process; the better way then with other lengths, where a
    model of it pads. The way that takes more requests is returned.

    Raises:
        TuneError: no setting keeps the goal, or the unit cannot be tuned.
        MissingSourceError, ServerError: it is not built, or Triton refused it.

    """
    unit, tree, log = run.named(sources, asked), sources.root / TREE, sources.root / run.LOG
    if not isinstance(unit, Ensemble):
        return run.tune(sources, asked, tree, log, show)
    log.parent.mkdir(exist_ok=True)
    found: dict[str, Found] = {}
    refused: dict[str, TuneError | WiringError | ServerError] = {}

    def attempt(way: str, asked: Asked) -> None:
        name = f"{way}, {edges.told(asked.lengths)}" if asked.lengths else way
        show.way = f"{name}: "
        try:
            found[name] = (
                run.tune(sources, asked, tree, log, show) if way == ENSEMBLE else _together(sources, unit, asked, show)
            )
        except (TuneError, WiringError, ServerError) as error:
            refused[name] = error

    attempt(ENSEMBLE, asked)
    attempt(TOGETHER, asked)
    way = max(found, key=lambda way: _throughput(found[way]), default=ENSEMBLE)
    for lengths in edges.others(tree, [step.model for step in unit.steps], asked.variant):
        attempt(way, replace(asked, lengths=lengths))
    return best(asked, found, refused)


def _throughput(found: Found) -> float:
    return found[0].chosen.point.throughput


def best(asked: Asked, found: Mapping[str, Found], refused: Mapping[str, Exception]) -> Found:
    """Return the way that takes the most requests, with what was not taken of the others; other lengths have to gain clearly.

    Raises:
        TuneError, ServerError: there is none.

    """
    if not found and isinstance(refused[TOGETHER], WiringError):
        raise refused[ENSEMBLE]
    if not found:
        raise TuneError(asked.unit, f"{ENSEMBLE}: {refused[ENSEMBLE]}", f"{TOGETHER}: {refused[TOGETHER]}")
    taken = max(found, key=lambda way: _throughput(found[way]))
    stay = [way for way, (tuned, _) in found.items() if not tuned.asked.lengths]
    kept = max(stay, key=lambda way: _throughput(found[way]), default=taken)
    if _throughput(found[kept]) >= NEARLY * _throughput(found[taken]):
        taken = kept
    (tuned, simulation), rows = found[taken], []
    for way, (one, _) in found.items():
        if way != taken:
            rows.append({"knobs": f"{way}: {str_of(one.chosen.setting)}", "why": _why(one, tuned)})
    rows += [{"knobs": way, "why": str(error)} for way, error in refused.items()]
    other = ENSEMBLE if tuned.together else TOGETHER
    outdone = other in found or isinstance(refused.get(other), GoalError)
    return replace(tuned, beside=tuple(rows), outdone=outdone), simulation


def _why(one: Tuned, taken: Tuned) -> str:
    """Return why a way was not taken, though it may take hardly more requests with other lengths."""
    more = one.chosen.point.throughput > taken.chosen.point.throughput
    return run.less(one.chosen, taken.chosen) + more * ": too little to pad to other lengths for"


def _together(sources: Sources, unit: Ensemble, asked: Asked, show: Show) -> Found:
    log = sources.root / LOG
    with tempfile.TemporaryDirectory(prefix="tune-", dir=log.parent) as tree:
        members = together.lay_out(sources, unit, asked.variant, Path(tree), asked.lengths)
        tuned, simulation = run.tune(sources, asked, Path(tree), log, show)
    now = tuned.now if asked.variant in unit.variants else {}
    return replace(tuned, together=members, now=now), simulation
