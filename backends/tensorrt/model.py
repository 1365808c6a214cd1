"""The tensorrt twin: an engine where there are a GPU and a TensorRT, else the ONNX beside the plan; it says which."""

from __future__ import annotations

import importlib.util

import triton_python_backend_utils as pb_utils
from twin import Twin

ONNX_BESIDE = "model.onnx"


class TritonPythonModel(Twin):
    """model.plan on a GPU, or model.onnx on whatever there is."""

    backend = "tensorrt"
    default_file = "model.plan"
    accelerators = ("cuda",)

    def locate(self) -> object:
        plan = super().locate()
        self.why_no_engine = _why_no_engine(plan, self.device)
        chosen = plan.with_name(ONNX_BESIDE) if self.why_no_engine else plan
        if self.why_no_engine and not chosen.is_file():
            self.refuse(f"cannot run an engine ({self.why_no_engine}), and no {ONNX_BESIDE} lies beside {plan.name}")
        because = f" ({self.why_no_engine})" if self.why_no_engine else ""
        pb_utils.Logger.log_info(f"{self.name}: the tensorrt twin took {chosen.name}{because}")
        return chosen

    def open(self) -> None:
        if self.why_no_engine:
            import onnxruntime
            from onnx_session import OnnxSession as Runner

            if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
                self.device = None  # better slowly on the CPU than not at all: the log has said why
        else:
            from engine import Engine as Runner
        self.runner = Runner(self)

    def run(self, arrays, wanted) -> dict:
        return self.runner.compute(arrays, wanted)


def _why_no_engine(plan, device) -> str:
    """Return the reason why the engine cannot be run here, or nothing."""
    if not plan.is_file():
        return f"there is no {plan.name}"
    if device is None:
        return "the instance is not on a GPU"
    missing = [name for name in ("tensorrt", "torch") if importlib.util.find_spec(name) is None]
    return f"Python finds no {' and no '.join(missing)}" if missing else ""
