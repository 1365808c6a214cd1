"""A tuning from beginning to end: calibrate, simulate, verify, write what was found and why. `ways` does it for a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from trireme import modelconfig
from trireme.errors import CallError, GoalError, TuneError, ValueRefusedError
from trireme.examples import read_examples
from trireme.lock import LOCK, Lock
from trireme.machine import Machine
from trireme.plan import TREE
from trireme.spec import NAME, Ensemble
from trireme.tune import costs, edges, evidence, source
from trireme.tune.knobs import Knobs, choices
from trireme.tune.live import Live
from trireme.tune.search import LONG, Found, Simulation, Trace, search
from trireme.tune.verify import Verifier, best_of, candidates, lucky, str_of, verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.arrays import Array
    from trireme.discover import Sources
    from trireme.spec import Model
    from trireme.tune.costs import Costs
    from trireme.tune.edges import Lengths
    from trireme.tune.search import Setting
    from trireme.tune.show import Show
    from trireme.tune.verify import Measured

LOG = ".trireme/tune.log"
POINTS = 10
REQUESTS = 4000


@dataclass(frozen=True)
class Asked:
    """What a tuning is asked for: a unit, its p99 goal [ms], the variant's name, recorded arrivals [s] or Poisson's.

    texts are asked in place of the unit's examples; lengths are what its models pad to instead of their own.
    """

    unit: str
    goal: float
    variant: str
    arrivals: Array | None = None
    points: int = POINTS
    texts: tuple[str, ...] = ()
    lengths: Lengths = ()


@dataclass(frozen=True)
class Tuned:
    """What a tuning found; ranked are the simulated settings, the best first, and now is the setting it began with.

    tables are the chosen knobs in each model's config. together has the models of a pipeline in one process, with their
    versions; beside is what was not taken of its other way, outdone says that the other was measured and takes fewer requests.
    """

    asked: Asked
    machine: Machine
    chosen: Measured
    points: tuple[Measured, ...]
    ranked: tuple[Found, ...]
    now: Setting
    costs: Costs
    simulated: int
    tables: Mapping[str, Mapping[str, Any]]
    together: tuple[tuple[str, int], ...] = ()
    beside: tuple[Mapping[str, str], ...] = ()
    outdone: bool = False

    @property
    def was(self) -> str:
        """Return the setting it began with for people."""
        return str_of(self.now) if self.now else "an ensemble"


def tune(sources: Sources, asked: Asked, tree: Path, log: Path, show: Show) -> tuple[Tuned, Simulation]:
    """Tune a model or an ensemble of a tree on this machine; return it and the simulation behind it. Nothing is written.

    Raises:
        TuneError: no setting keeps the goal, or the unit cannot be tuned.
        MissingSourceError, ServerError: it is not built, or Triton refused it.

    """
    machine = Machine.here()
    with Live(tree, asked.unit, log, asked.variant, asked.lengths) as live:
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
    samples = _samples(live.config, sources, asked)
    stages = live.stages(samples)
    try:
        found = costs.measure(live, stages, machine.cores, longest=asked.goal / 1e3, watch=show.say)
    except CallError as error:
        said, where = f"an example was not answered: {error}", "the texts" if asked.texts else "examples.json"
        raise TuneError(asked.unit, said, f"mend {where}; what asks other models of the server cannot be tuned") from None
    return Simulation(stages, found, machine.cores, _trace(asked, len(samples)))


def _samples(config: ModelConfig, sources: Sources, asked: Asked) -> list[dict[str, Array]]:
    """Return the inputs of each kind of request, a row each: the texts, or the unit's examples."""
    if not asked.texts:
        rows = [dict(example.inputs) for example in read_examples(sources.unit(asked.unit).folder, config)]
    elif [tensor.data_type for tensor in modelconfig.inputs(config)] == ["TYPE_STRING"]:
        (text,) = config.input
        rows = [{text.name: np.full([1] * len(text.dims), one.encode(), object)} for one in asked.texts]
    else:
        raise TuneError(asked.unit, "it does not take one input of strings", "leave the texts out: its examples are asked")
    return [{name: array[None] if config.max_batch_size else array for name, array in row.items()} for row in rows]


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
        raise GoalError(asked.unit, f"no setting keeps p99 <= {asked.goal:g} ms; {best}", "raise the goal")
    count = sum(1 for stage in simulation.stages for _ in choices(stage.config, machine.cores, asked.goal * 500))
    tables = {stage.name: chosen.setting[stage.name].table(stage.config) for stage in simulation.stages}
    return Tuned(asked, machine, chosen, tuple(verifier.points), tuple(ranked), now, simulation.costs, count, tables)


