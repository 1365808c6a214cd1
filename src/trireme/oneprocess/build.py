"""The variants of a pipeline as what Triton serves: a Python model's config and the files of its version folder."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

from google.protobuf import json_format

from trireme import modelconfig, pipeline
from trireme.errors import WiringError
from trireme.files import replace
from trireme.oneprocess import table
from trireme.oneprocess.members import steps_file
from trireme.oneprocess.table import RUNNER, Step
from trireme.sources import asks_others
from trireme.worker import ADAPTER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.spec import Ensemble, Model

    Configs = Callable[[str, str], ModelConfig]
    """The config of a model under a variant's name."""

CACHE = ".trireme/oneprocess"
PARAMETER = "steps"
CODE = {"model.py": ADAPTER, "infer.py": RUNNER}
"""What lies in the version folder of each such pipeline."""


def config(ensemble: Ensemble, wired: ModelConfig, variant: str) -> ModelConfig:
    """Return the config of a pipeline's variant: the tensors and parameters of the ensemble, served by the python backend."""
    whole = json_format.MessageToDict(wired, preserving_proto_field_name=True)
    base = {key: value for key, value in whole.items() if key not in {"platform", "ensemble_scheduling"}}
    own = {"backend": "python", "parameters": {PARAMETER: {"string_value": steps_file(variant)}}}
    place = f"{ensemble.place}: variants.{variant}"
    return modelconfig.parse(
        modelconfig.overlay(modelconfig.overlay(base, own), ensemble.variants[variant]), place, allow_newer=True
    )


def files(
    ensemble: Ensemble, wired: ModelConfig, configs: Configs, models: Mapping[str, Model], cache: Path
) -> dict[str, Path]:
    """Return the files of the pipeline's version folder, by name; tables are written into the cache first.

    Raises:
        WiringError: a step needs Triton.

    """
    found = dict(CODE)
    for variant in ensemble.variants:
        steps = list(_steps(ensemble, wired, variant, configs, models))
        text = table.make(steps, ensemble.outputs, batched=wired.max_batch_size > 0, threads=1)
        path = cache / ensemble.name / steps_file(variant)
        _write(path, json.dumps(text, indent=1) + "\n")
        found[path.name] = path
    return found


def is_table(path: Path) -> bool:
    """Say whether a file is a variant's table, by its name and its first key."""
    named = path.name.startswith("steps.") and path.suffix == ".json"
    return named and path.read_text(encoding="utf-8").startswith('{\n "batched":')


def _steps(
    ensemble: Ensemble, wired: ModelConfig, variant: str, configs: Configs, models: Mapping[str, Model]
) -> Iterator[Step]:
    place = f"{ensemble.place}: variants.{variant}"
    for row in pipeline.steps(wired):
        model, own = models.get(row.model_name), configs(row.model_name, variant)
        served = list(own.version_policy.specific.versions) or ([model.versions[-1].number] if model else [1])
        number = row.model_version if row.model_version > 0 else max(served)
        step = Step(
            row.model_name,
            own,
            f"../../{row.model_name}/{number}",
            dict(row.input_map),
            dict(row.output_map),
        )
        problem = step.problem() or (_own_code(model, number) if model and step.kind == "python" else None)
        if problem:
            raise WiringError(place, *problem)
        yield step


def _own_code(model: Model, number: int) -> tuple[str, str] | None:
    """Return why a Python model cannot run outside of Triton."""
    version = next(version for version in model.versions if version.number == number)
    sources = [path for path in version.sources() if path.suffix == ".py"]
    if not version.infers or any(path.name == "model.py" for path in sources):
        return f"{model.name} has a model.py of its own, which is Triton's", "write an infer.py"
    if any(asks_others(ast.parse(path.read_text(encoding="utf-8"))) for path in sources):
        return f"{model.name} asks other models of the server (context.call)", "leave it to the ensemble"
    return None


def _write(path: Path, text: str) -> None:
    """Write a file when it says something else: a build compares files by size and time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        replace(path, text)
