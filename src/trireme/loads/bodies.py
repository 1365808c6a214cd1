"""A model's examples as the requests that load generators send: binary HTTP bodies, gRPC messages, arrays, and a manifest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf import descriptor_pb2, json_format
from tritonclient import http as http_client
from tritonclient.grpc import service_pb2
from tritonclient.utils import np_to_triton_dtype

from trireme.errors import BenchError
from trireme.examples import RELATIVE, read_examples
from trireme.tune.load import body

if TYPE_CHECKING:
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.arrays import Array
    from trireme.examples import Example


def write(folder: Path, model: str, sources: Path, config: ModelConfig) -> None:
    """Write the requests of a model's examples.json into an empty folder.

    Raises:
        SourceError: the examples cannot be read.
        BenchError: a text that is expected has other letters than ASCII, or bytes that are sent end in NUL.

    """
    examples = read_examples(sources, config)
    batched = config.max_batch_size > 0
    rows = [_row(folder, model, number, example, batched=batched) for number, example in enumerate(examples)]
    (folder / "manifest.json").write_text(json.dumps({"model": model, "rows": rows}, indent=1), encoding="utf-8")
    (folder / "triton.protoset").write_bytes(protoset())


def protoset() -> bytes:
    """Return Triton's gRPC service as a FileDescriptorSet, what it imports first."""
    files: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def visit(descriptor: Any) -> None:  # noqa: ANN401 - protobuf's FileDescriptor
        if descriptor.name in files:
            return
        for needed in descriptor.dependencies:
            visit(needed)
        files[descriptor.name] = descriptor_pb2.FileDescriptorProto()
        descriptor.CopyToProto(files[descriptor.name])

    visit(service_pb2.DESCRIPTOR)
    return bytes(descriptor_pb2.FileDescriptorSet(file=files.values()).SerializeToString(deterministic=True))


def _row(folder: Path, model: str, number: int, example: Example, *, batched: bool) -> dict[str, Any]:
    inputs = {name: array[None] if batched else array for name, array in example.inputs.items()}
    tensors: list[Any] = []
    files: list[dict[str, Any]] = []
    for name, array in inputs.items():
        kind = np_to_triton_dtype(array.dtype)
        tensors.append(http_client.InferInput(name, list(array.shape), kind))
        tensors[-1].set_data_from_numpy(array, binary_data=True)
        files.append({"name": name, "datatype": kind, "file": f"{number}-{len(files)}.npy"})
        np.save(folder / str(files[-1]["file"]), _plain(array), allow_pickle=False)
    wanted = [http_client.InferRequestedOutput(name, binary_data=False) for name in example.outputs] or None
    whole, header = http_client.InferenceServerClient.generate_request_body(tensors, outputs=wanted)
    (folder / f"{number}.bin").write_bytes(whole)
    message: Any = service_pb2.ModelInferRequest.FromString(body(model, inputs))
    for name in example.outputs:
        message.outputs.add(name=name)
    (folder / f"{number}.json").write_text(
        json_format.MessageToJson(message, preserving_proto_field_name=True, indent=None), encoding="utf-8"
    )
    outputs = {name: _first(array, example.allowed(name)) for name, array in example.outputs.items() if array.size}
    return {"http": f"{number}.bin", "header": header, "grpc": f"{number}.json", "tensors": files, "outputs": outputs}


def _plain(array: Array) -> Array:
    """Return an array without objects, which need no pickle to be kept; bytes stay bytes of one length."""
    if array.dtype != np.object_:
        return array
    if any(one.endswith(b"\0") for one in array.flat):
        raise BenchError("examples.json", "bytes that end in NUL cannot be kept as an array", "use another example")
    return array.astype("S")


def _first(array: Array, within: float) -> dict[str, Any]:
    """Return the first value of an output that is expected, and how far a number may be away."""
    value = array.flat[0]
    if isinstance(value, bytes):
        if not value.isascii():
            raise BenchError(
                "examples.json", f"the output {value!r} has other letters than ASCII, which k6 cannot read", "use another"
            )
        return {"value": value.decode()}
    number = float(value)
    return {"value": number, "within": within + RELATIVE * abs(number)}
