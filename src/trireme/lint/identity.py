"""What Triton fills in of a model before it validates it: backend, platform, and the name of the model's file.

The steps are those of https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc
(AutoCompleteBackendFields).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from trireme.lint.files import Entries

FILES = {
    "tensorrt": "model.plan",
    "onnxruntime": "model.onnx",
    "openvino": "model.xml",
    "pytorch": "model.pt",
    "python": "model.py",
}
PLATFORMS = {
    "tensorrt_plan": "tensorrt",
    "onnxruntime_onnx": "onnxruntime",
    "pytorch_libtorch": "pytorch",
    "tensorflow_graphdef": "tensorflow",
    "tensorflow_savedmodel": "tensorflow",
}
"""Which backend a platform belongs to; a known backend takes no other platform (GetBackendTypeFromPlatform)."""
TENSORFLOW = {"tensorflow_graphdef": "model.graphdef", "tensorflow_savedmodel": "model.savedmodel"}
NEWER = {"torch_aoti": "model.pt2", "libtorch": "model.pt"}
"""Platforms of the PyTorch backend that 24.10 does not know, and their files."""
LAST_WITHOUT_NEWER = "24.10"


class Identity(NamedTuple):
    """Backend, platform and file name; the backend is empty for an ensemble, or when Triton cannot tell."""

    backend: str
    platform: str
    filename: str


def of(name: str, config: Any, found: Entries, releases: tuple[str, ...]) -> Identity:  # noqa: ANN401 - ModelConfig
    """Return what Triton makes of a model's name, its config, and what the first folder in it holds."""
    backend, platform, filename = config.backend, config.platform, config.default_model_filename
    blank = not (backend or platform or filename)
    if not platform and backend in ("", "tensorflow"):
        platform = _tensorflow(filename, found)
    if platform in TENSORFLOW:
        return Identity(backend or "tensorflow", platform, filename or TENSORFLOW[platform])
    if blank and NEWER["torch_aoti"] in found.files and max(releases) > LAST_WITHOUT_NEWER:
        platform = "torch_aoti"
    if platform in NEWER and backend in ("", "pytorch"):
        return Identity("pytorch", platform, filename or NEWER[platform])
    for known, file in FILES.items():
        own = next((one for one, owner in PLATFORMS.items() if owner == known), "")
        if not backend:
            there = file in found.files or (known in ("onnxruntime", "openvino", "python") and file in found.folders)
            if (own and platform == own) or filename == file or (blank and there):
                backend = known
        if backend == known:
            return Identity(backend, platform or own, filename or file)
    if blank and "." in name:
        backend = name.partition(".")[2]
        filename = f"model.{backend}"
    return Identity(backend, platform, filename)


def _tensorflow(filename: str, found: Entries) -> str:
    """Return TensorFlow's platform for a file's name, or without a name for what the version's folder holds."""
    platforms = {file: name for name, file in TENSORFLOW.items()}
    held = {"model.savedmodel": found.folders, "model.graphdef": found.files} if not filename else {}
    return platforms.get(filename, next((platforms[file] for file, names in held.items() if file in names), ""))
