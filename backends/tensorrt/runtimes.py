"""The TensorRTs that a plan's record may name, as Python modules."""

import ctypes
import importlib
from pathlib import Path

MODULES = {"tensorrt": "tensorrt", "tensorrt-rtx": "tensorrt_rtx_bindings"}
RTX_LIBRARIES = ("libtensorrt_rtx.so.1", "libtensorrt_onnxparser_rtx.so.1")


def module_of(runtime) -> object:
    """Return TensorRT's module of a runtime; TensorRT-RTX wants its libraries loaded first."""
    if runtime == "tensorrt-rtx":
        folder = Path(importlib.import_module("tensorrt_rtx_libs").__file__).parent
        for library in RTX_LIBRARIES:
            ctypes.CDLL(str(folder / library), mode=ctypes.RTLD_GLOBAL)
    return importlib.import_module(MODULES[runtime])
