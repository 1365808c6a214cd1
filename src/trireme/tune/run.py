"""A tuning from beginning to end: calibrate, simulate, verify, write what was found and why."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trireme import built
from trireme.errors import CallError, TuneError, ValueRefusedError, WiringError
from trireme.examples import read_examples
from trireme.lock import LOCK, Lock
from trireme.machine import Machine
from trireme.plan import TREE
from trireme.spec import NAME, Ensemble
from trireme.tune import costs, evidence, source, together
from trireme.tune.knobs import Knobs, choices
from trireme.tune.live import Live
from trireme.tune.search import LONG, Found, Simulation, Trace, search
from trireme.tune.verify import Verifier, best_of, candidates, lucky, str_of, verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.arrays import Array
    from trireme.discover import Sources
    from trireme.spec import Model
    from trireme.tune.costs import Costs
    from trireme.tune.search import Setting
    from trireme.tune.show import Show
    from trireme.tune.verify import Measured

LOG = ".trireme/tune.log"
WAYS = ("as an ensemble", "in one process")
"""How a pipeline can be served."""
POINTS = 10
REQUESTS = 4000


@dataclass(frozen=True)
class Asked:
    """What a tuning is asked for: a unit, its p99 goal [ms], the variant's name, recorded arrivals [s] or Poisson's."""

    unit: str
    goal: float
    variant: str
    arrivals: Array | None = None
    points: int = POINTS


@dataclass(frozen=True)
class Tuned:
    """What a tuning found; ranked are the simulated settings, the best first, and now is the setting it began with.

    together has the versions of the members of a pipeline in one process; beside is what was not taken of its other way.
    """

    asked: Asked
    machine: Machine
    chosen: Measured
    points: tuple[Measured, ...]
    ranked: tuple[Found, ...]
    now: Setting
    costs: Costs
    simulated: int
    together: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[Mapping[str, str], ...] = ()

    @property
    def way(self) -> str:
        """Return how a pipeline is served so."""
        return WAYS[bool(self.together)]


def tune(sources: Sources, asked: Asked, show: Show) -> tuple[Tuned, Simulation]:
    """Tune a unit of a built repository on this machine; return it and the simulation behind it. Nothing is written.

    A pipeline is tuned as an ensemble and, where it can be, in one process; the way that takes more requests is returned.

    Raises:
        TuneError: no setting keeps the goal, or the unit cannot be tuned.
        MissingSourceError, ServerError: it is not built, or Triton refused it.

    """
    unit = _unit(sources, asked)
    if not isinstance(unit, Ensemble):
        return _tune(sources, asked, sources.root / TREE, show)
    (sources.root / LOG).parent.mkdir(exist_ok=True)
    found: list[tuple[Tuned, Simulation]] = []
    refused: dict[str, TuneError | WiringError] = {}
    with tempfile.TemporaryDirectory(prefix="tune-", dir=sources.root / Path(LOG).parent) as other:
        for way, tree in zip(WAYS, (sources.root / TREE, Path(other)), strict=True):
            show.way = f"{way}: "
            try:
                versions = together.lay_out(sources, unit, asked.variant, tree) if way == WAYS[1] else {}
                tuned, simulation = _tune(sources, asked, tree, show)
                found.append((replace(tuned, together=versions), simulation))
            except (TuneError, WiringError) as error:
                refused[way] = error
    if not found:
        raise refused[WAYS[0]]
    found.sort(key=lambda one: -one[0].chosen.point.throughput)
    (best, simulation), rest = found[0], found[1:]
    beside = [{"knobs": way, "why": str(error)} for way, error in refused.items()]
    beside += [{"knobs": f"{one.way}: {str_of(one.chosen.setting)}", "why": _less(one.chosen, best.chosen)} for one, _ in rest]
    return replace(best, beside=tuple(beside)), simulation


def _tune(sources: Sources, asked: Asked, tree: Path, show: Show) -> tuple[Tuned, Simulation]:
    machine = Machine.here()
    with Live(tree, asked.unit, sources.root / LOG, asked.variant) as live:
        simulation = calibrate(live, sources, asked, machine, show)
        return choose(live, simulation, asked, machine, show), simulation


def calibrate(live: Live, sources: Sources, asked: Asked, machine: Machine, show: Show) -> Simulation:
    """Measure what the unit costs with its examples; return its simulation.

    Raises:
        TuneError: it cannot be tuned.

    """
    _check(live, sources)
    show.begin("calibrating")
    live.load({})
    batched = live.config.max_batch_size > 0
    samples = [
        {name: array[None] if batched else array for name, array in example.inputs.items()}
        for example in read_examples(sources.unit(asked.unit).folder, live.config)
    ]
    stages = live.stages(samples)
    try:
        found = costs.measure(live, stages, machine.cores, longest=asked.goal / 1e3, watch=show.say)
    except CallError as error:
        said = f"an example was not answered: {error}"
        raise TuneError(asked.unit, said, "mend examples.json; what asks other models of the server cannot be tuned") from None
    return Simulation(stages, found, machine.cores, _trace(asked, len(samples)))


def choose(live: Live, simulation: Simulation, asked: Asked, machine: Machine, show: Show) -> Tuned:
    """Simulate every setting, and verify the best few on the server.

    Raises:
        TuneError: none keeps the goal.

    """
    now = {stage.name: Knobs.of(stage.config) for stage in simulation.stages}
    show.begin("simulating")
    ranked = search(simulation, now, asked.goal, machine.cores, show.count)
    if not ranked:
        raise _hopeless(asked, simulation, now, machine.cores)
    show.begin("verifying")
    verifier = Verifier(live, simulation, asked.goal)
    began = simulation.best_rate(now, asked.goal, LONG)
    tried = candidates(ranked) + ([Found(now, began)] if began else [])  # a variant must not be slower than what there was
    chosen = verify(verifier, tried, asked.points, show.say)
    if chosen is None:
        least = min((one for one in verifier.points if one.point.kept), key=lambda one: one.point.p99, default=None)
        found = f"{least.point.p99:.1f} ms at {least.point.offered:.0f} requests/s" if least else "nothing: no rate was kept"
        best = f"the best measured is {found}"
        raise TuneError(asked.unit, f"no setting keeps p99 <= {asked.goal:g} ms; {best}", "raise the goal")
    count = sum(1 for stage in simulation.stages for _ in choices(stage.config, machine.cores, asked.goal * 500))
    return Tuned(asked, machine, chosen, tuple(verifier.points), tuple(ranked), now, simulation.costs, count)


def write(sources: Sources, tuned: Tuned) -> Iterator[str]:
    """Write the variant and its evidence for each model of the unit, or for a pipeline in one process; yield what was done.

    A variant of the pipeline in one process goes where the ensemble takes more requests: both cannot have one name.
    """
    variant, unit = tuned.asked.variant, sources.unit(tuned.asked.unit)
    writings = list(_writings(sources, tuned))
    if isinstance(unit, Ensemble) and not tuned.together and source.forget(unit.folder, variant):
        yield f"took [variants.{variant}] out of {unit.place}: as an ensemble it takes more requests"
    for folder, table, found in writings:
        source.write(folder, variant, table, found)
    yield f"wrote [variants.{variant}] of {', '.join(tuned.chosen.setting)}; serve it: --model-config-name={variant}"


def _writings(sources: Sources, tuned: Tuned) -> Iterator[tuple[Path, dict[str, Any], dict[str, Any]]]:
    """Yield each folder with its variant's table and its evidence."""
    lock = Lock.read(sources.root / TREE / LOCK)
    for stage in tuned.costs.stages:
        unit, knobs = sources.unit(stage.name), tuned.chosen.setting[stage.name]
        version = 1 if isinstance(unit, Ensemble) else unit.versions[-1].number
        found = _evidence(tuned, stage.name, knobs) | {
            "version": version,
            "artefact": lock.artefact(stage.name, version) if not tuned.together else lock.artefacts(tuned.together),
            "batch_times_us": [list(row) for row in stage.measured],
        }
        table = knobs.table(built.config(sources.root / TREE, stage.name))
        yield unit.folder, ({"one_process": True} if tuned.together else {}) | table, found


