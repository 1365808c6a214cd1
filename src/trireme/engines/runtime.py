"""The two builders of engines behind one seam: TensorRT for data centres, TensorRT-RTX from PyPI, which needs no GPU.

Their Python API is the same but for two things: TensorRT-RTX names the GPUs that it builds for, and builds strongly typed
networks only. https://docs.nvidia.com/deeplearning/tensorrt-rtx/latest/
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trireme import gpu
from trireme.errors import EngineError, ValueRefusedError, suggestion
from trireme.gpu import Gpu

RTX, DATA_CENTRE = "tensorrt-rtx", "tensorrt"
NAMES = (RTX, DATA_CENTRE)
RTX_LIBRARIES = ("libtensorrt_rtx.so.1", "libtensorrt_onnxparser_rtx.so.1")
INSTALL = {
    RTX: "pip install 'trireme[engines]' (`make setup` does)",
    DATA_CENTRE: "build it inside the Triton image of versions.toml, or take the other by --runtime tensorrt-rtx",
}


@dataclass(frozen=True)
class Runtime:
    """A TensorRT that is installed: its name, its module and its version."""

    name: str
    module: Any

    @property
    def version(self) -> str:
        """Return the version that a plan must be read with."""
        return str(self.module.__version__)

    def targets(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        """Return the GPUs to build for, as "sm89": those that are asked for, by default the one that is here.

        Raises:
            EngineError: none is here and none is asked for, or this runtime builds for the GPU that is here only.
            ValueRefusedError: a name is none that it knows.

        """
        here = Gpu.here()
        own = gpu.target(here.capability) if here else ""
        if self.name == DATA_CENTRE:
            if not own:
                raise EngineError(
                    "engines", f"{self.name} builds on the GPU that it builds for, and none is here", INSTALL[RTX]
                )
            for other in set(asked) - {own}:
                raise EngineError(
                    "engines", f"{self.name} builds for the GPU that is here ({own}), not {other}", f"ask for {own}"
                )
            return (own,)
        known = [name.lower() for name in self.module.ComputeCapability.__members__ if name.startswith("SM")]
        for name in asked:
            if name not in known:
                raise ValueRefusedError("--for", name, suggestion(name, known))
        if not asked and own not in known:
            found = f"the GPU that is here is a {own}" if own else "no GPU is here"
            raise EngineError(
                "engines", f"{found}, and none is named", f"name some: --for {known[-1]}; known are {', '.join(known)}"
            )
        return tuple(dict.fromkeys(asked or (own,)))


def find(name: str = "") -> Runtime:
    """Return the runtime of a name; without one TensorRT where it is installed, else TensorRT-RTX.

    Raises:
        EngineError: it is not installed, or its libraries do not load.

    """
    chosen = name or (DATA_CENTRE if importlib.util.find_spec("tensorrt") else RTX)
    try:
        return Runtime(chosen, _rtx() if chosen == RTX else importlib.import_module("tensorrt"))
    except (ImportError, OSError) as error:
        raise EngineError("engines", f"{chosen} cannot be loaded ({error})", INSTALL[chosen]) from None


def _rtx() -> Any:  # noqa: ANN401 - a module without types
    """Return the bindings of TensorRT-RTX, with the libraries that they want loaded from the wheel beside them."""
    folder = Path(str(importlib.import_module("tensorrt_rtx_libs").__file__)).parent
    for library in RTX_LIBRARIES:
        ctypes.CDLL(str(folder / library), mode=ctypes.RTLD_GLOBAL)
    return importlib.import_module("tensorrt_rtx_bindings")