def write(sources: Sources, tuned: Tuned) -> list[str]:
    """Write the variant and its evidence for each model of the unit, or for a pipeline in one process; return what was done.

    A pipeline's variant in one process goes where the ensemble takes more requests: both cannot have one name.
    """
    variant, unit = tuned.asked.variant, sources.unit(tuned.asked.unit)
    for folder, table, found in list(_writings(sources, tuned)):
        source.write(folder, variant, table, found)
    done = [f"wrote [variants.{variant}] of {', '.join(tuned.chosen.setting)}; serve it: --model-config-name={variant}"]
    for model, lengths in tuned.asked.lengths:
        table = {"parameters": {edges.PARAMETER: {"string_value": lengths}}}
        source.write_variant(sources.unit(model).folder, variant, table, f"why: trireme why {unit.name}")
    if tuned.asked.lengths:
        done.append(f"wrote {edges.PARAMETER} into it: {edges.told(tuned.asked.lengths)}")
    if isinstance(unit, Ensemble) and not tuned.together and variant in unit.variants:
        if tuned.outdone:
            source.forget(unit.folder, variant)
            done.append(f"took [variants.{variant}] out of {unit.place}: as an ensemble it takes more requests")
        else:
            done.append(
                f"left [variants.{variant}] in {unit.place}, which serves it in one process: that could not be measured"
            )
    return done


def _writings(sources: Sources, tuned: Tuned) -> Iterator[tuple[Path, dict[str, Any], dict[str, Any]]]:
    """Yield each folder with its variant's table and its evidence."""
    lock = Lock.read(sources.root / TREE / LOCK)
    for stage in tuned.costs.stages:
        unit, knobs = sources.unit(stage.name), tuned.chosen.setting[stage.name]
        version = 1 if isinstance(unit, Ensemble) else unit.versions[-1].number
        members = {"members": dict(tuned.together)} if tuned.together else {}
        found = _evidence(tuned, stage.name, knobs) | members | {
            "version": version,
            "artefact": lock.artefacts(tuned.together) if tuned.together else lock.artefact(stage.name, version),
            "batch_times_us": [list(row) for row in stage.measured],
        }  # fmt: skip
        yield unit.folder, ({"one_process": True} if tuned.together else {}) | dict(tuned.tables[stage.name]), found


def named(sources: Sources, asked: Asked) -> Model | Ensemble:
    """Return what is tuned.

    Raises:
        ValueRefusedError, TriremeError: the variant cannot be one; there is no such unit.
        TuneError: the tree has another variant of the name than the sources.

    """
    unit = sources.unit(asked.unit)
    if not NAME.fullmatch(asked.variant):
        raise ValueRefusedError("--name", asked.variant, "a name is a small letter, then small letters, digits, _ or -")
    members = {step.model for step in unit.steps} if isinstance(unit, Ensemble) else set()
    units: tuple[Model | Ensemble, ...] = (*sources.models, *sources.ensembles)
    for one in units:
        there = (sources.root / TREE / one.name / "configs" / f"{asked.variant}.pbtxt").is_file()
        if one.name in members | {unit.name} and there != (asked.variant in one.variants):
            raise TuneError(one.place, f"variants.{asked.variant} is not what is built", "run `make repo` first")
    return unit


def _check(live: Live, sources: Sources) -> None:
    if len(set(live.members)) < len(live.members):
        raise TuneError(live.unit, "a model stands in it twice", "tune the model by itself")
    pipelines = {one.name for one in sources.ensembles} - {live.unit}
    for name, config in live.configs.items():
        if config.model_transaction_policy.decoupled:
            raise TuneError(name, "it is decoupled: it has no one answer to be fast with", "tune what it calls")
        if config.HasField("sequence_batching"):
            raise TuneError(name, "it batches sequences, which no rule here knows", "tune its instances by hand")
        if name in pipelines:
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


def _hopeless(asked: Asked, simulation: Simulation, now: Setting, cores: int) -> GoalError:
    """Return the refusal of a goal that nothing keeps, with the best there is at one request a second."""
    stage = simulation.stages[simulation.heaviest]
    every = [{**now, stage.name: knobs} for knobs in choices(stage.config, cores, 0)]
    best = min(every, key=lambda setting: simulation.at(setting, 1.0, 200).p99)
    p99 = simulation.at(best, 1.0, 200).p99
    found = f"no setting keeps p99 <= {asked.goal:g} ms; the best is {p99:.1f} ms for lone requests, with {str_of(best)}"
    return GoalError(asked.unit, found, "raise the goal, or make the model faster")


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
        "lengths": dict(tuned.asked.lengths),
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
        why = less(held, tuned.chosen) if held else missed
        if held and lucky(held, points):
            why = f"it kept the goal by luck at {held.point.throughput:.0f} requests/s: it missed it there or below as often"
        rows.append({"knobs": str_of(setting), "why": f"measured: {why}"})
    measured = [one.setting for one in tuned.points]
    for found in tuned.ranked:
        if found.setting not in measured and len(rows) < POINTS:
            rate = found.expected.rate
            rows.append({"knobs": str_of(found.setting), "why": f"simulated: keeps the goal to {rate:.0f} requests/s"})
    return rows


def less(held: Measured, best: Measured) -> str:
    """Return why a point that kept the goal was not taken."""
    return f"it kept the goal to {held.point.throughput:.0f} requests/s, not {best.point.throughput:.0f}"
