"""Ask a traced server one request at a time, and take each apart."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tritonclient.grpc as grpcclient

from trireme import built, pipeline
from trireme.asking import ask
from trireme.client import Client
from trireme.errors import BenchError
from trireme.examples import read_examples
from trireme.latency import parts
from trireme.plan import TREE
from trireme.serve import VARIANT, check_variant
from trireme.server.process import AS_WRITTEN, Server

if TYPE_CHECKING:
    from pathlib import Path

    from trireme.discover import Sources
    from trireme.latency.parts import Bar, Parts

WARM_UP = 20
OUT = ".trireme/latency"


@dataclass(frozen=True)
class Budget:
    """A unit's mean parts, the stretches of the request that was most like them, and Triton's own mean of forward [ms]."""

    unit: str
    protocol: str
    computing: str
    parts: Parts
    bars: tuple[Bar, ...]
    statistics: float
    requests: int


def measure(sources: Sources, unit: str, protocol: str, requests: int, variant: str) -> Budget:
    """Serve the repository with every request traced, and ask a unit its first example.

    Raises:
        ValueRefusedError: no model has the variant.
        BenchError: the server wrote no trace of the requests.
        ServerError: it does not start.

    """
    tree, out = sources.root / TREE, sources.root / OUT
    out.mkdir(parents=True, exist_ok=True)
    for stale in out.glob("trace.json*"):
        stale.unlink()
    config = built.config(tree, unit)
    example = read_examples(sources.unit(unit).folder, config)[0]
    settings = ("mode=triton", "level=TIMESTAMPS", "rate=1", f"triton,file={out / 'trace.json'}", "triton,log-frequency=0")
    flags = [AS_WRITTEN, *(part for setting in settings for part in ("--trace-config", setting))]
    if variant:
        check_variant(tree, variant)
        flags.append(f"{VARIANT}{variant}")
    clocks: list[tuple[int, int]] = []
    with Server(tree, out / "server.log", flags=tuple(flags)) as server, Client(_address(server, protocol)) as client:
        for _ in range(requests + WARM_UP):
            begun = time.monotonic_ns()
            ask(client, config, example)
            clocks.append((begun, time.monotonic_ns()))
        computing = _computing(tree, unit, variant)
        statistics = _statistics(server.grpc, computing)
    traced = _traced(out)
    if len(traced) != len(clocks):
        raise BenchError(unit, f"{len(traced)} of {len(clocks)} requests were traced", f"see {out / 'server.log'}")
    found = []
    for (begun, ended), one in list(zip(clocks, traced, strict=True))[WARM_UP:]:
        rows = parts.bars(one, begun, ended, computing)
        found.append((rows, parts.total(rows, (ended - begun) / 1e6)))
    mean = parts.middle([one for _, one in found])
    nearest = min(found, key=lambda row: abs(row[1].whole - mean.whole))[0]
    return Budget(unit, protocol, computing, mean, tuple(nearest), statistics, requests)


def _address(server: Server, protocol: str) -> str:
    return server.grpc if protocol == "grpc" else server.http


def _computing(tree: Path, unit: str, variant: str) -> str:
    """Return the model that computes: the last not in Python, else the last; a pipeline in one process is one model."""
    if (tree / unit / "configs" / f"{variant}.pbtxt").is_file():
        return unit
    names = [str(step.model_name) for step in pipeline.steps(built.config(tree, unit))] or [unit]
    native = [name for name in names if built.config(tree, name).backend != "python"]
    return (native or names)[-1]


def _statistics(address: str, model: str) -> float:
    with grpcclient.InferenceServerClient(address.removeprefix("grpc://")) as client:
        rows: Any = client.get_inference_statistics(model).model_stats
    row = max((one.inference_stats.compute_infer for one in rows), key=lambda one: int(one.count))
    return float(row.ns) / max(int(row.count), 1) / 1e6


def _traced(out: Path) -> list[parts.Traced]:
    events: list[Any] = []
    for path in out.glob("trace.json*"):
        events += json.loads(path.read_text(encoding="utf-8"))
    return parts.read(events)
