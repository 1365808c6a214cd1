"""`trireme call`: ask a served model its examples, or what the caller gives, and show the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trireme import modelconfig
from trireme.asking import ask
from trireme.client import Client
from trireme.errors import InputRefusedError, MissingSourceError
from trireme.examples import read_examples
from trireme.plan import TREE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.arrays import Array
    from trireme.spec import Ensemble, Model

LONGEST = 12
"""Numbers of one tensor that are shown; longer ones are described."""


@dataclass(frozen=True)
class Target:
    """Whom to ask."""

    address: str
    version: str
    timeout: float


def given_lines(model: str, inputs: tuple[str, ...], target: Target) -> Iterator[str]:
    """Yield the answer to NAME=VALUE inputs, a tensor a line; the model need not be ours.

    Raises:
        CallError: the model refused, or nobody answered.

    """
    values = dict(_parse(model, text) for text in inputs)
    with Client(target.address, timeout=target.timeout) as client:
        yield from _shown(client.infer(model, values, version=target.version))


def example_lines(root: Path, unit: Model | Ensemble, target: Target) -> Iterator[str]:
    """Yield each example of a model and the answer to it, a tensor a line.

    Raises:
        CallError: the model refused, or nobody answered.

    """
    path = root / TREE / unit.name / "config.pbtxt"
    if not path.is_file():
        raise MissingSourceError(unit.place, f"{TREE}/{unit.name}", "run `make repo`")
    config = modelconfig.from_text(path.read_text(encoding="utf-8"))
    with Client(target.address, timeout=target.timeout) as client:
        for example in read_examples(unit.folder, config):
            found = ask(client, config, example, target.version)
            yield from (*_shown(example.inputs), "->", *_shown(found))


def _parse(model: str, text: str) -> tuple[str, object]:
    """Return the name and value of NAME=VALUE: JSON, @file, or the text itself."""
    name, separator, value = text.partition("=")
    if not separator:
        raise InputRefusedError(model, text, "write it as NAME=VALUE")
    if value.startswith("@"):
        if not Path(value[1:]).is_file():
            raise InputRefusedError(model, name, f"there is no file {value[1:]}")
        return name, [Path(value[1:]).read_bytes()]
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError:
        return name, [value]
    return name, parsed if isinstance(parsed, list) else [parsed]


def _shown(arrays: Mapping[str, Array]) -> Iterator[str]:
    for name, array in arrays.items():
        yield f"  {name:20} {_short(array)}"


def _short(array: Array) -> str:
    if array.dtype == np.object_:
        return ", ".join(_text(item) for item in array.flat[:LONGEST])
    numbers = ", ".join(f"{number:.6g}" for number in array.flat[:LONGEST])
    if array.size > LONGEST:
        return f"{array.dtype}{list(array.shape)} {numbers}, ..."
    return numbers


def _text(item: bytes) -> str:
    try:
        text = item.decode()
    except UnicodeDecodeError:
        return f"{len(item)} bytes"
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - one line of a terminal
