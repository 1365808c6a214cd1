"""A unit's examples as requests over gRPC, made beforehand, and clients that send them again and again."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import grpc
import numpy as np
from tritonclient.grpc import service_pb2
from tritonclient.utils import np_to_triton_dtype, serialize_byte_tensor

from trireme.examples import read_examples

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.arrays import Array

METHOD = "/inference.GRPCInferenceService/ModelInfer"
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
"""Answers of a batch of pictures are larger than gRPC's 4 MB."""


def body(model: str, inputs: Mapping[str, Array], version: str = "") -> bytes:
    """Return a request of whole arrays, batch included, as gRPC sends it."""
    request = service_pb2.ModelInferRequest(model_name=model, model_version=version)
    for name, array in inputs.items():
        tensor = request.inputs.add(name=name, datatype=np_to_triton_dtype(array.dtype), shape=list(array.shape))
        text = tensor.datatype == "BYTES"
        request.raw_input_contents.append(
            serialize_byte_tensor(array).item() if text else np.ascontiguousarray(array).tobytes()
        )
    return bytes(request.SerializeToString())


def bodies(folder: Path, config: ModelConfig) -> list[bytes]:
    """Return a request of each example in a unit's folder of sources, a row each where the unit batches.

    Raises:
        SourceError: there is no example, or one is not the config's.

    """
    batched = config.max_batch_size > 0
    rows = [example.inputs for example in read_examples(folder, config)]
    return [body(config.name, {name: array[None] if batched else array for name, array in row.items()}) for row in rows]


def answered(address: str, bodies: Sequence[bytes], clients: int, seconds: float) -> float:
    """Return the requests a second that so many clients get answered, each of which asks again when it has its answer."""
    return asyncio.run(_answered(address.removeprefix("grpc://"), bodies, clients, seconds))


async def _answered(target: str, bodies: Sequence[bytes], clients: int, seconds: float) -> float:
    async with grpc.aio.insecure_channel(target, OPTIONS) as channel:
        call: Callable[[bytes], Awaitable[bytes]] = channel.unary_unary(METHOD)
        begun, counted = time.perf_counter() + seconds / 4, 0
        end = time.perf_counter() + seconds

        async def ask(number: int) -> None:
            nonlocal counted
            while time.perf_counter() < end:
                await call(bodies[number % len(bodies)])
                counted += time.perf_counter() > begun
                number += clients

        await asyncio.gather(*(ask(number) for number in range(clients)))
        return counted / (time.perf_counter() - begun)
