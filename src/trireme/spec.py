"""A model and a pipeline as their sources state them: frozen, checked at construction, nothing built yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trireme import kinds, modelconfig
from trireme.engines import recipe
from trireme.errors import MissingSourceError, UnknownKeyError, ValueRefusedError
from trireme.latency import goal
from trireme.lint import settings
from trireme.lint.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from trireme.engines.recipe import Recipe
    from trireme.latency.goal import Goal

    Table = Mapping[str, Any]

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
NUMBER = re.compile(r"[1-9][0-9]*")
NOT_SHIPPED = frozenset({"README.md", "examples.json", "model.toml", "train.py", "data.py", "gate.py"})
NOT_SHIPPED_FOLDERS = frozenset({"data", "tuning", "examples", "versions", "__pycache__"})
"""Training, measuring and describing a model never changes its bytes; everything else in its folder is source."""


@dataclass(frozen=True)
class Version:
    """One version of a model: the folder its sources lie in and what its artefact has to satisfy."""

    model: str
    number: int
    folder: Path
    packages: tuple[str, ...] = ()
    reproducible: bool = True
    gate: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a version that nothing can be built from."""
        if not (self.exports or self.infers):
            remedy = "write export.py (export(out: Path) -> None) or infer.py (infer(*, <input>) -> dict of outputs)"
            raise MissingSourceError(self.place, "export.py or infer.py", remedy)

    @property
    def place(self) -> str:
        """Name the folder that errors point at."""
        inside = f"/versions/{self.number}" if self.folder.parent.name == "versions" else ""
        return f"models/{self.model}{inside}"

    @property
    def exports(self) -> bool:
        """Say whether export.py writes files into the version folder."""
        return (self.folder / "export.py").is_file()

    @property
    def infers(self) -> bool:
        """Say whether infer.py is served by the python backend."""
        return (self.folder / "infer.py").is_file()

    def sources(self) -> tuple[Path, ...]:
        """Return the files that decide the version's bytes, sorted."""
        return tuple(sorted(self._sources()))

    def _sources(self) -> Iterator[Path]:
        for path in self.folder.rglob("*"):
            relative = path.relative_to(self.folder)
            top = relative.parts[0]
            if path.is_file() and top not in NOT_SHIPPED | NOT_SHIPPED_FOLDERS and "__pycache__" not in relative.parts:
                yield path


@dataclass(frozen=True)
class Model:
    """One model: models/<name>/model.toml with the versions it serves, the newest last."""

    name: str
    folder: Path
    versions: tuple[Version, ...]
    config: Table
    variants: Mapping[str, Table]
    gate_reads: tuple[str, ...] = ()
    """Other models whose files gate.py reads: when they change, it measures again."""
    lint: Settings = field(default_factory=Settings)
    engine: Recipe | None = None
    """How TensorRT engines are built from the newest version; None for a model that has none."""
    latency: Goal | None = None

    @property
    def place(self) -> str:
        """Name the file that errors point at."""
        return f"models/{self.name}/model.toml"

    @property
    def buckets(self) -> tuple[int, ...]:
        """Return the lengths that the model pads to; none when it has no parameter that says them."""
        parameter = self.config.get("parameters", {}).get("buckets", {})
        return tuple(int(length) for length in parameter.get("string_value", "").split(",") if length.strip().isdigit())

    @classmethod
    def from_table(cls, folder: Path, table: Table) -> Model:
        """Read model.toml.

        Raises:
            SourceError: a key or value is not one that model.toml can have.

        """
        place = f"models/{folder.name}/model.toml"
        _check_name(folder.name, place)
        _check_keys(
            table,
            ("version", "versions", *VERSION_KEYS, "gate_reads", "config", "variants", "lint", "engine", "latency"),
            place,
        )
        number = table.get("version")
        if type(number) is not int or number < 1:
            raise ValueRefusedError(f"{place}: version", number, "it is a whole number from 1")
        for key in ("versions", "config", "variants"):
            kinds.table(table.get(key, {}), f"{place}: {key}")
        kept = _kept_versions(folder, table.get("versions", {}), number, place)
        newest = _version(folder.name, number, folder, {k: v for k, v in table.items() if k in VERSION_KEYS}, place)
        config, variants = table.get("config", {}), table.get("variants", {})
        if config.get("name", folder.name) != folder.name:
            raise ValueRefusedError(f"{place}: config.name", config["name"], "the folder is the name; leave it out")
        modelconfig.parse(config, f"{place}: config")
        for name, variant in variants.items():
            _check_name(name, f"{place}: variants")
            modelconfig.parse(variant, f"{place}: variants.{name}", allow_newer=True)
        gate_reads = kinds.names(table.get("gate_reads", []), f"{place}: gate_reads")
        for name in gate_reads:
            if not (folder.parent / name).is_dir():
                raise MissingSourceError(f"{place}: gate_reads", f"models/{name}", "it names another model")
        lint = settings.parse(kinds.table(table.get("lint", {}), f"{place}: lint"), f"{place}: lint")
        engine = table.get("engine")
        built = None if engine is None else recipe.parse(kinds.table(engine, f"{place}: engine"), f"{place}: engine")
        return cls(folder.name, folder, (*kept, newest), config, variants, gate_reads, lint, built, _goal(table, place))


