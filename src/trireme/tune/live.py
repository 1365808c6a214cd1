"""The unit that is tuned, on the real server, loaded with any knobs through the load API's config override: no restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tritonclient.grpc as grpcclient
from google.protobuf import json_format

from trireme import built, pipeline
from trireme.client import Client
from trireme.errors import ServerError
from trireme.server.process import AS_WRITTEN, Server
from trireme.tune import edges, openloop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from tritonclient.grpc.model_config_pb2 import ModelConfig
    from typing_extensions import Self

    from trireme.arrays import Array
    from trireme.tune.edges import Lengths
    from trireme.tune.knobs import Knobs

    Inputs = Mapping[str, Array]

LOAD_SECONDS = 120.0


@dataclass(frozen=True)
class Stage:
    """One model of the unit: its config, and what it is given for each kind of request, whole arrays of one row."""

    name: str
    config: ModelConfig
    inputs: tuple[Inputs, ...]
    version: str = ""
    """The one that a pipeline pins; empty for the newest."""

    def shapes(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """Return the shapes of each kind's inputs."""
        return tuple(tuple(array.shape for array in kind.values()) for kind in self.inputs)

    def request(self, kind: int, rows: int) -> bytes:
        """Return so many rows of a kind as one request."""
        inputs = {name: np.repeat(array, rows, axis=0) for name, array in self.inputs[kind].items()}
        return openloop.request(self.name, inputs, self.version)


class Live:
    """A server over a built tree that serves one unit, a model or an ensemble, and what it is made of, as a variant has it.

    lengths are what models pad to instead.
    """

    def __init__(self, tree: Path, unit: str, log: Path, variant: str = "", lengths: Lengths = ()) -> None:
        self.unit = unit
        self.samples: Sequence[Inputs] = ()
        self._server = Server(tree, log, flags=(AS_WRITTEN, "--model-control-mode=explicit"))
        self.config = built.config(tree, unit)
        self.steps = pipeline.steps(self.config)
        self.members = [step.model_name for step in self.steps] or [unit]
        self.configs = {name: edges.padded(built.config(tree, name, variant), lengths) for name in self.members}
        if not self.steps:
            self.config = self.configs[unit]

    def __enter__(self) -> Self:
        """Start the server."""
        self._server.start()
        self._client = grpcclient.InferenceServerClient(self.address.removeprefix("grpc://"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop it."""
        self._client.close()
        self._server.stop()

    @property
    def address(self) -> str:
        """Return where it listens."""
        return self._server.grpc

    @property
    def http(self) -> str:
        """Return where it listens for requests."""
        return self._server.http

    def load(self, knobs: Mapping[str, Knobs]) -> None:
        """Load the unit anew with these knobs; models that are not named keep what is built.

        A pipeline is loaded as an ensemble, whatever the variant says of it.

        Raises:
            ServerError: Triton refused one.

        """
        ensemble = [] if self.unit in self.members else [self.unit]
        for name in (*self.members, *ensemble):
            config = self.configs.get(name, self.config)
            config = knobs[name].over(config) if name in knobs else config
            text = json_format.MessageToJson(config, preserving_proto_field_name=True)
            try:
                self._client.load_model(name, config=text, client_timeout=LOAD_SECONDS)
            except grpcclient.InferenceServerException as error:
                message = f"{name}: Triton refused {knobs.get(name, 'its config')}: {error.message()}"
                raise ServerError(message) from None

    def stages(self, samples: Sequence[Inputs]) -> tuple[Stage, ...]:
        """Return the unit's models with what each is given for each sample: the pipeline is run once a sample.

        Raises:
            CallError: a sample is refused.

        """
        self.samples = samples
        if not self.steps:
            return (Stage(self.unit, self.config, tuple(samples)),)
        given: dict[str, list[Inputs]] = {step.model_name: [] for step in self.steps}
        with Client(self.address) as client:
            for sample in samples:
                known: dict[str, Array] = dict(sample)
                for step in self.steps:
                    inputs = {name: known[tensor] for name, tensor in step.input_map.items() if tensor in known}
                    given[step.model_name].append(inputs)
                    found = client.infer(step.model_name, inputs, version=_pinned(step))
                    known |= {tensor: found[name] for name, tensor in step.output_map.items()}
        pinned = {step.model_name: _pinned(step) for step in self.steps}
        return tuple(Stage(name, self.configs[name], tuple(rows), pinned[name]) for name, rows in given.items())

    def batch_stats(self, stage: Stage) -> dict[int, tuple[int, int]]:
        """Return, for each batch size, how often it ran and the nanoseconds it took, input and output included."""
        rows: Any = self._client.get_inference_statistics(stage.name, stage.version).model_stats
        stats = max(rows, key=lambda row: int(row.version))  # the newest answers who names none
        return {
            int(row.batch_size): (
                int(row.compute_infer.count),
                int(row.compute_input.ns + row.compute_infer.ns + row.compute_output.ns),
            )
            for row in stats.batch_stats
        }


def _pinned(step: Any) -> str:  # noqa: ANN401 - an ensemble's step
    return str(step.model_version) if step.model_version > 0 else ""
