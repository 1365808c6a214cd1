"""`trireme dev`: one model served by PyTriton from its sources, reloaded when they change. Nothing is locked or measured."""

from __future__ import annotations

import contextlib
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from trireme import artefacts, config, modelconfig
from trireme.arrays import NUMPY, to_array
from trireme.client import Client
from trireme.discover import find
from trireme.errors import ServerError, TriremeError, ValueRefusedError
from trireme.server import embedded
from trireme.server.launcher import LOOPBACK
from trireme.server.process import Ports
from trireme.sources import load_module
from trireme.spec import Model
from trireme.stopping import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.arrays import Array
    from trireme.artefacts import Artefact
    from trireme.sources import Infer
    from trireme.tensors import Tensor

CACHE = ".trireme/dev"
LOG = ".trireme/dev.log"
POLL = 0.5
"""Seconds between two looks at the sources."""


class Dev:
    """One model under development."""

    def __init__(self, root: Path, name: str, *, ports: tuple[int, int], server: str) -> None:
        model = find(root, name)
        if not isinstance(model, Model):
            raise ValueRefusedError(
                "dev", name, "it is a pipeline: serve it with `make serve`, and develop its models one by one"
            )
        self.root = root
        self.name = name
        self.ports = ports
        self.server = server
        self.seen = _fingerprint(model.folder)
        self.load(model)

    def load(self, model: Model) -> None:
        """Make the model from its sources as they are now, and take it.

        Raises:
            TriremeError: the sources do not build; what was served before stays.

        """
        version = model.versions[-1]
        cache = self.root / CACHE
        artefact = artefacts.find(model, version, cache) or artefacts.make(model, version, cache, measured=False)
        message = config.configs(model, artefact)["config.pbtxt"]
        infer = open_infer(artefact, message, self.server)
        self.model, self.config, self.infer = model, message, infer

    def run(self, say: Callable[[str], None]) -> None:
        """Serve until Ctrl-C; a change of the config restarts the server, any other is taken up as it runs."""
        Ports(*self.ports).check("http", "grpc")
        with Stop() as stop:
            while not stop.asked:
                self._serve(say, stop)

    def answer(self, requests: list[Any]) -> list[dict[str, Array]]:
        """Run infer for each of PyTriton's requests."""
        return [self._answer(request.data) for request in requests]

    def _answer(self, given: Mapping[str, Array]) -> dict[str, Array]:
        found = self.infer(**{name: _as_given(array) for name, array in given.items()})
        wanted = {tensor.name: tensor for tensor in modelconfig.outputs(self.config)}
        for name in wanted.keys() - found.keys():
            message = f"models/{self.name}: infer made no output '{name}'; it made {', '.join(sorted(found))}"
            raise ServerError(message)
        return {name: _as_sent(to_array(found[name], tensor, name)) for name, tensor in wanted.items()}

    def _serve(self, say: Callable[[str], None], stop: Stop) -> None:
        """Serve with the config as it is, until it changes or somebody stops us."""
        from pytriton.triton import Triton, TritonConfig  # noqa: PLC0415 - a second, and only here

        os.environ.update(embedded.environment(embedded.find()))
        http, grpc = self.ports
        addresses = dict.fromkeys(("http_address", "grpc_address"), LOOPBACK)
        begun = self.config
        options = {**addresses, "allow_metrics": False, "log_file": self.root / LOG}
        with Triton(config=TritonConfig(http_port=http, grpc_port=grpc, **options)) as triton:
            triton.bind(**self._binding())
            triton.run()
            say(f"{self.name} from models/{self.name}: http://{LOOPBACK}:{http}, grpc://{LOOPBACK}:{grpc}; Ctrl-C stops")
            say(f"call it: trireme call {self.name} --input <name>=<value> --address grpc://{LOOPBACK}:{grpc}")
            while self.config == begun and not stop.wait(POLL):
                self._reload_when_changed(say)
        if not stop.asked:
            say(f"{self.name}: the config changed; starting anew")

    def _reload_when_changed(self, say: Callable[[str], None]) -> None:
        before, self.seen = self.seen, _fingerprint(self.model.folder)
        if self.seen == before:
            return
        try:
            model = find(self.root, self.name)
            if isinstance(model, Model):
                self.load(model)
                say(f"{self.name}: reloaded")
        except (TriremeError, OSError) as error:
            say(f"{self.name}: not reloaded, the last good one stays: {error}")

    def _binding(self) -> dict[str, Any]:
        """Return what PyTriton binds: the function, the tensors, the batching."""
        from pytriton.model_config import DynamicBatcher  # noqa: PLC0415
        from pytriton.model_config import ModelConfig as PyTritonConfig  # noqa: PLC0415

        batched = self.config.max_batch_size > 0
        options = {"max_batch_size": self.config.max_batch_size, "batcher": DynamicBatcher()} if batched else {}
        return {
            "model_name": self.name,
            "infer_func": self.answer,
            "inputs": [_pytriton_tensor(tensor) for tensor in modelconfig.inputs(self.config)],
            "outputs": [_pytriton_tensor(tensor) for tensor in modelconfig.outputs(self.config)],
            "config": PyTritonConfig(batching=batched, **options),
        }