@dataclass(frozen=True)
class Step:
    """One step of a pipeline: which model, which version (-1: the newest), and tensors that change their name."""

    model: str
    version: int = -1
    input_map: Mapping[str, str] = field(default_factory=dict)
    output_map: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ensemble:
    """One pipeline: ensembles/<name>/ensemble.toml."""

    name: str
    folder: Path
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    steps: tuple[Step, ...]
    config: Table
    lint: Settings = field(default_factory=Settings)
    variants: Mapping[str, Table] = field(default_factory=dict)
    """Kinds of machine on which its steps run in one process, with what their config says beyond the pipeline's."""
    latency: Goal | None = None

    @property
    def place(self) -> str:
        """Name the file that errors point at."""
        return f"ensembles/{self.name}/ensemble.toml"

    @classmethod
    def from_table(cls, folder: Path, table: Table) -> Ensemble:
        """Read ensemble.toml.

        Raises:
            SourceError: a key or value is not one that ensemble.toml can have.

        """
        place = f"ensembles/{folder.name}/ensemble.toml"
        _check_name(folder.name, place)
        _check_keys(table, ("inputs", "outputs", "step", "config", "lint", "variants", "latency"), place)
        for key in ("inputs", "outputs", "step"):
            if not isinstance(table.get(key), list) or not table[key]:
                raise ValueRefusedError(f"{place}: {key}", table.get(key), "it is a list that holds at least one")
        config = table.get("config", {})
        modelconfig.parse(config, f"{place}: config")
        for key in sorted(DERIVED & set(config)):
            raise ValueRefusedError(f"{place}: config.{key}", config[key], "it follows from the steps; leave it out")
        steps = tuple(_step(step, f"{place}: step[{number}]") for number, step in enumerate(table["step"]))
        inputs, outputs = (kinds.names(table[key], f"{place}: {key}") for key in ("inputs", "outputs"))
        for key, names in (("inputs", inputs), ("outputs", outputs)):
            if len(set(names)) < len(names):
                raise ValueRefusedError(f"{place}: {key}", list(names), "each name stands in it once")
        lint = settings.parse(kinds.table(table.get("lint", {}), f"{place}: lint"), f"{place}: lint")
        variants = dict(_one_process(kinds.table(table.get("variants", {}), f"{place}: variants"), f"{place}: variants"))
        return cls(folder.name, folder, inputs, outputs, steps, config, lint, variants, _goal(table, place))


DERIVED = frozenset({"name", "platform", "backend", "input", "output", "ensemble_scheduling", "instance_group"})
"""What an ensemble's config cannot state: it follows from the steps, or Triton refuses it."""
VERSION_KEYS = ("packages", "reproducible", "gate")


