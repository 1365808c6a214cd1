"""The tensorrt twin: an engine where there are a GPU and a TensorRT, else the ONNX beside the plan; it says which."""

from __future__ import annotations

import importlib.util
import json

import triton_python_backend_utils as pb_utils
from runtimes import MODULES, module_of
from twin import Twin

ONNX_BESIDE = "model.onnx"


class TritonPythonModel(Twin):
    """The plan of this GPU's compute capability, or model.onnx on whatever there is."""

    backend = "tensorrt"
    default_file = "model.plan"
    accelerators = ("cuda",)

    def locate(self) -> object:
        plan = super().locate()
        capability = _capability(self.device)
        own = (self.config.get("cc_model_filenames") or {}).get(capability)
        plan = plan.with_name(own) if own else plan
        record = _record(plan)
        self.runtime = record.get("runtime", "tensorrt")
        self.why_no_engine = _why_no_engine(plan, self.device, self.runtime)
        if not self.why_no_engine:
            self._check_record(plan, record, capability)
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

    def _check_record(self, plan, record, capability) -> None:
        """Refuse a plan whose record says that it is another GPU's or another TensorRT's: it might run and be wrong."""
        here = {"capability": capability, "version": str(module_of(self.runtime).__version__)}
        for what, name in (("capability", "compute capability"), ("version", self.runtime)):
            if record.get(what, here[what]) != here[what]:
                self.refuse(
                    f"finds {plan.name} built for {name} {record[what]}, and here is {here[what]}; "
                    "build it here: trireme engines"
                )


def _capability(device) -> str:
    if device is None or importlib.util.find_spec("torch") is None:
        return ""
    import torch

    return ".".join(map(str, torch.cuda.get_device_capability(device))) if torch.cuda.is_available() else ""


def _record(plan) -> dict:
    """Return what stands beside a plan of how it was built; nothing when nobody wrote it down."""
    path = plan.with_name(f"{plan.name}.json")
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _why_no_engine(plan, device, runtime) -> str:
    """Return the reason why the engine cannot be run here, or nothing."""
    if device is not None and importlib.util.find_spec("torch") is not None and not _capability(device):
        return "torch has no CUDA"  # and nobody knows which plan is this GPU's
    if not plan.is_file():
        return f"there is no {plan.name}"
    if device is None:
        return "the instance is not on a GPU"
    missing = [name for name in (MODULES.get(runtime, runtime), "torch") if importlib.util.find_spec(name) is None]
    return f"Python finds no {' and no '.join(missing)}" if missing else ""
