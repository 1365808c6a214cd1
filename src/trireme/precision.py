"""An ONNX file in another precision, for export.py: int8 for CPUs, fp16 and bf16 for GPUs. Inputs and outputs keep their types.

What each costs in accuracy is for gate.py to measure. The library is onnxruntime's own:
https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html and
https://onnxruntime.ai/docs/performance/transformers-optimization.html
"""

from __future__ import annotations

import logging
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trireme.arrays import Array

OPERATORS = ("MatMul", "Attention", "EmbedLayerNormalization", "Gather")
"""What has weights in a fused encoder."""
HALF = {"fp16": onnx.TensorProto.FLOAT16, "bf16": onnx.TensorProto.BFLOAT16}


def fuse_encoder(source: Path, target: Path, *, heads: int, width: int) -> None:
    """Write a BERT-like encoder with its attention, normalisation and activations as one node each.

    Raises:
        ValueError: no attention was found: torch's exporter writes one that is known with dynamo=False and eager attention.

    """
    from onnxruntime.transformers import optimizer  # noqa: PLC0415 - takes a second, and a build alone pays it

    with _quiet():
        found = optimizer.optimize_model(str(source), "bert", num_heads=heads, hidden_size=width, opt_level=0)
    if not found.get_fused_operator_statistics().get("Attention"):
        message = f"{source.name}: none of its attention was recognised; export it by dynamo=False with eager attention"
        raise ValueError(message)
    split_norms(found.model.graph)
    found.save_model_to_file(str(target))


def split_norms(graph: onnx.GraphProto) -> None:
    """Put a Sum and a LayerNormalization in the place of each SkipLayerNormalization.

    onnxruntime's kernel for the one node takes eight times as long as both, a fifth of the time of an int8 encoder. Its
    optimiser would join an Add with the normalisation again, and leaves a Sum alone.
    """
    nodes = []
    for node in graph.node:
        if node.op_type != "SkipLayerNormalization":
            nodes.append(node)
            continue
        if any(node.output[1:]) or not all(node.input):
            nodes.append(node)  # somebody takes its sum as well, or it has no shift: it stays one node
            continue
        values, skipped, scale, shift, *bias = node.input
        epsilon = next(attribute.f for attribute in node.attribute if attribute.name == "epsilon")
        added = f"{node.output[0]}_sum"
        nodes += [
            onnx.helper.make_node("Sum", [values, skipped, *bias], [added], f"{node.name}_sum"),
            onnx.helper.make_node("LayerNormalization", [added, scale, shift], [node.output[0]], node.name, epsilon=epsilon),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def to_dynamic_int8(source: Path, target: Path, *, keep: tuple[str, ...] = ()) -> None:
    """Write the graph with int8 weights, a scale a channel; activations are quantised as they come. For transformers.

    keep names nodes that stay in fp32. Weights have 7 bits: with 8, processors without VNNI overflow the 16 bits in which they
    add pairs of products.

    Raises:
        ValueError: keep names a node that there is not.

    """
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 - see above

    _check_kept(onnx.load(source, load_external_data=False).graph, keep)
    with _quiet():
        quantize_dynamic(
            source,
            target,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=list(OPERATORS),
            nodes_to_exclude=list(keep),
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},  # fused nodes have no shape inference
        )


def to_static_int8(source: Path, target: Path, batches: Iterable[Mapping[str, Array]], *, keep: tuple[str, ...] = ()) -> None:
    """Write the graph with int8 weights and activations, their ranges taken from batches of inputs. For convolutions.

    keep names nodes that stay in fp32. Weights have 7 bits, as above.

    Raises:
        ValueError: keep names a node that there is not, once the graph is prepared.

    """
    from onnxruntime import quantization  # noqa: PLC0415 - see above

    class Batches(quantization.CalibrationDataReader):  # type: ignore[misc] # the package has no types
        def __init__(self) -> None:
            self._left = iter(batches)

        def get_next(self) -> Mapping[str, Array] | None:
            return next(self._left, None)

    with _quiet(), tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quantization.quant_pre_process(source, prepared, skip_symbolic_shape=True)
        _check_kept(onnx.load(prepared, load_external_data=False).graph, keep)
        quantization.quantize_static(
            prepared,
            target,
            Batches(),
            quant_format=quantization.QuantFormat.QOperator,  # the CPU has kernels for whole operators
            per_channel=True,
            reduce_range=True,
            activation_type=quantization.QuantType.QUInt8,  # the kernels multiply unsigned by signed
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=list(keep),
        )


def to_half(source: Path, target: Path, kind: str) -> None:
    """Write the graph in fp16 or bf16; its inputs and outputs stay as they are.

    Raises:
        ValueError: the kind is neither.

    """
    if kind not in HALF:
        message = f"'{kind}' is none of {', '.join(HALF)}"
        raise ValueError(message)
    from onnxruntime.transformers.float16 import convert_float_to_float16  # noqa: PLC0415 - see above
    from onnxruntime.transformers.onnx_model import OnnxModel  # noqa: PLC0415 - see above

    whole = onnx.load(source)
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in whole.graph.initializer}
    with _quiet():
        graph = convert_float_to_float16(whole, keep_io_types=True, op_block_list=())
        OnnxModel(graph).topological_sort()  # it adds casts at the end, and ONNX wants nodes in order
    if HALF[kind] == onnx.TensorProto.BFLOAT16:
        _widen_range(graph.graph, weights)
    onnx.save(graph, target)


def _widen_range(graph: onnx.GraphProto, weights: Mapping[str, Array]) -> None:
    """Make each fp16 of a graph a bf16, its weights rounded anew from fp32."""
    half, wide = HALF["fp16"], HALF["bf16"]
    for tensor in graph.initializer:
        if tensor.data_type == half:
            exact = weights.get(tensor.name, onnx.numpy_helper.to_array(tensor))
            tensor.CopyFrom(_bf16(tensor.name, np.asarray(exact, np.float32)))
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == half:
                attribute.i = wide
            if attribute.t.data_type == half:
                attribute.t.CopyFrom(_bf16(attribute.t.name, onnx.numpy_helper.to_array(attribute.t).astype(np.float32)))
    for value in graph.value_info:
        if value.type.tensor_type.elem_type == half:
            value.type.tensor_type.elem_type = wide


def _bf16(name: str, values: Array) -> onnx.TensorProto:
    """Return a tensor of bf16: the upper half of each fp32, rounded to the nearest."""
    bits = np.ascontiguousarray(values).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    raw = rounded.astype(np.uint16).tobytes()
    return onnx.helper.make_tensor(name, HALF["bf16"], values.shape, raw, raw=True)


def _check_kept(graph: onnx.GraphProto, keep: tuple[str, ...]) -> None:
    """Refuse names that no node bears: what was to stay exact would be quantised in silence."""
    missing = set(keep) - {node.name for node in graph.node}
    if missing:
        message = f"keep: no node is called {', '.join(sorted(missing))}"
        raise ValueError(message)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the package from writing progress as warnings."""
    root: Any = logging.getLogger()
    before = root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