def _goal(table: Table, place: str) -> Goal | None:
    stated = table.get("latency")
    return None if stated is None else goal.parse(kinds.table(stated, f"{place}: latency"), f"{place}: latency")


def _one_process(tables: Table, place: str) -> Iterator[tuple[str, Table]]:
    """Yield the variants of a pipeline; each says that it is in one process, as nothing else of an ensemble can vary."""
    for name, variant in tables.items():
        _check_name(name, place)
        table = dict(kinds.table(variant, f"{place}.{name}"))
        if table.pop("one_process", None) is not True:
            remedy = "an ensemble has no instances of its own; say one_process = true, and its steps run in one"
            raise ValueRefusedError(f"{place}.{name}", variant, remedy)
        for key in sorted((DERIVED - {"instance_group"} | {"max_batch_size"}) & set(table)):
            raise ValueRefusedError(f"{place}.{name}.{key}", table[key], "it follows from the steps; leave it out")
        modelconfig.parse(table, f"{place}.{name}", allow_newer=True)
        yield name, table


def _version(model: str, number: int, folder: Path, table: Table, place: str) -> Version:
    kinds.table(table, place)
    _check_keys(table, VERSION_KEYS, place)
    gate = table.get("gate", {})
    kinds.table(gate, f"{place}: gate")
    for measure, least in gate.items():
        if type(least) not in (int, float):
            raise ValueRefusedError(f"{place}: gate.{measure}", least, "it is the least value, a number")
    packages = kinds.names(table.get("packages", []), f"{place}: packages")
    reproducible = table.get("reproducible", True)
    if type(reproducible) is not bool:
        raise ValueRefusedError(f"{place}: reproducible", reproducible, "it is true or false")
    return Version(model, number, folder, packages, reproducible, gate)


def _kept_versions(folder: Path, tables: Table, newest: int, place: str) -> Iterator[Version]:
    """Yield the older versions that [versions.<n>] keeps, each from versions/<n>/."""
    present = {path.name for path in (folder / "versions").glob("*") if path.is_dir()}
    for unlisted in sorted(present - set(tables)):
        missing, remedy = f"[versions.{unlisted}]", f"say it, or remove the folder versions/{unlisted}"
        raise MissingSourceError(place, missing, remedy)
    for key, table in sorted(tables.items(), key=lambda item: int(item[0]) if NUMBER.fullmatch(item[0]) else 0):
        if not NUMBER.fullmatch(key) or int(key) >= newest:
            raise ValueRefusedError(f"{place}: versions", key, f"a kept version is a number below {newest}")
        if key not in present:
            raise MissingSourceError(place, f"the folder versions/{key}", "it holds that version's sources")
        yield _version(folder.name, int(key), folder / "versions" / key, table, f"{place}: versions.{key}")


def _step(table: Table, place: str) -> Step:
    kinds.table(table, place)
    _check_keys(table, ("model", "version", "input_map", "output_map"), place)
    if not isinstance(table.get("model"), str):
        raise ValueRefusedError(f"{place}.model", table.get("model"), "it is the name of a model")
    for key in ("input_map", "output_map"):
        for tensor, name in kinds.table(table.get(key, {}), f"{place}.{key}").items():
            if not isinstance(name, str):
                raise ValueRefusedError(f"{place}.{key}.{tensor}", name, "it is the name of a tensor")
    if type(table.get("version", -1)) is not int:
        raise ValueRefusedError(f"{place}.version", table["version"], "it is a number, -1 for the newest")
    return Step(table["model"], table.get("version", -1), table.get("input_map", {}), table.get("output_map", {}))


def _check_keys(table: Table, known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            raise UnknownKeyError(place, key, known)


def _check_name(name: str, place: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueRefusedError(place, name, "a name is a small letter, then small letters, digits, _ or -")
