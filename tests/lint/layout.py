"""Examples as the pages of rules write them, laid out as repositories.

An example is one config.pbtxt, of the model `example`; or several files, each after a line `==> path <==`. A Python
model without a version gets one that answers nothing, an ensemble an empty one. `(onnx) <graph>` is the text form of
an ONNX graph (`(onnx 3)` of that IR version), `(17 MiB)` a comment of that size.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import onnx

if TYPE_CHECKING:
    from pathlib import Path

MODEL = """import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [pb_utils.InferenceResponse([]) for _ in requests]
"""
HEADER = '<ir_version: %d, opset_import: ["": %d]>'
ONNX = re.compile(r"\(onnx(?: (\d+))?\) ")
SIZE = re.compile(r"\((\d+) MiB\)")
FILE = re.compile(r"^==> (.+) <==\n", re.MULTILINE)


def files_of(example: str) -> dict[str, str]:
    """Return the files of an example by their paths in the repository."""
    parts = FILE.split(example)
    if len(parts) == 1:
        return {"example/config.pbtxt": example}
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def lay_out(example: str, root: Path, prefix: str = "") -> Path:
    """Write an example's files under a folder, with what makes its models whole; a prefix goes before each model's name."""
    root.mkdir(parents=True, exist_ok=True)
    files = files_of(example)
    models = {path.split("/")[0] for path in files if "/" in path}
    for path, content in files.items():
        text = content
        for model in models if path.endswith(".pbtxt") else ():
            text = text.replace(f'"{model}"', f'"{prefix}{model}"')
        target = root / (prefix + path if "/" in path else path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source := ONNX.match(text):
            target.write_bytes(graph(text[source.end() :].strip(), int(source[1] or 8)))
        elif size := SIZE.match(text):
            target.write_bytes(b"#" * (int(size[1]) << 20))
        else:
            target.write_text(text, encoding="utf-8")
    for model in models:
        complete(root / (prefix + model))
    return root


def complete(model: Path) -> None:
    """Give a model its version folder, unless it has a folder of its own."""
    if (
        any(folder.is_dir() and folder.name[0].isdigit() for folder in model.iterdir())
        or not (model / "config.pbtxt").is_file()
    ):
        return
    (model / "1").mkdir()
    config = (model / "config.pbtxt").read_text(encoding="utf-8", errors="replace")
    if "ensemble_scheduling" not in config and '"ensemble"' not in config:
        (model / "1" / "model.py").write_text(MODEL, encoding="utf-8")


def graph(text: str, ir_version: int = 8) -> bytes:
    """Return an ONNX file; «... weight in <file>» keeps an initializer outside."""
    text, _, outside = text.partition(" weight in ")
    model = onnx.parser.parse_model(f"{HEADER % (ir_version, 17 if ir_version > 3 else 8)} {text}")
    if outside:
        weight = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "weight")
        weight.ClearField("raw_data")
        weight.data_location = onnx.TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=outside)
        model.graph.initializer.append(weight)
    return model.SerializeToString()
