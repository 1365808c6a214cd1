"""One engine from one ONNX file, by whichever TensorRT there is.

https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/python-api-docs.html#the-build-phase
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trireme.engines.runtime import RTX
from trireme.errors import EngineError
from trireme.lint.planfile import DATA_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trireme.engines.profiles import Profile
    from trireme.engines.recipe import Recipe
    from trireme.engines.runtime import Runtime

FLAGS = {"fp16": "FP16", "bf16": "BF16", "int8": "INT8"}
"""Precisions as flags of a builder whose network is not strongly typed."""


@dataclass(frozen=True)
class Built:
    """A plan's bytes, its tensors as its record has them, and what the builder learnt about its GPU's speed."""

    plan: bytes
    tensors: dict[str, dict[str, Any]]
    timings: bytes


def build(runtime: Runtime, source: Path, recipe: Recipe, profiles: Sequence[Profile], target: str, timings: bytes) -> Built:  # noqa: PLR0913, PLR0917 - all that makes an engine
    """Build an engine for one GPU; timings are an earlier build's, or empty.

    Raises:
        EngineError: TensorRT cannot parse the graph (the node is named), or cannot build it.

    """
    trt, place = runtime.module, f"{source.parent.parent.name}/{source.name}"
    if runtime.name == RTX and not recipe.strongly_typed:
        problem = f"{runtime.name} {runtime.version} builds strongly typed networks only"
        raise EngineError(place, problem, "name a source in the precision that is wanted, and leave strongly_typed out")
    log = _log(trt)
    builder = trt.Builder(log)
    strongly = int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED) if recipe.strongly_typed else None
    network = builder.create_network(0 if strongly is None else 1 << strongly)
    parser = trt.OnnxParser(network, log)
    if not parser.parse_from_file(str(source)):
        raise EngineError(place, _unparsed(parser), "export it without that operator, or name another source under [engine]")
    options = builder.create_builder_config()
    for precision in recipe.precisions:
        options.set_flag(getattr(trt.BuilderFlag, FLAGS[precision]))
    if runtime.name == RTX:
        options.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)  # or else no CUDA graph can be captured of it
        options.num_compute_capabilities = 1
        options.set_compute_capability(getattr(trt.ComputeCapability, target.upper()), 0)
    for profile in profiles:
        shapes = builder.create_optimization_profile()
        for name, sizes in profile.items():
            shapes.set_shape(name, sizes.least, sizes.usual, sizes.most)
        options.add_optimization_profile(shapes)
    cache = options.create_timing_cache(timings)
    options.set_timing_cache(cache, ignore_mismatch=True)
    plan = builder.build_serialized_network(network, options)
    if plan is None:
        raise EngineError(place, f"{runtime.name} built nothing: {log.last}", "see the shapes and types of the graph")
    return Built(bytes(plan), _tensors(network), bytes(memoryview(options.get_timing_cache().serialize())))


def _log(trt: Any) -> Any:  # noqa: ANN401 - a class that exists once TensorRT is loaded
    class Log(trt.ILogger):  # type: ignore[misc] # the package has no types
        """Keeps the last error."""

        last = "it gave no reason"

        def __init__(self) -> None:
            super().__init__()

        def log(self, severity: Any, message: str) -> None:  # noqa: ANN401 - an enumeration of the package's
            if severity in {trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR}:
                self.last = " ".join(message.split())

    return Log()


def _unparsed(parser: Any) -> str:  # noqa: ANN401 - TensorRT's
    """Return the first node that the parser refused, and how many more there are."""
    first, more = parser.get_error(0), parser.num_errors - 1
    node = f"node {first.node()} '{first.node_name()}' ({first.node_operator()})" if first.node_operator() else "the file"
    unknown = first.desc() == "false" or "Plugin not found" in first.desc()
    reason = "it has no such operator" if unknown else " ".join(first.desc().split())
    return f"TensorRT's parser refuses {node}: {reason}" + (f"; and {more} more" if more else "")


def _tensors(network: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - TensorRT's
    sides = [("input", network.get_input, network.num_inputs), ("output", network.get_output, network.num_outputs)]
    found = [(side, get(number)) for side, get, count in sides for number in range(count)]
    return {
        tensor.name: {"side": side, "data_type": DATA_TYPES.get(tensor.dtype.name, ""), "shape": list(tensor.shape)}
        for side, tensor in found
    }
