"""What the built tree has to be: texts and artefacts by path, all checked before a file of the tree is touched."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from trireme import artefacts, config, contracts, modelconfig, wiring
from trireme.errors import ValueRefusedError
from trireme.examples import read_examples
from trireme.lint import settings
from trireme.lint.settings import Settings
from trireme.lock import LOCK, Lock
from trireme.oneprocess import build as oneprocess
from trireme.tune import evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.artefacts import Artefact
    from trireme.discover import Sources
    from trireme.spec import Ensemble, Model, Version

    Job = tuple[Model, Version]
    Watch = Callable[[Model, Version, bool], None]
    """Called when an artefact is begun (False) and when it is made (True); not for those that are there."""

CACHE = ".trireme/artefacts"
TREE = "model_repository"


@dataclass(frozen=True)
class Plan:
    """The tree: texts (path -> content), files (path -> file to take it from), folders that must exist though empty."""

    texts: Mapping[str, str]
    files: Mapping[str, Path]
    folders: tuple[str, ...]
    lock: Lock
    artefacts: Mapping[tuple[str, int], Artefact]


def make_plan(sources: Sources, *, relock: tuple[str, ...] = (), watch: Watch | None = None) -> Plan:
    """Check the sources, make the artefacts that are missing, and return the whole tree.

    Raises:
        SourceError: the sources cannot be built; nothing was exported if that can be known without exporting.
        BuildError: an export or a gate failed.

    """
    lock = Lock.read(sources.root / TREE / LOCK).without(relock)
    made = _make_artefacts(sources, lock, watch)
    texts: dict[str, str] = {}
    variants: dict[tuple[str, str], ModelConfig] = {}
    members: dict[str, wiring.Member] = {}
    for model in sources.models:
        found = config.configs(model, made[model.name, model.versions[-1].number])
        texts |= {f"{model.name}/{path}": modelconfig.to_text(message, model.place) for path, message in found.items()}
        variants |= {(model.name, name): found[f"configs/{name}.pbtxt"] for name in model.variants}
        members[model.name] = wiring.Member(found["config.pbtxt"], tuple(version.number for version in model.versions))
        for version in model.versions:
            artefact = made[model.name, version.number]
            _check_version(model, version, artefact, found["config.pbtxt"])
            lock = lock.publish(model, version, artefact)
    wired, in_one = _wire(sources, members, variants)
    texts |= wired
    for unit in sources.units:
        read_examples(unit.folder, members[unit.name].config)
        if unit.lint != Settings():
            texts[f"{unit.name}/{settings.FILE}"] = settings.to_text(unit.lint, f"{modelconfig.HEADER}{unit.place}")
    for model in sources.models:
        texts |= _tuned(model)
    files = {
        f"{name}/{number}/{path}": artefact.folder / path
        for (name, number), artefact in made.items()
        for path in artefact.files
    } | in_one
    folders = tuple(f"{ensemble.name}/1" for ensemble in sources.ensembles)
    return Plan({**texts, LOCK: lock.to_text()}, files, folders, lock, made)


def _wire(
    sources: Sources, members: dict[str, wiring.Member], variants: Mapping[tuple[str, str], ModelConfig]
) -> tuple[dict[str, str], dict[str, Path]]:
    """Add the pipelines to the members; return their texts, and the files by which some run in one process."""
    texts: dict[str, str] = {}
    files: dict[str, Path] = {}
    by_name = {model.name: model for model in sources.models}
    for ensemble in wiring.order(sources.ensembles):
        message = wiring.wire(ensemble, members)
        found = {"config.pbtxt": message}
        found |= {f"configs/{name}.pbtxt": oneprocess.config(ensemble, message, name) for name in ensemble.variants}
        texts |= {f"{ensemble.name}/{path}": modelconfig.to_text(one, ensemble.place) for path, one in found.items()}
        texts |= _tuned(ensemble)
        members[ensemble.name] = wiring.Member(message, (1,))
        if ensemble.variants:
            served = partial(_served, variants, members)
            made = oneprocess.files(ensemble, message, served, by_name, sources.root / oneprocess.CACHE)
            files |= {f"{ensemble.name}/1/{name}": path for name, path in made.items()}
    return texts, files


def _tuned(unit: Model | Ensemble) -> dict[str, str]:
    """Return the text beside each variant that was tuned."""
    found = {}
    for tuning in evidence.read(unit.folder):
        if tuning.variant in unit.variants:
            source = f"{unit.folder.parent.name}/{unit.name}/{evidence.FOLDER}/{tuning.variant}.json"
            text = evidence.summary(tuning, f"{modelconfig.HEADER}{source} by `make repo`")
            found[f"{unit.name}/configs/{tuning.variant}.toml"] = text
    return found


def _served(
    variants: Mapping[tuple[str, str], ModelConfig], members: Mapping[str, wiring.Member], model: str, variant: str
) -> ModelConfig:
    """Return the config that Triton reads of a model under --model-config-name=<variant>."""
    return variants.get((model, variant), members[model].config)


def _check_version(model: Model, version: Version, artefact: Artefact, served: ModelConfig) -> None:
    """Refuse a kept version that the newest's config does not fit: Triton has one config for all versions."""
    if version.infers:
        contracts.check_infer(version, served)
    own = config.configs(model, artefact)["config.pbtxt"]
    if own != served:
        rows = [", ".join(map(str, (*modelconfig.inputs(message), *modelconfig.outputs(message)))) for message in (own, served)]
        raise ValueRefusedError(version.place, rows[0], f"the newest version has {rows[1]}, and one config serves both")


def _make_artefacts(sources: Sources, lock: Lock, watch: Watch | None) -> dict[tuple[str, int], Artefact]:
    """Return every version's artefact; those that are missing are made side by side, one a core."""
    cache = sources.root / CACHE
    jobs = [(model, version) for model in sources.models for version in model.versions]
    for model, version in jobs:
        lock.check(model, version, artefacts.source_digests(version))
    ready = {(model.name, version.number): artefacts.find(model, version, cache) for model, version in jobs}

    def make(job: Job) -> Artefact:
        model, version = job
        if watch:
            watch(model, version, False)  # noqa: FBT003 - a callback's plain protocol
        artefact = artefacts.make(model, version, cache)
        if watch:
            watch(model, version, True)  # noqa: FBT003
        return artefact

    missing = [job for job in jobs if ready[job[0].name, job[1].number] is None]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        made = dict(zip(((model.name, version.number) for model, version in missing), pool.map(make, missing), strict=True))
    every = {key: artefact for key, artefact in {**ready, **made}.items() if artefact is not None}
    for model, version in jobs:
        artefacts.check_gate(model, version, every[model.name, version.number])
    return dict(sorted(every.items()))
