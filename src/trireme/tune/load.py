"""Requests sent at their time, whatever came of those before (an open loop), over gRPC and made beforehand.

A latency counts from the moment at which the request was due, so that a server that stalls cannot make the clients wait with it
(«coordinated omission»).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
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
KEPT = 0.97
"""The share of the rate that has to be kept, or else the run does not count."""
GRACE = 10.0
"""Seconds after the last request was due until which answers are waited for."""


@dataclass(frozen=True)
class Point:
    """What was measured at one offered rate [requests/s]: throughput, latencies [ms], how many failed.

    kept says whether the generator kept its rate; where it did not, the point says nothing of the server.
    """

    offered: float
    throughput: float
    p50: float
    p99: float
    failed: int
    kept: bool


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


def offer(address: str, bodies: Sequence[bytes], kinds: Array, arrivals: Array) -> Point:
    """Send bodies[kinds[i]] at arrivals[i] seconds to grpc://host:port; the first fifth warms up and is not counted."""
    return asyncio.run(_offer(address.removeprefix("grpc://"), bodies, kinds, arrivals))


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


async def _offer(target: str, bodies: Sequence[bytes], kinds: Array, arrivals: Array) -> Point:
    count = len(arrivals)
    ended, due = np.full(count, np.inf), np.empty(count)
    good = np.zeros(count, bool)
    async with grpc.aio.insecure_channel(target, OPTIONS) as channel:
        call: Callable[[bytes], Awaitable[bytes]] = channel.unary_unary(METHOD)

        async def ask(number: int) -> None:
            try:
                await call(bodies[kinds[number]])
                good[number] = True
            except grpc.aio.AioRpcError:
                pass  # it is counted as failed
            ended[number] = time.perf_counter()

        begun = time.perf_counter() + 0.05
        due[:] = begun + arrivals
        tasks = set()
        for number in range(count):
            wait = due[number] - time.perf_counter()
            if wait > 0 or number % 16 == 0:  # let answers come in while it is behind
                await asyncio.sleep(max(wait, 0))
            task = asyncio.create_task(ask(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        sent = time.perf_counter()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)
        for task in tasks:
            task.cancel()
    return _point(arrivals, ended - due, good, sent - begun)


def _point(arrivals: Array, latency: Array, good: Array, spent: float) -> Point:
    counted = slice(len(arrivals) // 5, None)
    answered = good[counted] & np.isfinite(latency[counted])
    finish = (arrivals + latency)[counted][answered]
    span = (finish.max() if len(finish) else arrivals[-1]) - arrivals[counted][0]
    offered = len(answered) / (arrivals[-1] - arrivals[counted][0])
    p50, p99 = np.quantile(latency[counted][answered], (0.5, 0.99)) * 1e3 if answered.any() else (np.inf, np.inf)
    if not answered.all():
        p99 = np.inf
    throughput = answered.sum() / span
    return Point(
        round(float(offered), 2),
        round(float(throughput), 2),
        round(float(p50), 3),
        round(float(p99), 3),
        int((~answered).sum()),
        bool(spent <= arrivals[-1] / KEPT + 0.05),
    )
