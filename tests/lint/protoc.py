"""protoc as a judge of our reading of config.pbtxt: it has the same C++ parser as Triton."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from google.protobuf.message import DecodeError

from trireme.lint.text import model_config


@cache
def _descriptors() -> Path:
    """Return a file with the descriptors of ModelConfig, as protoc wants them."""
    file = descriptor_pb2.FileDescriptorProto()
    model_config().DESCRIPTOR.file.CopyToProto(file)
    path = Path(tempfile.mkdtemp(prefix="protoc")) / "model_config.ds"
    path.write_bytes(descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString())
    return path


def read(text: bytes) -> tuple[bool, Any]:
    """Return whether the C++ parser takes a text, and its message; None where a string in it is not UTF-8."""
    file = model_config().DESCRIPTOR.file.name
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={_descriptors()}", file]
    done = subprocess.run([*command, "--encode=inference.ModelConfig"], input=text, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        return False, None
    try:
        return True, model_config().FromString(done.stdout)
    except DecodeError:
        return True, None
