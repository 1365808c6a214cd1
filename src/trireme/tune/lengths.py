"""How long texts are once a model has made tokens of them, and what each length costs the model that takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trireme import built, modelconfig
from trireme.errors import CallError, TuneError
from trireme.tune import costs
from trireme.tune.edges import PARAMETER
from trireme.tune.knobs import Knobs
from trireme.tune.live import Live, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from trireme.arrays import Array

MEASURED = 6
"""Lengths that are measured, from the shortest to the longest."""


def edges_now(tree: Path, model: str) -> tuple[int, ...]:
    """Return the edges that a built model pads to now.

    Raises:
        MissingSourceError: it is not built.
        TuneError: it pads to none.

    """
    parameters = built.config(tree, model).parameters
    if PARAMETER not in parameters:
        remedy = "name the model that makes tokens of texts, such as text_tokenizer"
        raise TuneError(model, f"its config has no parameter '{PARAMETER}'", remedy)
    return tuple(int(edge) for edge in parameters[PARAMETER].string_value.split(","))


def measure(tree: Path, model: str, texts: Iterable[str]) -> list[int]:
    """Return the tokens of each text by a built Python model: up to the last of any output that is not zero.

    Raises:
        TuneError: the model has no one input of strings, or refuses a text.

    """
    config = built.config(tree, model)
    if [tensor.data_type for tensor in modelconfig.inputs(config)] != ["TYPE_STRING"]:
        raise TuneError(model, "it does not take one input of strings", "name the model that makes tokens of texts")
    infer = built.infer(tree, model)
    found = []
    for text in texts:
        try:
            outputs = infer(**{config.input[0].name: np.array([[text.encode()]], object)})
        except ValueError as error:
            raise TuneError(model, f"it refuses '{text[:40]}': {error}", "mend the texts") from None
        found.append(max(int(np.flatnonzero(rows[0]).max(initial=-1)) + 1 for rows in outputs.values()))
    return found


def cost(tree: Path, model: str, longest: int, log: Path, example: dict[str, Array]) -> Callable[[Array], Array]:
    """Return what a row of each length costs a built model [us], measured on a server and straight between.

    example is one row, batch included; its open sizes are stretched to a length.

    Raises:
        TuneError: the model refuses a length.

    """
    config = built.config(tree, model)
    open_sizes = {tensor.name: [1, *tensor.dims] for tensor in config.input}
    lengths = np.unique(np.linspace(2, longest, MEASURED).astype(int))

    def row(length: int) -> dict[str, Array]:
        shapes = {name: [length if size == -1 else size for size in sizes] for name, sizes in open_sizes.items()}
        return {name: np.resize(example[name], shape) for name, shape in shapes.items()}

    stage = Stage(model, config, tuple(row(length) for length in lengths))
    with Live(tree, model, log) as live:
        live.load({model: Knobs(1, 1 if config.backend == "onnxruntime" else 0, (1,), 0)})
        try:
            took = costs.lone(live, stage)
        except CallError as error:
            said = f"a row of another length was not answered: {error}"
            raise TuneError(model, said, "name a model whose open sizes may be any") from None
    return lambda asked: np.interp(asked, lengths, took)
