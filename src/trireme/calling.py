"""`trireme call`: ask a served model its examples, or what the caller gives, and show the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trireme import modelconfig
from trireme.client import Client
from trireme.errors import InputRefusedError
from trireme.examples import read_examples
from trireme.plan import TREE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.discover import Sources
    from trireme.tensors import Array

LONGEST = 12
"""Numbers of one tensor that are shown; longer ones are described."""


@dataclass(frozen=True)
class Target:
    """Whom to ask."""

    address: str
    version: str
    timeout: float


def lines(sources: Sources, model: str, inputs: tuple[str, ...], target: Target) -> Iterator[str]:
    """Yield what is asked and what is answered, a tensor a line.

    Raises:
        CallError: the model refused, or nobody answered.

    """
    with Client(target.address, timeout=target.timeout) as client:
        if inputs:
            values = dict(_parse(model, text) for text in inputs)
            yield from _shown(client.infer(model, values, version=target.version))
            return
        unit = sources.unit(model)
        config = modelconfig.from_text((sources.root / TREE / model / "config.pbtxt").read_text(encoding="utf-8"))
        batched = config.max_batch_size > 0
        for example in read_examples(unit.folder, config):
            given = {name: array[None] if batched else array for name, array in example.inputs.items()}
            yield from _shown(given)
            yield "->"
            yield from _shown(client.infer(model, given, version=target.version))


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
