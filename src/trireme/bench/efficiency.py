"""Serving efficiency: text classification saturated over gRPC, against a bare in-process loop over the same parts.

The repository is served as this machine serves it, by its variant. The bare loop has the same tokenizer, encoder, head, cores
and sentences, and its best batch size of several. Bare and served runs alternate; the ratio is taken pair by pair.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np

from trireme import built
from trireme.client import AsyncClient
from trireme.plan import TREE
from trireme.serve import machine_flags
from trireme.server.process import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trireme.arrays import Array
    from trireme.discover import Sources

    Row = tuple[str, str, str, str]

PIPELINE = "text_classification"
SENTENCES = "models/sentiment_head/data/train.tsv"
BATCHES = (8, 16, 32, 64)
LOADS = ((16, 8), (1, 256))
"""(sentences a request, clients)."""


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:
    """Yield a row a load: the median of the ratios, their spread, the target."""
    seconds, pairs = (1.0, 1) if quick else (5.0, 5)
    text = (sources.root / SENTENCES).read_text(encoding="utf-8")
    mix = np.array([[line.split("\t")[1].encode()] for line in text.splitlines()], object)
    classify = bare_pipeline(sources.root / TREE)
    best = max(BATCHES, key=lambda size: run_bare(classify, mix, size, seconds / 2))
    tree, log = sources.root / TREE, sources.root / ".trireme" / "bench.log"
    with Server(tree, log, flags=machine_flags(tree)) as server:
        for rows, clients in LOADS:
            asyncio.run(run_served(server.grpc, mix, (rows, clients), 1.0))
            ratios, served = [], []
            for _ in range(pairs):
                bare = run_bare(classify, mix, best, seconds)
                served.append(asyncio.run(run_served(server.grpc, mix, (rows, clients), seconds)))
                ratios.append(served[-1] / bare)
            spread = f"{min(ratios):.2f} to {max(ratios):.2f} in {pairs} pairs, {statistics.median(served):.0f} sentences/s"
            label = f"served / bare, {rows} sentence(s) a request, {clients} clients"
            yield label, f"{statistics.median(ratios):.2f}", spread, ">= 0.85"


def bare_pipeline(tree: Path) -> Callable[[Array], object]:
    """Return the pipeline as one function in this process, from the built tree."""
    import onnxruntime  # noqa: PLC0415 - only this benchmark runs models in its own process

    tokenize, classify = (built.infer(tree, name) for name in ("text_tokenizer", "sentiment_head"))
    served = built.newest(tree, "text_encoder") / built.config(tree, "text_encoder").default_model_filename
    encoder = onnxruntime.InferenceSession(str(served), providers=["CPUExecutionProvider"])
    return lambda text: classify(sentence_embedding=encoder.run(None, tokenize(text=text))[0])


def run_bare(classify: Callable[[Array], object], mix: Array, size: int, seconds: float) -> float:
    """Return sentences per second of the loop."""
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        classify(_rows(mix, done, size))
        done += size
    return done / (time.perf_counter() - begun)


async def run_served(address: str, mix: Array, load: tuple[int, int], seconds: float) -> float:
    """Return sentences per second of that many clients, each sending its next request when the last is answered."""
    size, clients = load
    async with AsyncClient(address) as client:
        await client.metadata(PIPELINE)
        end = time.perf_counter() + seconds

        async def send(start: int) -> int:
            done = 0
            while time.perf_counter() < end:
                await client.infer(PIPELINE, {"text": _rows(mix, start + done, size)})
                done += size
            return done

        begun = time.perf_counter()
        counts = await asyncio.gather(*(send(number * 7) for number in range(clients)))
        return sum(counts) / (time.perf_counter() - begun)


def _rows(mix: Array, start: int, size: int) -> Array:
    rows: Array = mix[np.arange(start, start + size) % len(mix)]
    return rows
