"""Why a field of a model's config is as it is, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from trireme import modelconfig
from trireme.discover import find
from trireme.errors import TuneError, UnknownKeyError
from trireme.plan import TREE
from trireme.spec import Ensemble
from trireme.tune import evidence
from trireme.tune.knobs import TUNED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from trireme.spec import Model


def lines(root: Path, unit: Model | Ensemble, field: str | None) -> Iterator[str]:
    """Yield each config's value of a field, with the evidence of the variants that were tuned.

    Raises:
        UnknownKeyError: ModelConfig has no such field.
        TuneError: the model is not built.

    """
    known = ModelConfig.DESCRIPTOR.fields_by_name
    if field is not None and field not in known:
        raise UnknownKeyError(unit.name, field, known)
    folder = root / TREE / unit.name
    if not (folder / "config.pbtxt").is_file():
        raise TuneError(unit.name, "it is not built", "run `make repo` first")
    configs = [folder / "config.pbtxt", *sorted((folder / "configs").glob("*.pbtxt"))]
    if isinstance(unit, Ensemble):
        steps = {step.model: step.version if step.version > 0 else _newest(find(root, step.model)) for step in unit.steps}
        yield from _lines(unit, folder, configs[1:], field, steps)
        otherwise = " under every other name" if unit.variants else ""
        yield f"{unit.name} is an ensemble{otherwise}: what was tuned of it stands with its models"
        for model in dict.fromkeys(step.model for step in unit.steps):
            yield from lines(root, find(root, model), field)
    else:
        yield from _lines(unit, folder, configs, field, {unit.name: _newest(unit)})


def _newest(unit: Model | Ensemble) -> int:
    return 1 if isinstance(unit, Ensemble) else unit.versions[-1].number


def _lines(
    unit: Model | Ensemble, folder: Path, configs: Iterable[Path], field: str | None, served: Mapping[str, int]
) -> Iterator[str]:
    found = {row.variant: row for row in evidence.read(unit.folder)}
    for path in configs:
        variant = path.stem if path.parent.name == "configs" else ""
        config = modelconfig.from_text(path.read_text(encoding="utf-8"))
        yield f"{unit.name}/{path.relative_to(folder)}"
        for name in (field,) if field else TUNED:
            yield f"  {name}: {_value(config, name)}"
        if variant in found and (field is None or field in TUNED):
            for name, version in found[variant].versions.items():
                if version != served.get(name):
                    yield f"  STALE: of {name} {version}, and {served.get(name, 'another model')} is served"
            yield from (f"  {line}" for line in found[variant].lines())
        else:
            yield f"  written by hand in {unit.place}, or Triton's default; it was not tuned"


def _value(config: Any, field: str) -> str:  # noqa: ANN401 - ModelConfig
    """Return a field's text on one line."""
    alone = type(config)()
    for descriptor, value in config.ListFields():
        if descriptor.name == field:
            if descriptor.is_repeated:
                getattr(alone, field).MergeFrom(value)
            elif descriptor.message_type is not None:
                getattr(alone, field).CopyFrom(value)
                getattr(alone, field).SetInParent()
            else:
                setattr(alone, field, value)
    text = text_format.MessageToString(alone, as_one_line=True, use_short_repeated_primitives=True).strip()
    return text or "not stated"
