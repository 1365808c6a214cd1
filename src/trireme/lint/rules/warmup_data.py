"""A warm-up input without data.

`zero_data`, `random_data` or `input_data_file`, the last one a file in the folder `warmup/` of the model that is
large enough.

Bad::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup {
      name: "one"
      batch_size: 1
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 3 ] input_data_file: "x.bin" } }
    }

Good::

    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
    model_warmup {
      name: "one"
      batch_size: 1
      inputs { key: "x" value { data_type: TYPE_FP32 dims: [ 3 ] random_data: true } }
    }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import files, walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trireme.lint.repository import Model

CODE = "TR454"
SEVERITY = "error"
MOST_BYTES = 1 << 24
TRITON = (
    r"expected \d+ string elements|incomplete string|"
    r"to have input_data_type set|failed to open text file for read|bytes, but the data provided from"
)


def check(model: Model) -> Iterator[Problem]:
    """Look for the data of each sample's inputs."""
    for number, sample in walk.warmups(model):
        for name, value in sample.inputs.items():
            place = f"model_warmup[{number}].inputs['{name}']"
            kind = value.WhichOneof("input_data_type")
            if kind is None:
                yield Problem(
                    place, f"the sample's '{name}' has no data", "add zero_data: true, random_data: true or input_data_file"
                )
            elif kind == "input_data_file":
                path = files.below(model.path / "warmup", value.input_data_file)
                needs = walk.elements(value.dims) * walk.DATA_TYPE_BYTES.get(walk.enum_name(value), 0)
                if not files.is_file(path):
                    yield Problem(place, f"the file '{value.input_data_file}' is not in warmup/", "put it there")
                elif walk.enum_name(value) == "TYPE_STRING":
                    yield from _strings(place, path, walk.elements(value.dims))
                elif files.size(path) < needs:
                    message = f"'{name}' needs {needs} bytes, and '{value.input_data_file}' has {files.size(path)}"
                    yield Problem(place, message, "write the whole tensor, without the batch")


def _strings(place: str, path: Path, needs: int) -> Iterator[Problem]:
    """Count the texts of a file: each is its length in four bytes, little-endian, and its bytes."""
    try:
        with path.open("rb") as file:
            data, position, found = file.read(MOST_BYTES), 0, 0
    except OSError as error:
        yield Problem(place, f"'{path.name}' cannot be read: {error.strerror}", "let the server's user read it")
        return
    while position + 4 <= len(data):
        position += 4 + int.from_bytes(data[position : position + 4], "little")
        found += position <= len(data)
    if needs >= 0 and (found != needs or position != len(data)):
        message = f"'{path.name}' holds {found} texts, and the input takes {needs}"
        yield Problem(place, message, "write each text as its length in four bytes (little-endian) and its bytes")
