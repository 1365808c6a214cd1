"""What a GPU makes of it: `make gpu-check`, for a machine with an NVIDIA GPU, PyTorch and no network.

The embedded server serves two models by the pytorch twin: one batch a call without and with CUDA graphs, requests alone and
joined, answers against the CPU's, graphs that were expected to be hit against those that were. What is skipped is said, with
the reason.
"""

from __future__ import annotations

import json
import statistics
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2

from trireme.gpu import Gpu
from trireme.graphs.observe import from_server
from trireme.graphs.plan import Costs, Shape, choose, score
from trireme.server.process import Server
from trireme.tune.load import METHOD, OPTIONS, answered, body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trireme.arrays import Array
    from trireme.bench.gpu_models import Checked
    from trireme.discover import Sources

    Row = tuple[str, str, str, str]

CLIENTS = (1, 4, 16, 64, 256)
ROUNDS = 5
REPORT = ".trireme/gpu-check.json"
METRIC = "trireme_cuda_graph_batches_total"
KINDS = ("eager", "graphs", "joined")


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:
    """Yield the rows of both models, or why there are none; all of them go into .trireme/gpu-check.json as well."""
    try:
        import torch  # noqa: PLC0415 - this check alone needs it
    except ImportError as error:
        yield "everything", "skipped", f"PyTorch cannot be imported: {error}", ""
        return
    here = Gpu.here()
    if here is None or not torch.cuda.is_available():
        yield "everything", "skipped", "no NVIDIA GPU is here" if here is None else f"torch sees no CUDA on the {here.name}", ""
        return
    yield "GPU", here.name, f"compute capability {here.capability}, torch {torch.__version__}, CUDA {torch.version.cuda}", ""
    rows = []
    for row in check(sources.root, "KIND_GPU", quick=quick):
        rows.append(row)
        yield row
    table = {"date": time.strftime("%Y-%m-%d"), "gpu": here.name, "torch": torch.__version__, "rows": rows}
    (sources.root / REPORT).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def check(root: Path, kind: str, *, quick: bool) -> Iterator[Row]:
    """Yield the rows of both models served on instances of a kind; KIND_CPU has no graphs."""
    from trireme.bench.gpu_models import SIZES, models  # noqa: PLC0415 - imports torch

    for checked in models(root):
        with TemporaryDirectory() as folder:
            origin = _write(Path(folder), checked, kind)
            yield f"{checked.name}", origin, "", ""
            log = root / ".trireme" / f"gpu-check-{checked.name}.log"
            with (
                Server(Path(folder), log) as server,
                grpc.insecure_channel(server.grpc.removeprefix("grpc://"), OPTIONS) as channel,
            ):
                ask = channel.unary_unary(METHOD)
                yield _compared(Path(folder), checked, ask)
                for size in SIZES[: 2 if quick else None]:
                    yield _latency(checked, ask, size, kind, quick=quick)
                for clients in CLIENTS[: 2 if quick else None]:
                    yield _throughput(checked, server.grpc, clients, quick=quick)
                yield _planned(checked, server, kind)


def _write(folder: Path, checked: Checked, kind: str) -> str:
    """Write the model three times: without graphs, with one a size, and joined by the dynamic batcher with a few graphs."""
    from trireme.bench.gpu_models import MOST, SIZES  # noqa: PLC0415 - imports torch

    origin = ""
    for name in KINDS:
        version = folder / f"{checked.name}_{name}" / "1"
        version.mkdir(parents=True)
        first = folder / f"{checked.name}_{KINDS[0]}" / "1" / "model.pt"
        if name == KINDS[0]:
            origin = checked.write(first)
        else:
            (version / "model.pt").hardlink_to(first)
        shapes = " ".join(
            f'input {{ key: "{key}" value {{ dim: {list(rows.shape[1:])} }} }}' for key, rows in checked.rows(1).items()
        )
        specs = [f"graph_spec {{ batch_size: {size} {shapes} }}" for size in SIZES]
        if name == "joined":
            bounds = [(1, 1), (2, 8), (9, 32), (33, MOST)]
            specs = [
                f"graph_spec {{ batch_size: {most} {shapes} graph_lower_bound {{ batch_size: {least} {shapes} }} }}"
                for least, most in bounds
            ]
        graphs = f"optimization {{ cuda {{ graphs: true {' '.join(specs)} }} }}" if name != "eager" else ""
        batching = "dynamic_batching { max_queue_delay_microseconds: 500 }" if name == "joined" else ""
        group = f"instance_group {{ count: 1 kind: {kind} }}"
        text = f'backend: "pytorch" max_batch_size: {MOST} {checked.tensors} {group} {batching} {graphs}\n'
        (version.parent / "config.pbtxt").write_text(text, encoding="utf-8")
    return origin


