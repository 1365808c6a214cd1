"""The batches that come, what they cost and what a graph of them holds: from files, a live server, and the model's ONNX."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from trireme import kinds
from trireme.arrays import NUMPY
from trireme.errors import UnreachableError, ValueRefusedError
from trireme.graphs.plan import Costs, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig


def from_file(path: Path) -> dict[Shape, int]:
    """Return the batches of a JSON file: [{"batch": 4, "length": 32, "count": 100}, ...].

    Raises:
        ValueRefusedError: the file holds something else.

    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueRefusedError(str(path), "the file", f"it is JSON ({error})") from None
    seen: dict[Shape, int] = {}
    for number, row in enumerate(kinds.items(rows, str(path))):
        values = [kinds.table(row, f"{path}[{number}]").get(key, 0) for key in ("batch", "length", "count")]
        if set(row) - {"batch", "length", "count"} or any(type(value) is not int or value < 0 for value in values):
            raise ValueRefusedError(f"{path}[{number}]", row, 'it is {"batch": 4, "length": 32, "count": 100}')
        if not (values[0] and values[2]):
            raise ValueRefusedError(f"{path}[{number}]", row, "batch and count are whole numbers from 1")
        shape = Shape(values[0], values[1])
        seen[shape] = seen.get(shape, 0) + values[2]
    if not seen:
        raise ValueRefusedError(str(path), rows, "it names one batch or more")
    return seen


def from_server(address: str, model: str, shares: Mapping[int, float]) -> dict[Shape, int]:
    """Return the batches that a server has run of a model, by its own statistics, spread over lengths by their shares.

    Triton counts batches by their rows alone; shares are of rows, and a batch is taken to have any length alike.

    Raises:
        UnreachableError: nobody answers there.
        ValueRefusedError: it has run none.

    """
    import tritonclient.grpc as grpcclient  # noqa: PLC0415 - a plan from a file needs no gRPC

    try:
        with grpcclient.InferenceServerClient(address.removeprefix("grpc://")) as client:
            rows: Any = client.get_inference_statistics(model, client_timeout=10).model_stats
    except grpcclient.InferenceServerException as error:
        message = f"{address}: {error.message()}; name a Triton that serves {model}, as grpc://127.0.0.1:8001"
        raise UnreachableError(message) from None
    counts: dict[int, int] = {}
    for row in rows:
        for batch in row.batch_stats:
            counts[int(batch.batch_size)] = counts.get(int(batch.batch_size), 0) + int(batch.compute_infer.count)
    found = {
        Shape(size, length): max(1, round(count * share))
        for size, count in counts.items()
        for length, share in (shares or {0: 1.0}).items()
        if count * share
    }
    if not found:
        raise ValueRefusedError(
            f"{address}: batches of {model}", 0, "send it the load that it is to be planned for, then ask again"
        )
    return found


def shares_of(lengths: Sequence[int], edges: Sequence[int]) -> dict[int, float]:
    """Return which share of texts is padded to which edge; longer ones are cut to the last."""
    padded = np.asarray(edges)[np.searchsorted(edges, np.minimum(lengths, max(edges)))]
    found, counts = np.unique(padded, return_counts=True)
    return {int(edge): float(count / len(padded)) for edge, count in zip(found, counts, strict=True)}


def costs(config: ModelConfig, launches: float, row: float, longest: int, onnx: Path | None) -> Costs:
    """Return costs under a simple account: a batch without a graph pays its launches [us], a row pays `row` [us].

    A row of less than the longest length costs less in proportion. Held are the tensors, and what the graph computes between.
    """

    def work(shape: Shape) -> float:
        return row * shape.batch * (shape.length / longest if shape.length else 1.0)

    between = _between(onnx) if onnx else lambda _: 0.0
    return Costs(lambda shape: launches + work(shape), work, lambda shape: _tensors(config, shape) + between(shape))


def _tensors(config: ModelConfig, shape: Shape) -> float:
    """Return the bytes of a batch's inputs and outputs."""
    total = 0.0
    for tensor in (*config.input, *config.output):
        kind = type(tensor).DESCRIPTOR.fields_by_name["data_type"].enum_type.values_by_number[tensor.data_type].name
        sizes = [shape.length or 1 if size == -1 else size for size in tensor.dims]
        total += shape.batch * float(np.prod(sizes)) * np.dtype(NUMPY.get(kind, np.float32)).itemsize
    return total


def _between(path: Path) -> Callable[[Shape], float]:
    """Return the bytes of the largest step between inputs and outputs, by ONNX's own shape inference; two such live at once."""
    import onnx  # noqa: PLC0415 - takes a third of a second

    model: Any = onnx.load(path, load_external_data=False)
    known: dict[Shape, float] = {}

    def held(shape: Shape) -> float:
        if shape not in known:
            sized = onnx.ModelProto()
            sized.CopyFrom(model)
            del sized.graph.value_info[:]  # what an exporter wrote of steps between has its own names for open sizes
            for tensor in (*sized.graph.input, *sized.graph.output):
                for place, dim in enumerate(tensor.type.tensor_type.shape.dim):
                    if not dim.dim_value:
                        dim.dim_value = shape.batch if place == 0 else shape.length or 1
            values = onnx.shape_inference.infer_shapes(sized).graph.value_info
            sizes = [[dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in values]
            known[shape] = 2 * 4 * max((float(np.prod(size)) for size in sizes if size and all(size)), default=0.0)
        return known[shape]

    return held
