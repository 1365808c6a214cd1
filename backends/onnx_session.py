"""An ONNX file opened by onnxruntime's Python package with the native backend's parameters.

https://github.com/triton-inference-server/onnxruntime_backend#model-config-options
"""

from __future__ import annotations

import numpy as np
import onnxruntime

LEVELS = {
    -1: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    0: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    1: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    2: onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
}
TYPES = {
    "tensor(bool)": "TYPE_BOOL",
    "tensor(uint8)": "TYPE_UINT8",
    "tensor(uint16)": "TYPE_UINT16",
    "tensor(uint32)": "TYPE_UINT32",
    "tensor(uint64)": "TYPE_UINT64",
    "tensor(int8)": "TYPE_INT8",
    "tensor(int16)": "TYPE_INT16",
    "tensor(int32)": "TYPE_INT32",
    "tensor(int64)": "TYPE_INT64",
    "tensor(float16)": "TYPE_FP16",
    "tensor(float)": "TYPE_FP32",
    "tensor(double)": "TYPE_FP64",
    "tensor(string)": "TYPE_STRING",
}
MODES = {0: onnxruntime.ExecutionMode.ORT_SEQUENTIAL, 1: onnxruntime.ExecutionMode.ORT_PARALLEL}


class OnnxSession:
    """One session of the twin's file, on the twin's device."""

    def __init__(self, twin) -> None:
        self.session = onnxruntime.InferenceSession(str(twin.file), _options(twin), _providers(twin))
        inputs = [*self.session.get_inputs(), *self.session.get_overridable_initializers()]
        self.texts = {row.name for row in inputs if row.type == "tensor(string)"}
        _check_tensors(twin, "input", inputs)
        _check_tensors(twin, "output", self.session.get_outputs())
        _check_optional(twin, self.session)
        stated = {row["name"] for row in twin.config["input"]}
        for row in self.session.get_inputs():
            if row.name not in stated:
                twin.refuse(f"finds the input '{row.name}' in {twin.file.name}, and the config does not state it")

    def compute(self, arrays, wanted) -> dict:
        """Return the wanted outputs; only they are computed."""
        names = sorted(wanted)
        feeds = {name: _decoded(name, array) if name in self.texts else array for name, array in arrays.items()}
        return dict(zip(names, map(_encoded, self.session.run(names, feeds))))


def _check_tensors(twin, side, rows) -> None:
    """Refuse a config whose names, types or dims are not the graph's, as the native backend does."""
    graph = {row.name: row for row in rows}
    for stated in twin.config[side]:
        name = stated["name"]
        if name not in graph:
            twin.refuse(f"finds no {side} '{name}' in {twin.file.name}; it has {', '.join(graph)}")
        kind = TYPES.get(graph[name].type)
        if kind != stated["data_type"]:
            twin.refuse(
                f"finds {side} '{name}' of {graph[name].type} in {twin.file.name}, and the config states {stated['data_type']}"
            )
        dims = [int(size) for size in (stated.get("reshape") or {}).get("shape", stated["dims"])]
        shape = [size if isinstance(size, int) else -1 for size in graph[name].shape]
        if twin.batched and shape and shape[0] != -1:
            twin.refuse(
                f"finds {side} '{name}' with a fixed batch of {shape[0]} in {twin.file.name}, and max_batch_size is set"
            )
        whole = [-1] * twin.batched + dims if shape else dims
        if not _fits(whole, shape, exactly=side == "output"):
            twin.refuse(f"finds {side} '{name}' of shape {shape} in {twin.file.name}, and the config states {whole}")


def _fits(stated, shape, *, exactly) -> bool:
    """Say whether stated dims are the graph's: a scalar takes ones, and an input of any size takes one of a size.

    https://github.com/triton-inference-server/onnxruntime_backend/blob/main/src/onnxruntime_utils.cc (CompareDimsSupported).
    """
    if not shape:
        return all(size == 1 for size in stated)
    return len(stated) == len(shape) and all(
        size == known or (known == -1 and not exactly) for size, known in zip(stated, shape)
    )


def _check_optional(twin, session) -> None:
    """Refuse an optional input that is no initializer to override, a required one that is, and any under batching."""
    defaults = {row.name for row in session.get_overridable_initializers()}
    for row in twin.config["input"]:
        optional, name = bool(row.get("optional")), row["name"]
        if optional and twin.batched:
            twin.refuse(f"takes the optional input '{name}' only without batching")
        if optional != (name in defaults):
            has = "has a default" if name in defaults else "has no default"
            twin.refuse(f"finds that input '{name}' {has} in {twin.file.name}, and the config says optional: {optional}")


def _options(twin) -> onnxruntime.SessionOptions:
    level = int(((twin.config.get("optimization") or {}).get("graph") or {}).get("level", 0))
    mode = twin.whole("execution_mode")
    if level not in LEVELS or mode not in MODES:
        twin.refuse(f"takes graph levels -1, 0, 1, 2 and execution modes 0, 1, not level {level} and mode {mode}")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level, options.execution_mode = LEVELS[level], MODES[mode]
    options.intra_op_num_threads = twin.whole("intra_op_thread_count")
    options.inter_op_num_threads = twin.whole("inter_op_thread_count")
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # other stubs need the cores meanwhile
    options.enable_cpu_mem_arena = twin.truth("enable_mem_arena", default=True)
    options.enable_mem_pattern = twin.truth("enable_mem_pattern", default=True)
    return options


def _providers(twin) -> list:
    if twin.device is None:
        return ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        twin.refuse("is asked for a GPU, and this onnxruntime has no CUDA provider; install onnxruntime-gpu")
    return [("CUDAExecutionProvider", {"device_id": twin.device}), "CPUExecutionProvider"]


def _decoded(name, array) -> np.ndarray:
    """Return Triton's bytes as the str that onnxruntime takes."""
    try:
        return np.array([item.decode() for item in array.flat], object).reshape(array.shape)
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: a string is not UTF-8 ({error.reason} at byte {error.start})") from None


def _encoded(array) -> np.ndarray:
    if array.dtype != object:
        return array
    return np.array([item.encode() for item in array.flat], object).reshape(array.shape)
