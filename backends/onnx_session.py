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
MODES = {0: onnxruntime.ExecutionMode.ORT_SEQUENTIAL, 1: onnxruntime.ExecutionMode.ORT_PARALLEL}


class OnnxSession:
    """One session of the twin's file, on the twin's device."""

    def __init__(self, twin) -> None:
        self.session = onnxruntime.InferenceSession(str(twin.file), _options(twin), _providers(twin))
        self.texts = {row.name for row in self.session.get_inputs() if row.type == "tensor(string)"}
        for side, rows in (("input", self.session.get_inputs()), ("output", self.session.get_outputs())):
            known = [row.name for row in rows]
            for row in twin.config[side]:
                if row["name"] not in known:
                    twin.refuse(f"finds no {side} '{row['name']}' in {twin.file.name}; it has {', '.join(known)}")

    def compute(self, arrays, wanted) -> dict:
        """Return the wanted outputs; only they are computed."""
        names = sorted(wanted)
        feeds = {name: _decoded(name, array) if name in self.texts else array for name, array in arrays.items()}
        return dict(zip(names, map(_encoded, self.session.run(names, feeds))))


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
