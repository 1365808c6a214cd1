"""Run this bundle without a server: `python run.py '{"<input>": [[...]]}'`, or `from run import infer`."""

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime

HERE = Path(__file__).resolve().parent
BUNDLE = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
TYPES = {"FP16": "f2", "FP32": "f4", "FP64": "f8", "BOOL": "?", "STRING": "O"}


def open_onnx(step):
    session = onnxruntime.InferenceSession(str(HERE / step["name"] / step["file"]), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda **arrays: dict(zip(names, session.run(names, arrays)))


def open_python(step):
    folder = HERE / step["name"]
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(step["name"], folder / step["file"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "setup"):
        module.setup(SimpleNamespace(folder=folder, parameters=step["parameters"]))
    return module.infer


STEPS = [(step, (open_onnx if step["kind"] == "onnx" else open_python)(step)) for step in BUNDLE["steps"]]


def infer(inputs):
    """Name -> array of whole rows, batch first (strings as bytes); returns the outputs by name."""
    known = {name: np.asarray(inputs[name], TYPES.get(kind, kind.lower())) for name, kind in BUNDLE["inputs"].items()}
    for step, run in STEPS:
        found = run(**{name: known[tensor] for name, tensor in step["input_map"].items()})
        known.update({tensor: found[name] for name, tensor in step["output_map"].items()})
    return {name: known[name] for name in BUNDLE["outputs"]}


def read(row):
    """Return the array of {"file": "x.npy"}, or the bytes of any other file."""
    if "file" not in row:
        return row
    return np.load(row["file"]) if row["file"].endswith(".npy") else Path(row["file"]).read_bytes()


if __name__ == "__main__":
    given = json.loads(sys.argv[1], object_hook=read)
    as_bytes = np.vectorize(lambda item: item.encode() if isinstance(item, str) else item, otypes=[object])
    answer = infer({name: as_bytes(rows) if BUNDLE["inputs"].get(name) == "STRING" else rows for name, rows in given.items()})
    print(json.dumps({name: rows.tolist() for name, rows in answer.items()}, default=bytes.decode))
