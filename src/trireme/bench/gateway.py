"""What the gateway adds to a call, and how much it takes: the tabular pipeline over REST against the same calls over gRPC.

Both sides run on the same cores as the server and the client. At one client, calls alternate; the two loads run one after the
other, in rounds. Then a gateway runs under cProfile, which makes it slower, to see where its own time goes.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import tritonclient.grpc as grpcclient
import uvloop

from trireme.bench.profile import shares
from trireme.server.process import AS_WRITTEN, Ports, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from trireme.discover import Sources

    Row = tuple[str, str, str, str]

MODEL = "credit_scoring"
ROUTE = f"/v1/models/{MODEL}:predict"
ROWS = 100
CLIENTS = 64
ROUNDS = 5
START_SECONDS = 30.0
WARM_UP = 20


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:
    """Yield a row for the time added, and one for each load."""
    example = json.loads((sources.root / "ensembles" / MODEL / "examples.json").read_text(encoding="utf-8"))[0]
    item = {name: value[0] for name, value in example["inputs"].items()}
    with Server(sources.root / "model_repository", sources.root / ".trireme" / "bench.log", flags=(AS_WRITTEN,)) as server:
        yield from uvloop.run(_measure(sources, server.grpc, item, quick=quick))
        yield from uvloop.run(_profile(sources, server.grpc, item, quick=quick))


async def _measure(sources: Sources, triton: str, item: dict[str, Any], *, quick: bool) -> list[Row]:
    async with running(sources.root, triton) as port:
        return [
            await _added(port, triton, item, 50 if quick else 1000),
            await _load(port, [item] * ROWS, 4, 0.5 if quick else 5.0, "rows a second, 100 a request", ">= 20,000"),
            await _load(port, [item], CLIENTS, 0.5 if quick else 5.0, f"predictions a second, {CLIENTS} clients", ">= 3,000"),
        ]


async def _profile(sources: Sources, triton: str, item: dict[str, Any], *, quick: bool) -> list[Row]:
    """Return the shares of a gateway's own time while it answers single predictions."""
    with TemporaryDirectory() as folder:
        written = Path(folder) / "profile"
        async with running(sources.root, triton, sys.executable, "-m", "cProfile", "-o", str(written)) as port:
            _, rate, _, _ = await _load(port, [item], CLIENTS, 0.5 if quick else 3.0, "", "")
        found = shares(written)
    return [
        (f"of its time: {layer}", f"{share:.0%}", f"under cProfile, {rate} predictions a second", "")
        for layer, share in found.items()
    ]


@asynccontextmanager
async def running(root: Path, triton: str, *under: str) -> AsyncIterator[int]:
    """Run a gateway process, under a program where one is named, and yield its port."""
    port, program = Ports.free().http, str(Path(sys.executable).with_name("trireme"))
    flags = ["gateway", "--insecure", "--triton", triton, "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*under, program, *flags, cwd=root, stdout=asyncio.subprocess.DEVNULL)
    try:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                (await Connection.open(port)).close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        await process.wait()


class Connection:
    """One client that keeps its connection: less work than any library's, so that the gateway is what is measured."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect on loopback."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def post(self, path: str, body: bytes) -> int:
        """Send a body and return the answer's status."""
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await self._reader.readexactly(int(length))
        return int(answer.split(b" ", 2)[1])

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def _added(port: int, triton: str, item: dict[str, Any], count: int) -> Row:
    """Return the median time of a call over REST less that over gRPC, calls in alternation."""
    body = json.dumps({"items": [item]}).encode()
    inputs = []
    for name, value in item.items():
        tensor = grpcclient.InferInput(name, [1, 1], "FP32")
        tensor.set_data_from_numpy(np.array([[value]], np.float32))
        inputs.append(tensor)
    rest: list[float] = []
    bare: list[float] = []
    rest_client = await Connection.open(port)
    with grpcclient.InferenceServerClient(triton.removeprefix("grpc://")) as direct:
        for number in range(count + WARM_UP):
            begun = time.perf_counter()
            await rest_client.post(ROUTE, body)
            between = time.perf_counter()
            direct.infer(MODEL, inputs)
            if number >= WARM_UP:
                rest.append(between - begun)
                bare.append(time.perf_counter() - between)
    rest_client.close()
    added = [statistics.median(rest[part::ROUNDS]) - statistics.median(bare[part::ROUNDS]) for part in range(ROUNDS)]
    value = statistics.median(rest) - statistics.median(bare)
    spread = f"{min(added) * 1e3:.2f} to {max(added) * 1e3:.2f} ms in fifths; gRPC alone {statistics.median(bare) * 1e3:.2f} ms"
    return "added by the gateway to a call, 1 client", f"{value * 1e3:.2f} ms", spread, "<= 1.5 ms"


async def _load(port: int, items: list[dict[str, Any]], clients: int, seconds: float, what: str, target: str) -> Row:  # noqa: PLR0913, PLR0917 - all of a row
    """Return how many items are answered in a second by so many clients, in rounds."""
    body = json.dumps({"items": items}).encode()
    connections = [await Connection.open(port) for _ in range(clients)]
    rates, refused = [], 0

    async def ask(connection: Connection, end: float) -> tuple[int, int]:
        statuses = []
        while time.perf_counter() < end:
            statuses.append(await connection.post(ROUTE, body))
        return statuses.count(200), len(statuses) - statuses.count(200)

    for _ in range(ROUNDS):
        begun = time.perf_counter()
        done = await asyncio.gather(*(ask(connection, begun + seconds) for connection in connections))
        rates.append(sum(good for good, _ in done) * len(items) / (time.perf_counter() - begun))
        refused += sum(shed for _, shed in done)
    for connection in connections:
        connection.close()
    spread = f"{min(rates):,.0f} to {max(rates):,.0f} in {ROUNDS} rounds; {refused} refused"
    return what, f"{statistics.median(rates):,.0f}", spread, target
