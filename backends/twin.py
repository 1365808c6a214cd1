"""What the twins have in common: where the artefact is, on which device, and what is refused at load.

A twin stands in for a native backend where Triton finds no native library. What it honours, it honours as the native
backend does; what it cannot, it refuses at load with a sentence. A `reshape` is not its business: Triton's core applies it
on the way in and out. Copied into each twin's folder beside batching.py, which
is the adapter.
"""

from __future__ import annotations

import re
from pathlib import Path

import triton_python_backend_utils as pb_utils
from batching import BatchedModel, RefusedError

UNSUPPORTED = {
    "batch_input": "batch_input tensors of ragged batching",
    "batch_output": "batch_output scattering",
}
"""Top-level fields of ModelConfig that a Python-based backend is never given the means to honour."""


MISFIT = re.compile(
    r"must match the (?:existing )?size|cannot reshape|cannot be multiplied|index out of range in self|Sizes of tensors"
    r"|Attempting to broadcast|Shape mismatch|invalid expand shape|out of data bounds|Got invalid dimensions"
)
"""What PyTorch and onnxruntime say of inputs whose sizes or indices do not fit the graph: a client's doing, not ours."""


class Twin(BatchedModel):
    """A model of one artefact file; subclasses name the file and open it."""

    backend = ""
    default_file = ""
    accelerators = ()
    """Execution accelerators that the twin honours."""

    def load(self, args) -> None:
        self.refuse_unsupported()
        self.device = int(args["model_instance_device_id"]) if args["model_instance_kind"] == "GPU" else None
        self.version = args["model_version"]
        self.version_folder = Path(args["model_repository"]) / self.version
        self.file = self.locate()
        if not self.file.is_file():
            self.refuse(f"finds no {self.file.name} in version {self.version}")
        self.open()

    def locate(self) -> Path:
        """Return the artefact's path."""
        return self.version_folder / (self.config.get("default_model_filename") or self.default_file)

    def open(self) -> None:
        """Open self.file; raise what should fail the load."""
        raise NotImplementedError

    def refuse_unsupported(self) -> None:
        """Refuse what the native backend would honour and this twin would not."""
        found = [what for field, what in UNSUPPORTED.items() if self.config.get(field)]
        if self.decoupled:
            found.append("a decoupled transaction policy")
        sequence = self.config.get("sequence_batching") or {}
        if sequence.get("state"):
            found.append("implicit state (sequence_batching.state)")
        if any(row.get("allow_ragged_batch") for row in self.config["input"]):
            found.append("allow_ragged_batch")
        if any(row["data_type"] == "TYPE_BF16" for row in (*self.config["input"], *self.config["output"])):
            found.append("TYPE_BF16 tensors, which numpy does not have")
        accelerators = (self.config.get("optimization") or {}).get("execution_accelerators") or {}
        names = [row["name"] for rows in accelerators.values() if isinstance(rows, list) for row in rows]
        found += [f"the execution accelerator '{name}'" for name in names if name not in self.accelerators]
        if found:
            self.refuse(f"cannot honour {'; '.join(found)}: serve this model with the native backend")

    def _failure(self, error, arrays) -> object:
        if MISFIT.search(str(error)):
            said = f"{self.name}: the inputs do not fit each other or the graph"
            pb_utils.Logger.log_warn(f"{said}: {error}")
            error = RefusedError(said, pb_utils.TritonError.INVALID_ARG)
        return super()._failure(error, arrays)

    def refuse(self, sentence) -> None:
        raise pb_utils.TritonModelException(f"{self.name}: the {self.backend} twin {sentence}")

    def whole(self, key, default=0) -> int:
        """Return a parameter that is a whole number, as the native backend reads it."""
        text = self.parameters.get(key, str(default))
        try:
            return int(text)
        except ValueError:
            self.refuse(f"needs a whole number for the parameter {key}, not '{text}'")

    def truth(self, key, *, default) -> bool:
        """Return a parameter that is true or false."""
        text = self.parameters.get(key, str(default)).lower()
        if text not in ("true", "false", "1", "0"):
            self.refuse(f"needs true or false for the parameter {key}, not '{text}'")
        return text in ("true", "1")
