"""A model.py without a server: loaded under the in-memory backend interface, initialized, asked, finalized."""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf import json_format

from trireme.arrays import NUMPY
from trireme.lint.repository import Model, Repository
from trireme.testing import pb_utils, stub

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import ModuleType, TracebackType

    from typing_extensions import Self

    from trireme.arrays import Array

COUNT = itertools.count()


class RefusedError(Exception):
    """The model answered with an error; code is Triton's."""

    def __init__(self, error: stub.TritonError) -> None:
        super().__init__(error.message())
        self.code = error.code()


class BrokenPromiseError(AssertionError):
    """The model answered, and not with what its config says."""


class PythonModel:
    """The TritonPythonModel of a folder; a context manager, or closed by `close()`.

    folder is the model's folder, with `config.pbtxt` and version folders; models answers what it asks of other models (see
    `pb_utils.make`).

    Raises:
        FileNotFoundError: there is no version to serve, or no file of it.
        SyntaxProblemError: the config does not parse.
        RefusedError, and whatever the model itself raises.

    """

    def __init__(self, folder: Path, *, version: int | None = None, models: stub.Table | None = None) -> None:
        found = Model(Repository(folder.parent), folder.name, folder)
        if version is None and not found.served:
            raise FileNotFoundError(f"{folder} has no version folder that its version policy serves")
        self.folder = folder
        self.version = found.served[0] if version is None else version
        self.config = _config(found)
        self.utils = pb_utils.make(folder / str(self.version), models)
        self._module = self._load(found.file(self.version))
        self._complete()
        self.model: Any = self._module.TritonPythonModel()
        if hasattr(self.model, "initialize"):
            with self._installed():
                self.model.initialize(self.arguments())

    def __enter__(self) -> Self:
        """Return the model itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Finalize it."""
        self.close()

    def close(self) -> None:
        """Call finalize, where the model has one."""
        if hasattr(self.model, "finalize"):
            with self._installed():
                self.model.finalize()

    def arguments(self) -> dict[str, str]:
        """Return what Triton hands to initialize: texts, the config as JSON among them."""
        return {
            "model_config": json.dumps(self.config),
            "model_instance_kind": "CPU",
            "model_instance_name": f"{self.folder.name}_0",
            "model_instance_device_id": "0",
            "model_repository": str(self.folder),
            "model_version": str(self.version),
            "model_name": self.folder.name,
        }

    def request(self, **arrays: Array) -> stub.InferenceRequest:
        """Return a request of arrays by input name, batch included; all outputs are wanted.

        Raises:
            RefusedError: the server would refuse it: an input's name, type or shape is not the config's, or one is missing.

        """
        problem = self._refusal(arrays)
        if problem:
            raise RefusedError(stub.TritonError(f"{problem} for model '{self.folder.name}'", stub.ErrorCode.INVALID_ARG))
        known = {tensor["name"]: tensor for tensor in self.config.get("input", [])}
        tensors = [
            self.utils.Tensor(name, self._reshaped(array, known.get(name, {}), "dims", "reshape"))
            for name, array in arrays.items()
        ]
        outputs = [output["name"] for output in self.config.get("output", [])]
        made: stub.InferenceRequest = self.utils.InferenceRequest(
            inputs=tensors, requested_output_names=outputs, model_name=self.folder.name
        )
        return made

    def execute(self, requests: Sequence[stub.InferenceRequest]) -> list[list[stub.InferenceResponse]]:
        """Hand requests to the model at once, as a batch comes; return the responses of each request.

        Raises:
            TritonModelException: the model did not answer as Triton asks: a list with a response for each request.
            BrokenPromiseError: an answer has an output, or a type or shape of one, that is not the config's.

        """
        with self._installed():
            answers = self.model.execute(list(requests))
        if answers is None:
            self._check_senders(requests)
            return self._kept([request.get_response_sender().sent for request in requests])
        if self.decoupled:
            message = f"Python model '{self.folder.name}' is decoupled, and execute has to return None"
            raise stub.TritonModelException(message)
        if not isinstance(answers, list) or len(answers) != len(requests):
            size = f"{len(answers)} responses" if isinstance(answers, list) else type(answers).__name__
            message = f"execute of '{self.folder.name}' returned {size} for {len(requests)} requests"
            raise stub.TritonModelException(message)
        found = []
        for answer, request in zip(answers, requests, strict=True):
            sender = request.get_response_sender()
            if answer is None and not sender.closed:
                message = f"execute of '{self.folder.name}' returned None for a request, and its sender is not closed"
                raise stub.TritonModelException(message)
            found.append(sender.sent if answer is None else [answer])
        return self._kept(found)

    def infer(self, **arrays: Array) -> Mapping[str, Array]:
        """Ask one request and return its arrays by output name."""
        responses = self.execute([self.request(**arrays)])[0]
        return self._arrays(responses[0])

    def stream(self, **arrays: Array) -> Iterator[Mapping[str, Array]]:
        """Ask one request of a decoupled model and yield the arrays of each response."""
        for response in self.execute([self.request(**arrays)])[0]:
            yield self._arrays(response)

    @property
    def decoupled(self) -> bool:
        """Whether the config lets it answer more than once."""
        return bool(self.config.get("model_transaction_policy", {}).get("decoupled", False))

    def _check_senders(self, requests: Sequence[stub.InferenceRequest]) -> None:
        if not self.decoupled:
            message = f"execute of '{self.folder.name}' returned None, and the model is not decoupled"
            raise stub.TritonModelException(message)
        open_ones = sum(not request.get_response_sender().closed for request in requests)
        if open_ones:
            unanswered = f"{open_ones} of {len(requests)} requests"
            message = f"'{self.folder.name}' left {unanswered} without TRITONSERVER_RESPONSE_COMPLETE_FINAL"
            raise stub.TritonModelException(message)

    def _complete(self) -> None:
        """Let the model complete its config, where it can: Triton asks the class before there is an instance."""
        complete = getattr(self._module.TritonPythonModel, "auto_complete_config", None)
        if complete is not None:
            with self._installed():
                self.config = complete(self.utils.ModelConfig(json.dumps(self.config))).as_dict()

    def _refusal(self, arrays: Mapping[str, Array]) -> str:
        """Return why the server would not hand a request to the model."""
        known = {tensor["name"]: tensor for tensor in self.config.get("input", [])}
        for name, array in arrays.items() if known else ():
            if name not in known and name not in self._added():
                return f"unexpected inference input '{name}'"
            problem = self._misfit(known[name], array, "dims") if name in known else ""
            if problem:
                return f"input '{name}' {problem}"
        missing = [name for name, tensor in known.items() if not tensor.get("optional") and name not in arrays]
        return f"missing input '{missing[0]}'" if missing else ""

    def _added(self) -> set[str]:
        """Return the tensors that Triton adds to a request, which a test hands over in its place."""
        batching = self.config.get("sequence_batching", {})
        names = {row["name"] for row in batching.get("control_input", [])} | {
            row["input_name"] for row in batching.get("state", [])
        }
        return names | {name for row in self.config.get("batch_input", []) for name in row.get("target_name", [])}

    @property
    def _batch(self) -> list[int]:
        return [-1] if self.config.get("max_batch_size", 0) > 0 else []

    def _misfit(self, tensor: Mapping[str, Any], array: Array, side: str) -> str:
        """Return what of an array is not as the config states a tensor on the client's side (dims) or the model's (reshape)."""
        wanted = NUMPY.get(tensor["data_type"])
        dims = [*self._batch, *_dims(tensor, side)]
        if wanted is not None and array.dtype != wanted and not (wanted is np.object_ and array.dtype.kind in "SU"):
            return f"is {array.dtype}, and the config states {tensor['data_type']}"
        fits = array.ndim == len(dims) and all(known in {-1, size} for size, known in zip(array.shape, dims, strict=True))
        return "" if fits else f"has shape {list(array.shape)}, and the config states {dims}"

    def _kept(self, answers: list[list[stub.InferenceResponse]]) -> list[list[stub.InferenceResponse]]:
        """Return the answers, once each output in them is what the config promises."""
        known = {tensor["name"]: tensor for tensor in self.config.get("output", [])}
        for tensor in (part for responses in answers for response in responses for part in response.output_tensors()):
            if known and tensor.name() not in known:
                dropped = f"'{self.folder.name}' answers with '{tensor.name()}', which Triton drops"
                message = f"{dropped}: the config has {', '.join(known)}"
                raise BrokenPromiseError(message)
            problem = self._misfit(known[tensor.name()], tensor.as_numpy(), "reshape") if known else ""
            if problem:
                raise BrokenPromiseError(f"output '{tensor.name()}' of '{self.folder.name}' {problem}")
        return answers

    def _reshaped(self, array: Array, tensor: Mapping[str, Any], side: str, other: str) -> Array:
        """Return an array as the other side has it: what varies keeps its order."""
        batch = len(self._batch)
        sizes = iter(size for size, dim in zip(array.shape[batch:], _dims(tensor, side), strict=False) if dim == -1)
        if not tensor.get("reshape"):
            return array
        return array.reshape(*array.shape[:batch], *(next(sizes) if dim == -1 else dim for dim in _dims(tensor, other)))

    def _arrays(self, response: stub.InferenceResponse) -> Mapping[str, Array]:
        """Return an answer's arrays as clients get them."""
        error = response.error()
        if error is not None:
            raise RefusedError(error)
        known = {tensor["name"]: tensor for tensor in self.config.get("output", [])}
        parts = {tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()}
        return {name: self._reshaped(array, known.get(name, {}), "reshape", "dims") for name, array in parts.items()}

    def _load(self, path: Path) -> ModuleType:
        """Import the model's file under a name of its own, its folder on the path, as the stub does."""
        spec = importlib.util.spec_from_file_location(f"trireme_model_{next(COUNT)}", path)
        if spec is None or spec.loader is None:
            raise ImportError(str(path))
        module = importlib.util.module_from_spec(spec)
        with self._installed():
            spec.loader.exec_module(module)
        return module

    @contextmanager
    def _installed(self) -> Iterator[None]:
        """Let `import triton_python_backend_utils` find the in-memory one, and files beside model.py be imported."""
        before, path = sys.modules.get(pb_utils.NAME), list(sys.path)
        sys.modules[pb_utils.NAME] = self.utils
        sys.path.insert(0, str(self.folder / str(self.version)))
        try:
            yield
        finally:
            sys.path[:] = path
            if before is None:
                del sys.modules[pb_utils.NAME]
            else:
                sys.modules[pb_utils.NAME] = before


def _config(model: Model) -> dict[str, Any]:
    """Return the config as the stub's JSON has it: proto names, numbers as numbers."""
    message, problem = model.parsed
    if problem is not None:
        raise problem
    message.name = message.name or model.name
    table: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    for side in ("input", "output"):
        for tensor in table.get(side, []):
            tensor["dims"] = [int(dim) for dim in tensor["dims"]]
    return table


def _dims(tensor: Mapping[str, Any], side: str) -> list[int]:
    """Return a tensor's dims without the batch: as clients have them (`dims`), or as the model has them (`reshape`)."""
    reshape = tensor.get("reshape") if side == "reshape" else None
    return [int(dim) for dim in (tensor.get("dims", []) if reshape is None else reshape.get("shape", []))]
