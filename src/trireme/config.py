"""The ModelConfig of a model: what model.toml says, and what the artefact says where model.toml is silent. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trireme import modelconfig
from trireme.engines import names
from trireme.errors import UnknownKeyError, ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.artefacts import Artefact
    from trireme.spec import Model
    from trireme.tensors import Tensor

    Table = Mapping[str, Any]

BACKEND_OF_FILE: Mapping[str, str] = {
    "model.py": "python",
    "model.onnx": "onnxruntime",
    "model.pt": "pytorch",
    "model.plan": "tensorrt",
}
"""Triton's default file names, with the backend that reads them; the first that is there decides."""


def configs(model: Model, artefact: Artefact) -> dict[str, ModelConfig]:
    """Return the model's configs by path inside its folder: config.pbtxt and configs/<machine>.pbtxt.

    Raises:
        SourceError: a stated tensor is not in the artefact, or its batch does not fit.

    """
    found = {"config.pbtxt": _config(model, artefact, {}, f"{model.place}: config")}
    for name, variant in model.variants.items():
        found[f"configs/{name}.pbtxt"] = _config(model, artefact, variant, f"{model.place}: variants.{name}")
    return found


def _config(model: Model, artefact: Artefact, variant: Table, place: str) -> ModelConfig:
    table = modelconfig.overlay(model.config, variant)
    table["name"] = model.name
    if "backend" not in table and "platform" not in table:
        table["backend"] = _backend(model, artefact)
    if model.engine is not None and names.is_plan(table):
        names.complete(table, model.engine)
    if len(model.versions) > 1:
        table.setdefault("version_policy", {"specific": {"versions": [version.number for version in model.versions]}})
    batched = table.get("max_batch_size", 0) > 0
    for side, tensors in (("input", artefact.inputs), ("output", artefact.outputs)):
        table[side] = _merge(tensors, table.get(side, []), f"{place}.{side}", batched=batched)
    if not table["input"] or not table["output"]:
        remedy = "the artefact does not say its tensors: state them as input = [{ name, data_type, dims }]"
        raise ValueRefusedError(place, "no input or no output", remedy)
    return modelconfig.parse(table, place, allow_newer=bool(variant))


def _backend(model: Model, artefact: Artefact) -> str:
    for name, backend in BACKEND_OF_FILE.items():
        if name in artefact.files:
            return backend
    expected = ", ".join(BACKEND_OF_FILE)
    remedy = f"it writes one of {expected}, or state config.backend"
    raise ValueRefusedError(f"models/{model.name}/export.py wrote", sorted(artefact.files), remedy)


def _merge(derived: tuple[Tensor, ...], stated: list[dict[str, Any]], place: str, *, batched: bool) -> list[dict[str, Any]]:
    """Lay stated tensors on derived ones by name."""
    if not derived:
        return stated
    rows = {tensor.name: _row(tensor, place, batched=batched) for tensor in derived}
    for table in stated:
        name = table.get("name", "")
        if name not in rows:
            raise UnknownKeyError(place, name, rows)
        rows[name] |= table
    return list(rows.values())


def _row(tensor: Tensor, place: str, *, batched: bool) -> dict[str, Any]:
    dims = tensor.dims
    if batched:
        if not dims or dims[0] != -1:
            remedy = "export it with a dynamic first dimension, or set max_batch_size = 0"
            raise ValueRefusedError(place, f"{tensor} under a max_batch_size above 0", remedy)
        dims = dims[1:]
    return {"name": tensor.name, "data_type": tensor.data_type, "dims": list(dims)}