def _unit(sources: Sources, asked: Asked) -> Model | Ensemble:
    """Return what is tuned; refuse a variant that cannot be one."""
    unit = sources.unit(asked.unit)
    if not NAME.fullmatch(asked.variant):
        raise ValueRefusedError("--name", asked.variant, "a name is a small letter, then small letters, digits, _ or -")
    return unit


def _check(live: Live, sources: Sources) -> None:
    if len(set(live.members)) < len(live.members):
        raise TuneError(live.unit, "a model stands in it twice", "tune the model by itself")
    for name, config in live.configs.items():
        if config.model_transaction_policy.decoupled:
            raise TuneError(name, "it is decoupled: it has no one answer to be fast with", "tune what it calls")
        if config.HasField("sequence_batching"):
            raise TuneError(name, "it batches sequences, which no rule here knows", "tune its instances by hand")
        if config.HasField("ensemble_scheduling"):
            raise TuneError(live.unit, f"its step {name} is a pipeline", "tune that by itself")
        if len(config.instance_group) > 1:
            raise TuneError(name, "it has several instance groups", "tune it by hand, or state one")
        for model in (one for one in sources.models if one.name == name):  # a pipeline in one process is none
            if not (sources.root / TREE / name / str(model.versions[-1].number)).is_dir():
                raise TuneError(name, f"version {model.versions[-1].number} is not built", "run `make repo` first")


