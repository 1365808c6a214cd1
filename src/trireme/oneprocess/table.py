"""The table by which infer.py runs a pipeline's steps in one process, and who cannot be in it. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trireme import modelconfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tritonclient.grpc.model_config_pb2 import ModelConfig

RUNNER = Path(__file__).with_name("infer.py")
THREADS = "intra_op_thread_count"


@dataclass(frozen=True)
class Step:
    """One model of a pipeline: its config, the folder of its version as the table has it, and its tensors' names."""

    name: str
    config: ModelConfig
    folder: str
    input_map: Mapping[str, str]
    output_map: Mapping[str, str]

    @property
    def kind(self) -> str:
        """Return what runs it: onnx or python; another backend's name for what neither does."""
        backend: str = self.config.backend or self.config.platform.partition("_")[0]
        return {"onnxruntime": "onnx", "tensorrt": "onnx"}.get(backend, backend)

    @property
    def file(self) -> str:
        """Return the name of the file that runs."""
        if self.kind == "python":
            return "infer.py"
        named: str = self.config.default_model_filename
        return named if named.endswith(".onnx") else "model.onnx"

    def problem(self) -> tuple[str, str] | None:
        """Return why the step needs Triton, and what to do; None when it does not."""
        if self.config.HasField("ensemble_scheduling"):
            return f"its step {self.name} is a pipeline", "name that one's steps in its place"
        if self.kind not in {"onnx", "python"}:
            return f"{self.name} is run by the backend '{self.kind}'", "export it as ONNX"
        if self.config.model_transaction_policy.decoupled or self.config.HasField("sequence_batching"):
            return f"{self.name} is decoupled or takes sequences", "only a model of one answer a request can be in it"
        return None


def make(steps: Sequence[Step], outputs: Sequence[str], *, batched: bool, threads: int = 0) -> dict[str, Any]:
    """Return the table; threads is what an ONNX step gets that states none, 0 for all cores."""
    return {"batched": batched, "outputs": list(outputs), "steps": [_row(step, threads, outputs) for step in steps]}


def _row(step: Step, threads: int, wanted: Sequence[str]) -> dict[str, Any]:
    outputs = modelconfig.outputs(step.config)
    parameters = {key: value.string_value for key, value in sorted(step.config.parameters.items())}
    return {
        "name": step.name,
        "kind": step.kind,
        "folder": step.folder,
        "file": step.file,
        "threads": int(parameters.get(THREADS, threads)),
        "alone": _alone(step, wanted),
        "parameters": parameters if step.kind == "python" else {},
        "input_map": dict(sorted(step.input_map.items())),  # protobuf's maps have no order
        "output_map": dict(sorted(step.output_map.items())),
        "types": {tensor.name: tensor.data_type.removeprefix("TYPE_") for tensor in outputs},
    }


def _alone(step: Step, wanted: Sequence[str]) -> bool:
    """Say whether a step runs a row at a time: it would pad rows to each other, and nobody outside is given what it makes."""
    outputs = modelconfig.outputs(step.config)
    inside = not set(step.output_map.values()) & set(wanted)
    return inside and step.kind == "python" and any(-1 in tensor.dims for tensor in outputs)
