"""What the gateway knows of each model that Triton serves; asked anew every few seconds, so that new models have routes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trireme.arrays import NUMPY
from trireme.errors import SourceError
from trireme.examples import read_examples
from trireme.gateway.admission import Limiter
from trireme.gateway.breaker import Breaker
from trireme.gateway.problems import ProblemError
from trireme.gateway.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trireme.arrays import Array
    from trireme.gateway.endpoint import Served
    from trireme.gateway.settings import Settings


ABSENT_SECONDS = 300.0
"""How long a model that is served no more keeps its routes, which answer 503."""


@dataclass(frozen=True, eq=False)
class Model:
    """One model: its JSON, the rows of its examples, and what is let through to it."""

    served: Served
    schema: Schema
    rows: Sequence[Mapping[str, Array]]
    limiter: Limiter
    breaker: Breaker

    @property
    def name(self) -> str:
        """The model's name."""
        return self.served.name

    @property
    def sample(self) -> dict[str, Array]:
        """The arrays of its first example, or of ones, batch included."""
        return self.single(self.rows[0] if self.rows else _ones(self.served))

    def single(self, row: Mapping[str, Array]) -> dict[str, Array]:
        """Return one row as the model takes it: with a batch of 1, where it has one."""
        return {name: array[None] for name, array in row.items()} if self.served.batched else dict(row)


class Catalog:
    """The models by name, and by the friendly route that their config declares."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.models: dict[str, Model] = {}
        self.routes: dict[str, Model] = {}
        self.changes = 0
        self._absent: dict[str, float] = {}

    def update(self, served: Mapping[str, Served]) -> None:
        """Take in what is served by now.

        A model that is served no more is kept for a while: it may be being replaced, or all of it drains.
        """
        for name, one in served.items():
            known = self.models.get(name)
            if not _is_json(one) or (known is not None and known.served == one):
                continue
            rows = _examples(one, self._settings.examples)
            admission = self._settings.models.get(name, self._settings.admission)
            limiter = known.limiter if known else Limiter(admission)
            breaker = known.breaker if known else Breaker(self._settings.breaker)
            self.models[name] = Model(one, Schema(one, self._settings.limits, rows), rows, limiter, breaker)
            self.changes += 1
        if served:
            self._forget(served)
        absent_first = sorted(self.models.values(), key=lambda model: model.name not in self._absent)
        self.routes = {model.served.route: model for model in absent_first if model.served.route}

    def _forget(self, served: Mapping[str, Served]) -> None:
        """Note which models are absent while others are served, and drop those that are for long."""
        now = time.monotonic()
        self._absent = {name: self._absent.get(name, now) for name in self.models if name not in served}
        for name in [name for name, since in self._absent.items() if now - since > ABSENT_SECONDS]:
            del self.models[name], self._absent[name]
            self.changes += 1

    @property
    def compiled(self) -> set[str]:
        """The models that are no Python code and no ensemble: where a pipeline's own computing is."""
        return {name for name, model in self.models.items() if not model.served.is_python and not model.served.is_ensemble}

    def find(self, name: str, version: str = "") -> Model:
        """Return a model.

        Raises:
            ProblemError: there is no such model or version.

        """
        found = self.models.get(name)
        if found is None:
            raise ProblemError("unknown-model", "no model of that name is served; GET /v1/models names them")
        if version and version not in found.served.versions:
            raise ProblemError("unknown-model", f"'{name}' has the versions {', '.join(found.served.versions)}")
        return found


def _is_json(served: Served) -> bool:
    """Say whether numpy, and so JSON, has every type of a model: TYPE_BF16 it has not, and such a model has no route."""
    return all(tensor.data_type in NUMPY for tensor in (*served.inputs, *served.outputs))


def _examples(served: Served, folders: Sequence[str]) -> list[Mapping[str, Array]]:
    """Return the inputs of a model's examples, from the first folder that has some."""
    for folder in folders:
        if (Path(folder) / served.name / "examples.json").is_file():
            try:
                return [example.inputs for example in read_examples(Path(folder) / served.name, served.config)]
            except SourceError:
                return []  # examples of another state of the model: the gateway serves what Triton has
    return []


def _ones(served: Served) -> dict[str, Array]:
    """Return a row of ones, or of the text 1; a size that varies is 1."""
    found: dict[str, Array] = {}
    for tensor in served.inputs:
        dtype = NUMPY.get(tensor.data_type, np.float32)
        found[tensor.name] = np.full([max(size, 1) for size in tensor.dims], b"1" if dtype is np.object_ else 1, dtype)
    return found