def _compared(folder: Path, checked: Checked, ask: Callable[[bytes], bytes]) -> Row:
    """Return how far the served answers are from torch's on the CPU, padded batches included."""
    import torch  # noqa: PLC0415 - as above

    load: Any = torch.jit.load
    module = load(str(folder / f"{checked.name}_eager/1/model.pt"), map_location="cpu").eval()
    worst = 0.0
    for name in KINDS:
        for size in (1, 3, 16, 31):
            rows = checked.rows(size)
            with torch.inference_mode():
                found = module(*map(torch.from_numpy, rows.values()))
            expected = found if isinstance(found, tuple) else (found,)
            for given, wanted in zip(_outputs(ask(body(f"{checked.name}_{name}", rows))), expected, strict=True):
                worst = max(worst, float(np.abs(given.reshape(wanted.shape) - wanted.numpy()).max()))
    verdict = "equal within it" if worst <= checked.tolerance else "NOT EQUAL"
    return f"{checked.name}: farthest answer from the CPU's", f"{worst:.2g}", verdict, f"<= {checked.tolerance:g}"


def _latency(checked: Checked, ask: Callable[[bytes], bytes], size: int, kind: str, *, quick: bool) -> Row:
    """Return the median time of a call without and with graphs, rounds in alternation."""
    calls = 5 if quick else 100
    bodies = {name: body(f"{checked.name}_{name}", checked.rows(size)) for name in KINDS[:2]}
    took: dict[str, list[float]] = {name: [] for name in bodies}
    for number in range(ROUNDS + 1):
        for name, request in bodies.items():
            times = []
            for _ in range(calls):
                begun = time.perf_counter()
                ask(request)
                times.append((time.perf_counter() - begun) * 1e3)
            if number:
                took[name].append(statistics.median(times))
    eager, graphs = (statistics.median(took[name]) for name in bodies)
    ratios = [one / two for one, two in zip(*took.values(), strict=True)]
    label = f"{checked.name}: a call of {size} row{'s' if size > 1 else ''}, eager / CUDA graph"
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} times in {ROUNDS} rounds"
    return label, f"{eager:.2f} / {graphs:.2f} ms", spread if kind == "KIND_GPU" else "graphs skipped: no GPU", ""


def _throughput(checked: Checked, address: str, clients: int, *, quick: bool) -> Row:
    """Return the requests a second of so many clients, each request alone and joined, rounds in alternation."""
    seconds, rounds = (0.4, 1) if quick else (2.0, 3)
    found: dict[str, list[float]] = {"eager": [], "joined": []}
    for _ in range(rounds):
        for name, rates in found.items():
            rates.append(answered(address, [body(f"{checked.name}_{name}", checked.rows(1))], clients, seconds))
    ratios = [joined / alone for alone, joined in zip(*found.values(), strict=True)]
    alone, joined = (statistics.median(rates) for rates in found.values())
    label = f"{checked.name}: {clients} client{'s' if clients > 1 else ''}, alone / joined"
    return (
        label,
        f"{alone:,.0f} / {joined:,.0f} a second",
        f"{min(ratios):.2f} to {max(ratios):.2f} times in {rounds} rounds",
        "",
    )


def _planned(checked: Checked, server: Server, kind: str) -> Row:
    """Return the hits that the plan expects of the batches that came, and those that the twin counted."""
    if kind != "KIND_GPU":
        return f"{checked.name}: graph hits, planned and counted", "skipped", "no GPU", ""
    from trireme.bench.gpu_models import MOST, SIZES  # noqa: PLC0415 - imports torch
    from trireme.graphs.plan import Graph  # noqa: PLC0415

    name = f"{checked.name}_graphs"
    seen = from_server(server.grpc, name, {})
    flat = Costs(lambda shape: 200.0 + shape.batch, lambda shape: float(shape.batch), lambda _: 1.0)
    expected = score(seen, [Graph(size, size) for size in SIZES], flat)
    counted = hits(server.metrics, name)
    if not sum(counted):
        return f"{name}: hits expected / counted", "NONE", f"no graph was captured; {server.log} says why", "equal"
    best = choose({Shape(shape.batch): count for shape, count in seen.items()}, flat, float(MOST))
    spread = f"{counted[0]:.0f} of {sum(counted):.0f} batches counted; a plan would take {len(best.graphs)} graphs"
    return f"{name}: hits expected / counted", f"{expected.hits:.1%} / {counted[0] / sum(counted):.1%}", spread, "equal"


def hits(metrics: str, model: str) -> tuple[float, float]:
    """Return the batches of a model that hit a graph and that missed, by Triton's metrics page."""
    with urllib.request.urlopen(metrics, timeout=10) as answer:  # noqa: S310 - our own server on loopback
        lines = [line for line in answer.read().decode().splitlines() if line.startswith(METRIC) and f'model="{model}"' in line]
    counts = {
        result: sum(float(line.rpartition(" ")[2]) for line in lines if f'"{result}"' in line) for result in ("hit", "miss")
    }
    return counts["hit"], counts["miss"]


def _outputs(answer: bytes) -> list[Array]:
    found: Any = service_pb2.ModelInferResponse.FromString(answer)
    by_name = dict(zip((row.name for row in found.outputs), found.raw_output_contents, strict=True))
    return [np.frombuffer(by_name[name], np.float32) for name in sorted(by_name, key=lambda one: one.rpartition("__")[2])]
