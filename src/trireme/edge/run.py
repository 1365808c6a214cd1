"""Run this bundle without a server: `python run.py '{"<input>": [[...]]}'`, or `from run import infer`."""

import json
import os
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # onnxruntime reports its use to Microsoft unless it is told not to
import onnxruntime

HERE = Path(__file__).resolve().parent
BUNDLE = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
TYPES = {"FP16": "f2", "FP32": "f4", "FP64": "f8", "BOOL": "?", "STRING": "O"}


def open_onnx(step):
    session = onnxruntime.InferenceSession(str(HERE / step["name"] / step["file"]), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda **arrays: dict(zip(names, session.run(names, arrays)))


def open_python(step):
    folder, before = HERE / step["name"], set(sys.modules)
    sys.path.insert(0, str(folder))
    found = runpy.run_path(str(folder / step["file"]))
    sys.path.remove(str(folder))
    for name in set(sys.modules) - before:  # another step's neighbours may bear the same names
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
    if "setup" in found:
        found["setup"](SimpleNamespace(folder=folder, parameters=step["parameters"]))
    return found["infer"]


STEPS = [(step, (open_onnx if step["kind"] == "onnx" else open_python)(step)) for step in BUNDLE["steps"]]


def cast(rows, kind):
    array = np.asarray(rows, TYPES.get(kind, kind.lower()))
    texts = [one.encode() if isinstance(one, str) else one for one in array.flat] if kind == "STRING" else None
    return array if texts is None else np.array(texts, object).reshape(array.shape)


def infer(inputs):
    """Name -> array of whole rows, batch first (strings as bytes); returns the outputs by name."""
    known = {name: cast(inputs[name], kind) for name, kind in BUNDLE["inputs"].items() if name in inputs}
    for step, run in STEPS:
        found = run(**{name: known[tensor] for name, tensor in step["input_map"].items() if tensor in known})
        known.update({tensor: cast(found[name], step["types"][name]) for name, tensor in step["output_map"].items()})
    return {name: known[name] for name in BUNDLE["outputs"]}


def read(row):
    """Return the array of {"file": "x.npy"}, or the bytes of any other file."""
    if "file" not in row:
        return row
    return np.load(row["file"]) if row["file"].endswith(".npy") else Path(row["file"]).read_bytes()


if __name__ == "__main__":
    answer = infer(json.loads(sys.argv[1], object_hook=read))
    print(json.dumps({name: rows.tolist() for name, rows in answer.items()}, default=bytes.decode))
