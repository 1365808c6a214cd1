"""How long `trireme lint` takes: one model and 500 of them, each in a process of its own, and how much memory that needs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.discover import Sources

    Row = tuple[str, str, str, str]

MODEL = """\
backend: "python"
max_batch_size: 32
input [ {{ name: "x" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }}, {{ name: "mask" data_type: TYPE_BOOL dims: [ -1 ] }} ]
output [ {{ name: "y" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }} ]
dynamic_batching {{ preferred_batch_size: [ 8, 32 ] max_queue_delay_microseconds: 500 }}
instance_group [ {{ count: 2 kind: KIND_CPU }} ]
parameters {{ key: "number" value {{ string_value: "{number}" }} }}
"""
ENSEMBLE = """\
platform: "ensemble"
max_batch_size: 32
input [ {{ name: "x" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }}, {{ name: "mask" data_type: TYPE_BOOL dims: [ -1 ] }} ]
output [ {{ name: "y" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }} ]
ensemble_scheduling {{ step [
  {{ model_name: "m{one}" model_version: -1 input_map {{ key: "x" value: "x" }} input_map {{ key: "mask" value: "mask" }}
    output_map {{ key: "y" value: "between" }} }},
  {{ model_name: "m{two}" model_version: -1 input_map {{ key: "x" value: "between" }} input_map {{ key: "mask" value: "mask" }}
    output_map {{ key: "y" value: "y" }} }} ] }}
"""
CODE = """\
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        tensors = [pb_utils.get_input_tensor_by_name(request, "x").as_numpy() for request in requests]
        return [pb_utils.InferenceResponse([pb_utils.Tensor("y", tensor)]) for tensor in tensors]
"""
MODELS, ENSEMBLES = 400, 100
PROCESS = """
import re, sys
from pathlib import Path
from trireme.lint.command import Asked, run
run(Asked(Path(sys.argv[1])))
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:  # noqa: ARG001 - every benchmark takes the sources
    """Yield a row for one model and one for 500, and one for the memory of both."""
    with tempfile.TemporaryDirectory() as folder:
        many, one = Path(folder) / "many", Path(folder) / "one"
        _write(many, MODELS, ENSEMBLES)
        _write(one, 1, 0)
        runs = 1 if quick else 5
        alone = [_run(one) for _ in range(runs)]
        together = [_run(many) for _ in range(runs)]
    yield "lint of one model, Python's start included", *_row([seconds for seconds, _ in alone], "s", "<= 0.5 s")
    yield f"lint of {MODELS} models and {ENSEMBLES} ensembles", *_row([seconds for seconds, _ in together], "s", "<= 2 s")
    yield "memory of lint, one model", *_row([used for _, used in alone], "MB", "stated")
    yield f"memory of lint, {MODELS + ENSEMBLES} models", *_row([used for _, used in together], "MB", "flat")


def _run(repository: Path) -> tuple[float, float]:
    """Return the whole process's wall seconds and its largest resident size in MB."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", PROCESS, str(repository)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    return time.perf_counter() - begun, float(done.stdout)


def _write(root: Path, models: int, ensembles: int) -> None:
    for number in range(models):
        folder = root / f"m{number}"
        (folder / "1").mkdir(parents=True)
        (folder / "config.pbtxt").write_text(MODEL.format(number=number), encoding="utf-8")
        (folder / "1" / "model.py").write_text(CODE, encoding="utf-8")
    for number in range(ensembles):
        folder = root / f"e{number}"
        (folder / "1").mkdir(parents=True)
        text = ENSEMBLE.format(one=number % models, two=(number + 1) % models)
        (folder / "config.pbtxt").write_text(text, encoding="utf-8")


def _row(values: list[float], unit: str, target: str) -> tuple[str, str, str]:
    spread = f"{min(values):.2f} to {max(values):.2f} in {len(values)} runs"
    return f"{statistics.median(values):.2f} {unit}", spread, target
