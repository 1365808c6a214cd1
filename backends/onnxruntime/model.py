"""The onnxruntime twin: ONNX models by onnxruntime's Python package."""

from __future__ import annotations

from twin import Twin


class TritonPythonModel(Twin):
    """One ONNX session an instance."""

    backend = "onnxruntime"
    default_file = "model.onnx"
    accelerators = ("cuda",)

    def open(self) -> None:
        from onnx_session import OnnxSession  # late: Triton imports this file once more, to complete the config

        self.session = OnnxSession(self)

    def run(self, arrays, wanted) -> dict:
        return self.session.compute(arrays, wanted)
