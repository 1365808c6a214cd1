"""Trireme: small model sources in, one versioned Triton model repository out."""

import os

__version__ = "0.1.0"

# onnxruntime's wheels report their use to Microsoft unless this is set before they are loaded, here or in a process of ours:
# https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
