"""What the adapter and a twin add to a batch, on an otherwise idle server, beyond Triton's python backend doing nothing.

Three models hand 16 floats through: a model.py that does nothing else, an infer.py under the adapter, and an Identity graph
under the onnxruntime twin. Requests alternate between them; the difference of the medians is reported.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trireme.client import Client
from trireme.server.process import Server
from trireme.worker import ADAPTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.discover import Sources

    Row = tuple[str, str, str, str]

NOTHING = """
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def execute(self, requests):
        return [
            pb_utils.InferenceResponse([pb_utils.Tensor("y", pb_utils.get_input_tensor_by_name(request, "x").as_numpy())])
            for request in requests
        ]
"""
HANDED_THROUGH = "def infer(*, x):\n    return {'y': x}\n"
CONFIG = """
name: "{name}" backend: "{backend}" max_batch_size: 8 instance_group {{ count: 1 }}
input {{ name: "x" data_type: TYPE_FP32 dims: [16] }} output {{ name: "y" data_type: TYPE_FP32 dims: [16] }}
"""
MODELS = {"nothing": "python", "adapter": "python", "twin": "onnxruntime"}


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:
    """Yield a row for the adapter and one for the twin."""
    count = 200 if quick else 3000
    with tempfile.TemporaryDirectory() as name:
        repository = Path(name)
        write(repository)
        with Server(repository, sources.root / ".trireme" / "bench.log") as server, Client(server.grpc) as client:
            times = _times(client, count)
    idle = statistics.median(times["nothing"])
    for model in ("adapter", "twin"):
        added = [statistics.median(part) - base for part, base in zip(_fifths(times[model]), _bases(times), strict=True)]
        value = statistics.median(times[model]) - idle
        spread = f"{min(added):.0f} to {max(added):.0f} µs in fifths; a request that does nothing takes {idle:.0f} µs"
        yield f"added by the {model} to a batch of one", f"{value:.0f} µs", spread, "<= 150 µs"


def write(repository: Path) -> None:
    """Write the three models."""
    import onnx  # noqa: PLC0415 - slow to import

    for name, backend in MODELS.items():
        folder = repository / name / "1"
        folder.mkdir(parents=True)
        (folder.parent / "config.pbtxt").write_text(CONFIG.format(name=name, backend=backend), encoding="utf-8")
    (repository / "nothing/1/model.py").write_text(NOTHING, encoding="utf-8")
    shutil.copyfile(ADAPTER, repository / "adapter/1/model.py")
    (repository / "adapter/1/infer.py").write_text(HANDED_THROUGH, encoding="utf-8")
    graph = '<ir_version: 8, opset_import: ["": 17]> g (float[n, 16] x) => (float[n, 16] y) { y = Identity(x) }'
    onnx.save(onnx.parser.parse_model(graph), repository / "twin/1/model.onnx")


def _times(client: Client, count: int) -> dict[str, list[float]]:
    """Return the microseconds of each request, model by model, in alternation."""
    row = np.arange(16, dtype=np.float32)[None]
    times: dict[str, list[float]] = {name: [] for name in MODELS}
    for number in range(count + 50):
        for name, found in times.items():
            begun = time.perf_counter()
            client.infer(name, {"x": row})
            if number >= 50:  # noqa: PLR2004 - warm-up
                found.append((time.perf_counter() - begun) * 1e6)
    return times


def _fifths(values: list[float]) -> list[list[float]]:
    size = len(values) // 5
    return [values[number * size : (number + 1) * size] for number in range(5)]


def _bases(times: dict[str, list[float]]) -> list[float]:
    return [statistics.median(part) for part in _fifths(times["nothing"])]
