"""The limit: the text pipeline as a bare loop, one sentence at a time and unpadded, in one process a core or in one over all.

`python -m trireme.bench.bare TREE FILE THREADS SECONDS` runs one loop, once a line comes in, and prints its sentences a second.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

from trireme import built
from trireme.bench import corpus
from trireme.errors import BenchError


class Loops:
    """Loops in processes of their own that wait between runs; a context manager. file is an ONNX file of text_encoder."""

    def __init__(self, tree: Path, file: str, *, processes: int, threads: int, seconds: float) -> None:
        self._line = [sys.executable, "-m", "trireme.bench.bare", str(tree), file, str(threads), str(seconds)]
        self._count = processes
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Loops:  # noqa: PYI034 - Self is newer than Python 3.10
        """Start them."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._running = [subprocess.Popen(self._line, text=True, **pipes) for _ in range(self._count)]  # type: ignore[call-overload] # noqa: S603
        for process in self._running:
            _read(process)
        return self

    def __exit__(self, *_: object) -> None:
        """End them."""
        for process in self._running:
            process.kill()
            process.wait()

    def rate(self) -> float:
        """Run all of them at once and return the sentences a second of all."""
        for process in self._running:
            assert process.stdin is not None  # noqa: S101 - it was opened so
            process.stdin.write("go\n")
            process.stdin.flush()
        return sum(float(_read(process)) for process in self._running)


def _read(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - it was opened so
    said = process.stdout.readline()
    if not said:
        raise BenchError("the bare loop", f"it ended with {process.wait()}", "run python -m trireme.bench.bare by hand")
    return said


def main() -> None:
    """Run one loop a line of input."""
    tree, file, threads, seconds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    tokenize, classify = (built.infer(tree, name) for name in ("text_tokenizer", "sentiment_head"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    path = built.newest(tree, "text_encoder") / file
    encoder = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rows = [np.array([[text.encode()]], object) for text in corpus.sentences(tree.parent)]

    def one(text: np.ndarray) -> None:  # type: ignore[type-arg] # objects
        found = tokenize(text=text)
        length = int(found["attention_mask"].sum())
        unpadded = {name: array[:, :length] for name, array in found.items()}
        classify(sentence_embedding=encoder.run(None, unpadded)[0])

    for text in rows[:20]:
        one(text)
    print("ready", flush=True)
    for _ in sys.stdin:
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            one(rows[done % len(rows)])
            done += 1
        print(done / (time.perf_counter() - begun), flush=True)


if __name__ == "__main__":
    main()
