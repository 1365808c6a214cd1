"""A model.py without a server: loaded under the in-memory backend interface, initialized, asked, finalized."""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format

from trireme.lint.text import parse
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


class PythonModel:
    """The TritonPythonModel of a folder; a context manager, or closed by `close()`.

    folder is the model's folder, with `config.pbtxt` and version folders; models answers what it asks of other models (see
    `pb_utils.make`).

    Raises:
        RefusedError, and whatever the model itself raises.

    """

    def __init__(self, folder: Path, *, version: int | None = None, models: stub.Table | None = None) -> None:
        numbers = [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
        self.folder = folder
        self.version = max(numbers) if version is None else version
        self.config = _config(folder)
        self.utils = pb_utils.make(folder / str(self.version), models)
        self._module = self._load()
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
        """Return a request of arrays by input name, batch included; all outputs are wanted."""
        tensors = [self.utils.Tensor(name, array) for name, array in arrays.items()]
        outputs = [output["name"] for output in self.config.get("output", [])]
        made: stub.InferenceRequest = self.utils.InferenceRequest(
            inputs=tensors, requested_output_names=outputs, model_name=self.folder.name
        )
        return made

    def execute(self, requests: Sequence[stub.InferenceRequest]) -> list[list[stub.InferenceResponse]]:
        """Hand requests to the model at once, as a batch comes; return the responses of each request.

        Raises:
            TritonModelException: the model did not answer as Triton asks: a list with a response for each request.

        """
        with self._installed():
            answers = self.model.execute(list(requests))
        if answers is None:
            self._check_senders(requests)
            return [request.get_response_sender().sent for request in requests]
        if self.decoupled:
            message = f"Python model '{self.folder.name}' is decoupled, and execute has to return None"
            raise stub.TritonModelException(message)
        if not isinstance(answers, list) or len(answers) != len(requests):
            size = f"{len(answers)} responses" if isinstance(answers, list) else type(answers).__name__
            message = f"execute of '{self.folder.name}' returned {size} for {len(requests)} requests"
            raise stub.TritonModelException(message)
        sent = (request.get_response_sender().sent for request in requests)
        return [later if answer is None else [answer] for answer, later in zip(answers, sent, strict=True)]

    def infer(self, **arrays: Array) -> Mapping[str, Array]:
        """Ask one request and return its arrays by output name."""
        responses = self.execute([self.request(**arrays)])[0]
        return _arrays(responses[0])

    def stream(self, **arrays: Array) -> Iterator[Mapping[str, Array]]:
        """Ask one request of a decoupled model and yield the arrays of each response."""
        for response in self.execute([self.request(**arrays)])[0]:
            yield _arrays(response)

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

    def _load(self) -> ModuleType:
        """Import model.py under a name of its own, its folder on the path, as the stub does."""
        path = self.folder / str(self.version) / "model.py"
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


def _config(folder: Path) -> dict[str, Any]:
    """Return the config as the stub's JSON has it: proto names, numbers as numbers."""
    path = folder / "config.pbtxt"
    message = parse(path.read_text(encoding="utf-8")) if path.is_file() else parse("")
    message.name = message.name or folder.name
    table: dict[str, Any] = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    for side in ("input", "output"):
        for tensor in table.get(side, []):
            tensor["dims"] = [int(dim) for dim in tensor["dims"]]
    return table


def _arrays(response: stub.InferenceResponse) -> Mapping[str, Array]:
    error = response.error()
    if error is not None:
        raise RefusedError(error)
    return {tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()}
