"""Run this bundle without a server: `python run.py '{"<input>": [[...]]}'`, or `from run import infer`."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import infer as steps
import numpy as np

HERE = Path(__file__).resolve().parent
BUNDLE = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
steps.setup(SimpleNamespace(folder=HERE, parameters={"steps": "bundle.json"}))


def infer(inputs):
    """Name -> whole rows, batch first; returns the outputs by name, arrays (strings as bytes)."""
    return steps.infer(**{name: steps.cast(inputs[name], kind) for name, kind in BUNDLE["inputs"].items() if name in inputs})


def read(row):
    """Return the array of {"file": "x.npy"}, or the bytes of any other file."""
    if "file" not in row:
        return row
    return np.load(row["file"]) if row["file"].endswith(".npy") else Path(row["file"]).read_bytes()


if __name__ == "__main__":
    answer = infer(json.loads(sys.argv[1], object_hook=read))
    print(json.dumps({name: rows.tolist() for name, rows in answer.items()}, default=bytes.decode))
