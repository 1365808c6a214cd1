"""Which NVIDIA GPU is here, asked of its driver: neither CUDA nor torch is needed.

https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__DEVICE.html
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

LIBRARY = "libcuda.so.1"
MAJOR, MINOR = 75, 76
"""CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR."""
NAME_BYTES = 256


@dataclass(frozen=True)
class Gpu:
    """A GPU by its product name and its compute capability, such as "8.9"."""

    name: str
    capability: str

    @classmethod
    def here(cls, number: int = 0) -> Gpu | None:
        """Return a GPU of this machine; None where there is no driver, or no such GPU."""
        try:
            cuda = ctypes.CDLL(LIBRARY)
        except OSError:
            return None
        device, name = ctypes.c_int(), ctypes.create_string_buffer(NAME_BYTES)
        if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), number):
            return None
        parts = []
        for attribute in (MAJOR, MINOR):
            value = ctypes.c_int()
            if cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, device):
                return None
            parts.append(str(value.value))
        cuda.cuDeviceGetName(name, NAME_BYTES, device)
        return cls(name.value.decode(), ".".join(parts))


def target(capability: str) -> str:
    """Return a compute capability as TensorRT and file names have it: "8.9" is "sm89"."""
    return "sm" + capability.replace(".", "")


def capability(named: str) -> str:
    """Return a target's compute capability: "sm89" is "8.9", "sm120" is "12.0"."""
    return f"{named[2:-1]}.{named[-1]}"
