"""One served model as the conformance tests ask it: its config, its requests, and how to send them right and wrong."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tritonclient.grpc as grpcclient
from tritonclient.grpc.model_config_pb2 import ModelConfig
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from trireme.arrays import NUMPY
from trireme.examples import Example, read_examples
from trireme.lint.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from trireme.arrays import Array

PATIENCE = 60.0
MOST_ROWS = 16
MOST_FLOOD = 128


def names(repository: Path) -> list[str]:
    """Return the models of a repository."""
    return list(Repository(repository).models)


def members(client: Any, name: str) -> set[str]:
    """Return the models that an ensemble is made of; none for another model, or for one that is not loaded."""
    try:
        config = client.get_model_config(name).config
    except InferenceServerException:
        return set()
    return {step.model_name for step in config.ensemble_scheduling.step}


def served(address: str, name: str, folders: Sequence[Path], tolerance: float) -> Served:
    """Return a model with its requests: its examples where there are some, else one of ones."""
    with grpcclient.InferenceServerClient(address) as client:
        message = client.get_model_config(name).config
    places = [folder / name for folder in folders if (folder / name / "examples.json").is_file()]
    requests = list(read_examples(places[0], message)) if places else [_ones(message, tolerance)]
    return Served(address, name, message, tuple(requests), tolerance)


@dataclass(frozen=True)
class Served:
    """A model, what it says of itself, and its requests without a batch dimension."""

    address: str
    name: str
    message: Any
    examples: tuple[Example, ...]
    tolerance: float

    def stated(self, side: str) -> dict[str, tuple[str, list[int]]]:
        """Return type and shape of each tensor of a side as metadata has them: without TYPE_, with the batch."""
        number = ModelConfig.DESCRIPTOR.file.enum_types_by_name["DataType"].values_by_number
        return {
            tensor.name: (number[tensor.data_type].name.removeprefix("TYPE_"), self.shape(side, tensor.name))
            for tensor in getattr(self.message, side)
        }

    @property
    def decoupled(self) -> bool:
        """Whether it may answer more than once."""
        return bool(self.message.model_transaction_policy.decoupled)

    @property
    def batched(self) -> bool:
        """Whether its tensors have a batch dimension."""
        return bool(self.message.max_batch_size > 0)

    @property
    def batch_limit(self) -> int:
        """Return how many items to send at once."""
        return min(int(self.message.max_batch_size), MOST_ROWS)

    @property
    def requests(self) -> tuple[Example, ...]:
        """Return the examples with a batch of one, where the model batches."""
        grown = []
        for example in self.examples:
            inputs = {key: array[None] if self.batched else array for key, array in example.inputs.items()}
            outputs = {key: array[None] if self.batched else array for key, array in example.outputs.items()}
            grown.append(Example(inputs, outputs, example.tolerance))
        return tuple(grown)

    def needs(self, what: str) -> None:
        """Skip the test, with the reason, when the model has not what it is about."""
        policy = self.message.dynamic_batching.default_queue_policy
        has = {
            "batches": self.batch_limit > 1 and not self.decoupled and not self.message.HasField("sequence_batching"),
            "one answer": not self.decoupled,
            "a queue policy": bool(policy.max_queue_size or policy.default_timeout_microseconds) and not self.decoupled,
        }
        if not has[what]:
            pytest.skip(f"{self.name} has no such thing: {what}")

    def shape(self, side: str, name: str) -> list[int]:
        """Return a tensor's shape as metadata has it: with the batch."""
        tensor = next(tensor for tensor in getattr(self.message, side) if tensor.name == name)
        return [*([-1] if self.batched else []), *tensor.dims]

    def rows(self, count: int) -> list[Mapping[str, Array]]:
        """Return requests of one shape, the examples over and over: only those join a batch."""
        first = {key: array.shape for key, array in self.requests[0].inputs.items()}
        alike = [
            request.inputs for request in self.requests if {key: array.shape for key, array in request.inputs.items()} == first
        ]
        return [alike[number % len(alike)] for number in range(count)]

    def joined(self, rows: Sequence[Mapping[str, Array]]) -> Mapping[str, Array]:
        """Return one request of many items."""
        return {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}

    def ask(self, client: Any, arrays: Mapping[str, Array]) -> list[dict[str, Array]]:
        """Return every answer to a request, as arrays by output name."""
        return self.send(client, self.tensors(arrays))

    def send(self, client: Any, tensors: list[Any]) -> list[dict[str, Array]]:
        """Return every answer to tritonclient's inputs; a sequence is one request long.

        Raises:
            InferenceServerException: the model's or the server's error.

        """
        if self.decoupled:
            return self.streamed(tensors)
        sequence = {"sequence_id": 1, "sequence_start": True, "sequence_end": True}
        options = sequence if self.message.HasField("sequence_batching") else {}
        return [self._arrays(client.infer(self.name, tensors, client_timeout=PATIENCE, **options))]

    def streamed(self, tensors: list[Any]) -> list[dict[str, Array]]:
        """Return every answer of a decoupled model, over a stream of its own.

        Raises:
            InferenceServerException: the model's or the server's error.

        """
        answers: queue.Queue[tuple[Any, Any]] = queue.Queue()
        found = []
        with grpcclient.InferenceServerClient(self.address) as own:
            own.start_stream(lambda result, error: answers.put((result, error)))
            own.async_stream_infer(self.name, tensors, enable_empty_final_response=True)
            while True:
                result, error = answers.get(timeout=PATIENCE)
                if error is not None:
                    raise error
                response = result.get_response()
                if response.outputs:
                    found.append(self._arrays(result))
                if response.parameters["triton_final_response"].bool_param:
                    return found

    def tensors(self, arrays: Mapping[str, Array]) -> list[Any]:
        """Return arrays as tritonclient's inputs."""
        made = []
        for name, array in arrays.items():
            tensor = grpcclient.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
            tensor.set_data_from_numpy(array)
            made.append(tensor)
        return made

    def wrong(self, how: str) -> list[Any]:
        """Return the first request with one thing wrong; skip when this model has nothing to get wrong so."""
        arrays = dict(self.requests[0].inputs)
        if not arrays:
            pytest.skip("it has no inputs")
        name, array = next(iter(arrays.items()))
        if how == "missing":
            needed = [tensor.name for tensor in self.message.input if not tensor.optional]
            if not needed:
                pytest.skip("every input is optional")
            return self.tensors({key: value for key, value in arrays.items() if key != needed[0]})
        if how == "name":
            return self.tensors({("no_such_input" if key == name else key): value for key, value in arrays.items()})
        if how == "dtype":
            other = np.zeros(array.shape, np.float64 if array.dtype != np.float64 else np.int8)
            return self.tensors({**arrays, name: other})
        if how == "rank":
            return self.tensors({**arrays, name: array[None]})
        if how == "shape":
            return self.tensors(self._misshapen(arrays))
        tensors = self.tensors(arrays)
        tensors[0]._raw_content = (tensors[0]._raw_content or b"")[:-1]  # noqa: SLF001 - no public way to lie about a size
        return tensors

    def same(self, output: str, one: Array, other: Array) -> bool:
        """Compare answers: floats within the output's tolerance, everything else exactly."""
        if one.dtype == np.object_ or not np.issubdtype(one.dtype, np.floating):
            return bool(np.array_equal(one, other))
        allowed = max(self.tolerance, *(example.allowed(output) for example in self.examples))
        return bool(np.allclose(one, other, rtol=self.tolerance, atol=allowed, equal_nan=True))

    @property
    def flood(self) -> int:
        """Return how many requests at once go beyond the queue's limit."""
        size = int(self.message.dynamic_batching.default_queue_policy.max_queue_size)
        return min(max(4 * size, 32), MOST_FLOOD)

    def policy_words(self) -> tuple[str, ...]:
        """Return what Triton may say under the model's queue policy."""
        policy = self.message.dynamic_batching.default_queue_policy
        full = ("Exceeds maximum queue size",) if policy.max_queue_size else ()
        return (*full, "Request timeout expired") if policy.default_timeout_microseconds else full

    def _misshapen(self, arrays: dict[str, Array]) -> dict[str, Array]:
        for name, array in arrays.items():
            for axis, size in enumerate(self.shape("input", name)):
                if size > 0:
                    return {**arrays, name: np.concatenate([array, array], axis=axis)}
        pytest.skip("every size of every input varies")

    def _arrays(self, result: Any) -> dict[str, Array]:
        return {output.name: result.as_numpy(output.name) for output in result.get_response().outputs}


def _ones(message: Any, tolerance: float) -> Example:
    """Return a request of ones: 1, true, or the text 1; a size that varies is 1."""
    number = ModelConfig.DESCRIPTOR.file.enum_types_by_name["DataType"].values_by_number
    inputs = {}
    for tensor in message.input:
        dtype = NUMPY[number[tensor.data_type].name]
        shape = [max(size, 1) for size in tensor.dims]
        inputs[tensor.name] = np.full(shape, b"1", object) if dtype is np.object_ else np.ones(shape, dtype)
    return Example(inputs, {}, tolerance)