def open_infer(artefact: Artefact, message: ModelConfig, server: str) -> Infer:
    """Return the artefact as a function of its inputs: infer.py set up, or a session of the ONNX graph.

    Raises:
        ServerError: PyTriton cannot serve this format.

    """
    if (artefact.folder / "infer.py").is_file():
        return _python_infer(artefact, message, server)
    if (artefact.folder / "model.onnx").is_file():
        return _onnx_infer(artefact.folder / "model.onnx")
    message_text = f"{message.name}: dev serves infer.py and ONNX, not {', '.join(artefact.files)}; use `make serve`"
    raise ServerError(message_text)


def _python_infer(artefact: Artefact, message: ModelConfig, server: str) -> Infer:
    parameters = {key: value.string_value for key, value in message.parameters.items()}
    try:
        source = load_module(artefact.folder / "infer.py")
        if hasattr(source, "setup"):
            source.setup(SimpleNamespace(folder=artefact.folder, parameters=parameters, call=_caller(server)))
        infer: Infer = source.infer
    except Exception as error:  # half-written sources can raise anything, and must not end the server
        sentence = f"models/{message.name}/infer.py does not load: {type(error).__name__}: {error}"
        raise ServerError(sentence) from error
    return infer


def _onnx_infer(path: Path) -> Infer:
    import onnxruntime  # noqa: PLC0415 - half a second that only ONNX models pay

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [row.name for row in session.get_outputs()]
    return lambda **arrays: dict(zip(names, session.run(names, arrays), strict=True))


def _caller(address: str) -> Callable[..., dict[str, Array]]:
    """Return what stands in for the server's own `call`: a client of a server that runs elsewhere."""

    def call(model: str, inputs: Mapping[str, Array], outputs: tuple[str, ...]) -> dict[str, Array]:
        with Client(address) as client:
            return client.infer(model, inputs, outputs=outputs)

    return call


def _as_given(array: Array) -> Array:
    """Return text as Triton's own python backend gives it: objects, where PyTriton gives fixed-width bytes."""
    return array.astype(object) if array.dtype.kind == "S" else array


def _as_sent(array: Array) -> Array:
    """Return text as PyTriton takes it: fixed-width bytes."""
    return array.astype(bytes) if array.dtype == np.object_ else array


def _pytriton_tensor(tensor: Tensor) -> Any:  # noqa: ANN401 - PyTriton's, untyped
    from pytriton.model_config import Tensor as PyTritonTensor  # noqa: PLC0415

    dtype = NUMPY[tensor.data_type]
    return PyTritonTensor(name=tensor.name, dtype=bytes if dtype is np.object_ else dtype, shape=tensor.dims)


def _fingerprint(folder: Path) -> tuple[tuple[str, int], ...]:
    """Return the files of a folder with their times."""
    found = []
    for path in folder.rglob("*"):
        if "__pycache__" not in path.parts:
            with contextlib.suppress(FileNotFoundError):  # an editor's temporary file
                found.append((str(path), path.stat().st_mtime_ns))
    return tuple(sorted(found))
