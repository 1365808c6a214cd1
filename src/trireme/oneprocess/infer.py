"""Runs the steps of a pipeline in one process, with onnxruntime and numpy, as any infer.py: a table beside it says which.

A step whose outputs have open sizes runs a row at a time, so that no row is padded to another; rows of one shape are joined
again for the steps after it.
"""

import json
import os
import re
import runpy
import sys
from types import SimpleNamespace

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # onnxruntime reports its use to Microsoft unless it is told not to
import onnxruntime

TYPES = {"FP16": "f2", "FP32": "f4", "FP64": "f8", "BOOL": "?", "STRING": "O"}

table: dict
steps: list


def setup(context):
    """Open the steps of the table that the parameter `steps` names; their folders are relative to it."""
    global steps, table
    table = json.loads((context.folder / context.parameters["steps"]).read_text(encoding="utf-8"))
    openers = {"onnx": _open_onnx, "python": _open_python}
    steps = []
    for step in table["steps"]:
        folder = (context.folder / step["folder"]).resolve()
        if not (folder / step["file"]).is_file():
            raise FileNotFoundError(
                f"{folder / step['file']} is missing: a pipeline in one process reads its steps beside itself; where Triton "
                "copies models one by one, serve the ensemble (another --model-config-name)"
            )
        steps.append((step, openers[step["kind"]](step, folder)))


def infer(**inputs):
    """Name -> array of whole rows, batch first (strings as bytes); returns the outputs by name."""
    count = len(next(iter(inputs.values()))) if table["batched"] else 1
    known = {name: list(array) if table["batched"] else [array] for name, array in inputs.items()}
    for step, run in steps:
        taken = {name: tensor for name, tensor in step["input_map"].items() if tensor in known}
        made = {tensor: [None] * count for tensor in step["output_map"].values()}
        for rows in _groups(step, taken, known, count):
            given = {name: [known[tensor][row] for row in rows] for name, tensor in taken.items()}
            found = _run(run, given, rows, step)
            for name, tensor in step["output_map"].items():
                for row, value in zip(rows, _values(found, name, step, len(rows))):
                    made[tensor][row] = value
        known.update(made)
    return {name: np.stack(known[name]) if table["batched"] else known[name][0] for name in table["outputs"]}


def cast(rows, kind):
    """Return an array of Triton's type, as Triton would hand it on."""
    array = np.asarray(rows, TYPES.get(kind, kind.lower()))
    texts = [one.encode() if isinstance(one, str) else one for one in array.flat] if kind == "STRING" else None
    return array if texts is None else np.array(texts, object).reshape(array.shape)


def _groups(step, taken, known, count):
    """Return the rows that run together: those whose inputs have one shape, each alone for a step that would pad them."""
    if step["alone"]:
        return [[row] for row in range(count)]
    groups = {}
    for row in range(count):
        groups.setdefault(tuple(known[tensor][row].shape for tensor in taken.values()), []).append(row)
    return groups.values()


def _run(run, given, rows, step):
    """Run a step on some rows; its refusal names the pipeline's tensor, and the row of the request."""
    try:
        return run(**{name: np.stack(values) if table["batched"] else values[0] for name, values in given.items()})
    except ValueError as error:
        name, colon, said = str(error).partition(":")
        if not colon or name not in given:
            raise
        said = re.sub(r"\brow (\d+)", lambda found: f"row {rows[min(int(found[1]), len(rows) - 1)]}", said)
        raise ValueError(f"{step['input_map'][name]}:{said}") from None


def _values(found, name, step, count):
    """Return an output's values, one a row, of the type that the step's config states; refuse what Triton would."""
    if name not in found:
        raise RuntimeError(f"{step['name']} made no output '{name}'; it made {', '.join(sorted(found))}")
    array, wanted = np.asarray(found[name]), step["types"][name]
    if wanted != "STRING" and not np.can_cast(array.dtype, TYPES.get(wanted, wanted.lower()), "same_kind"):
        raise RuntimeError(f"{step['name']} made '{name}' of {array.dtype}, and its config states {wanted}")
    if not table["batched"]:
        return [cast(array, wanted)]
    if array.shape[:1] != (count,):
        raise RuntimeError(f"{step['name']} made '{name}' of shape {array.shape} for {count} rows")
    return cast(array, wanted)


def _open_onnx(step, folder):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = step["threads"]
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # other processes need the cores meanwhile
    session = onnxruntime.InferenceSession(str(folder / step["file"]), options, providers=["CPUExecutionProvider"])
    names = list(step["output_map"])
    texts = {row.name for row in session.get_inputs() if row.type == "tensor(string)"}

    def run(**arrays):
        feeds = {name: _decoded(name, array) if name in texts else array for name, array in arrays.items()}
        return dict(zip(names, session.run(names, feeds)))

    return run


def _decoded(name, array):
    """Return Triton's bytes as the str that onnxruntime takes."""
    try:
        return np.array([item.decode() for item in array.flat], object).reshape(array.shape)
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: a string is not UTF-8 ({error.reason} at byte {error.start})") from None


def _open_python(step, folder):
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    found = runpy.run_path(str(folder / step["file"]))
    if "setup" in found:
        found["setup"](SimpleNamespace(folder=folder, parameters=step["parameters"]))
    sys.path.remove(str(folder))
    for name in set(sys.modules) - before:  # another step's neighbours may bear the same names
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
    return found["infer"]