def _trace(asked: Asked, kinds: int) -> Trace:
    if asked.arrivals is None:
        return Trace.poisson(REQUESTS, kinds)
    return Trace.recorded(asked.arrivals, kinds)


def _hopeless(asked: Asked, simulation: Simulation, now: Setting, cores: int) -> TuneError:
    """Return the refusal of a goal that nothing keeps, with the best there is at one request a second."""
    stage = simulation.stages[simulation.heaviest]
    every = [{**now, stage.name: knobs} for knobs in choices(stage.config, cores, 0)]
    best = min(every, key=lambda setting: simulation.at(setting, 1.0, 200).p99)
    p99 = simulation.at(best, 1.0, 200).p99
    found = f"no setting keeps p99 <= {asked.goal:g} ms; the best is {p99:.1f} ms for lone requests, with {str_of(best)}"
    return TuneError(asked.unit, found, "raise the goal, or make the model faster")


def _evidence(tuned: Tuned, name: str, knobs: Knobs) -> dict[str, Any]:
    points = [
        {
            "knobs": str_of(one.setting),
            "offered": one.point.offered,
            "throughput": one.point.throughput,
            "p50_ms": one.point.p50 if isfinite(one.point.p50) else None,
            "p99_ms": one.point.p99 if one.point.failed == 0 else None,
            "failed": one.point.failed,
            "kept_rate": one.point.kept,
            "simulated_p99_ms": round(one.expected.p99, 3),
            "simulated_throughput": round(one.expected.throughput, 2),
        }
        for one in tuned.points
    ]
    return {
        "format": evidence.FORMAT,
        "model": name,
        "unit": tuned.asked.unit,
        "goal_p99_ms": tuned.asked.goal,
        "machine": tuned.machine.to_json(),
        "date": datetime.now(tz=timezone.utc).date().isoformat(),
        "chosen": {
            "knobs": str(knobs),
            "throughput": tuned.chosen.point.throughput,
            "p99_ms": tuned.chosen.point.p99,
        },
        "points": points,
        "rejected": rejected(tuned),
        "simulated": tuned.simulated,
        "calibrated": sum(len(stage.measured) for stage in tuned.costs.stages),
        "front_us": round(tuned.costs.front, 1),
        "speed_of_all_cores": round(tuned.costs.shared, 3),
    }


def rejected(tuned: Tuned) -> list[dict[str, str]]:
    """Return the settings that were not taken, each with its reason."""
    rows = [dict(row) for row in tuned.beside]
    for setting in {str_of(one.setting): one.setting for one in tuned.points}.values():
        if setting == tuned.chosen.setting:
            continue
        points = [one for one in tuned.points if one.setting == setting]
        held = best_of(points)
        missed = "it missed the goal at each rate" if any(one.missed for one in points) else "the generator fell behind"
        why = _less(held, tuned.chosen) if held else missed
        if held and lucky(held, points):
            why = f"it kept the goal by luck at {held.point.throughput:.0f} requests/s: it missed it there or below as often"
        rows.append({"knobs": str_of(setting), "why": f"measured: {why}"})
    measured = [one.setting for one in tuned.points]
    for found in tuned.ranked:
        if found.setting not in measured and len(rows) < POINTS:
            rate = found.expected.rate
            rows.append({"knobs": str_of(found.setting), "why": f"simulated: keeps the goal to {rate:.0f} requests/s"})
    return rows


def _less(held: Measured, best: Measured) -> str:
    return f"it kept the goal to {held.point.throughput:.0f} requests/s, not {best.point.throughput:.0f}"
