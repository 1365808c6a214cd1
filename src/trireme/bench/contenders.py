"""Who is measured: this repository, and each server of loadtests/peers/, found by its peer.toml."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trireme import built
from trireme.bench import environments, marked
from trireme.discover import read_toml
from trireme.errors import BenchError
from trireme.machine import Machine
from trireme.plan import TREE
from trireme.serve import machine_flags
from trireme.server.process import Ports, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

FOLDER = "loadtests/peers"
READY_SECONDS = 120.0
PLACEHOLDER = "$"
QUIET = {
    "ORT_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip
"""No peer reports to anybody; one thread a process, as their docs say where there is a process a core."""


@dataclass(frozen=True)
class Target:
    """A server that runs: where it listens, how it is asked, and the mark of its processes."""

    name: str
    port: int
    path: str
    body: str
    answer: str
    mark: str
    grpc: str = ""

    def bodies(self, values: list[Any]) -> list[str]:
        """Return a request's body for each value."""
        return [self.body.replace(PLACEHOLDER, json.dumps(value)) for value in values]

    def ask(self, value: object) -> object:
        """Return the label or the number that it answers.

        Raises:
            BenchError: it refuses.

        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", self.path, self.bodies([value])[0], {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise BenchError(self.name, f"it answers {answer.status}: {text[:200]}", "see its log beside .trireme/peers")
        found: Any = json.loads(text)
        for key in self.answer.split("."):
            found = found[int(key)] if isinstance(found, list) else found[key]
        return found


OURS = {
    "text": (
        "/v2/models/text_classification/infer",
        '{"inputs": [{"name": "text", "shape": [1, 1], "datatype": "BYTES", "data": [$]}], "outputs": [{"name": "label"}]}',
    ),
    "tabular": (
        "/v2/models/credit_risk/infer",
        '{"inputs": [{"name": "features", "shape": [1, 16], "datatype": "FP32", "data": $}]}',
    ),
}


@contextmanager
def ours(root: Path, task: str, encoder: str) -> Iterator[Target]:
    """Serve this repository as this machine does; encoder is the ONNX file that its text pipeline runs."""
    mark = f"trireme-{task}-{encoder}-{os.getpid()}"
    tree = root / ".trireme" / "peers" / f"repository-{os.getpid()}"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(root / TREE, tree, copy_function=os.link, ignore=shutil.ignore_patterns("*.plan"))
    machine = Machine.here()
    if task == "text" and not (tree / "text_classification" / "configs" / f"{machine.variant}.pbtxt").is_file():
        problem = f"text_classification has no variant {machine.variant}, and is measured as this machine serves it"
        raise BenchError("bench-peers", problem, "write one into its ensemble.toml, with one_process = true")
    for steps in tree.glob("*/*/steps.*.json"):
        text = steps.read_text(encoding="utf-8")
        steps.unlink()  # it is a link to the built one
        steps.write_text(text.replace('"model.int8.onnx"', f'"{encoder}"'), encoding="utf-8")
    os.environ[marked.VARIABLE] = mark
    try:
        with Server(tree, root / ".trireme" / "peers" / "trireme.log", flags=machine_flags(tree)) as server:
            path, body = OURS[task]
            label = f"Trireme, {'int8' if 'int8' in encoder else 'fp32'}" if task == "text" else "Trireme"
            yield Target(label, server.ports.http, path, body, "outputs.0.data.0", mark, server.grpc)
    finally:
        del os.environ[marked.VARIABLE]
        shutil.rmtree(tree, ignore_errors=True)


def names(root: Path) -> list[str]:
    """Return the peers that there are."""
    return sorted(path.parent.name for path in (root / FOLDER).glob("*/peer.toml"))


def batches(root: Path, peer: str) -> list[int]:
    """Return the batch sizes that a peer is measured with: what its docs recommend, and none."""
    return [int(size) for size in read_toml(root / FOLDER / peer / "peer.toml")["batches"]]


@contextmanager
def peer(root: Path, name: str, task: str, batch: int, say: Callable[[str], None]) -> Iterator[Target]:
    """Serve a task by a peer in its own environment, a folder of its own for all that it writes.

    Raises:
        BenchError: it cannot be installed, or does not start.

    """
    here = root / FOLDER / name
    table = read_toml(here / "peer.toml")
    scratch, ports, mark = root / ".trireme" / "peers" / name, Ports.free(), f"{name}-{task}-{batch}-{os.getpid()}"
    port = ports.http
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    words = {
        "bin": environments.prepare(root, f"peer-{name}", here / "requirements.txt", say), "here": here, "scratch": scratch,
        "port": port, "port1": ports.grpc, "port2": ports.metrics, "peers": root / FOLDER, "batch": batch,
        "cores": Machine.here().cores,
    }  # fmt: skip
    log = scratch.with_suffix(".log")
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - a command of this repository's
            [word.format(**words) for word in table["command"]],
            env=_environment(root, table, words)
            | {"PEER_TASK": task, "PEER_BATCH": str(batch), "PEER_CORES": str(words["cores"]), marked.VARIABLE: mark},
            cwd=here,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    joins = f", joins up to {batch}" if batch > 1 else ""
    asked = table[task]
    target = Target(f"{table['name']}{joins}", port, asked["path"], asked["body"], asked["answer"], mark)
    try:
        _wait(process, port, table["ready"], f"{table['name']}: its log is {log}")
        time.sleep(table.get("settle", 0.0))
        yield target
    finally:
        marked.stop(mark, process.pid)
        process.wait()


def versions(root: Path, name: str) -> str:
    """Return what a peer's requirements pin of its own."""
    lines = (root / FOLDER / name / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return lines[0].partition("#")[0].strip()


def _environment(root: Path, table: Mapping[str, Any], words: Mapping[str, object]) -> dict[str, str]:
    tree = root / TREE
    files = {
        "PEER_TOKENIZER": built.newest(tree, "text_tokenizer") / "tokenizer.json",
        "PEER_ENCODER": built.newest(tree, "text_encoder") / "model.onnx",
        "PEER_HEAD": built.newest(tree, "sentiment_head") / "weights.safetensors",
        "PEER_RISK": built.newest(tree, "credit_risk") / "model.onnx",
        "PYTHONPATH": root / FOLDER,
        "HOME": words["scratch"],
    }
    own = {key: value.format(**words) for key, value in table.get("environment", {}).items()}
    return {**os.environ, **QUIET, **{key: str(value) for key, value in files.items()}, **own}


def _wait(process: subprocess.Popen[bytes], port: int, path: str, place: str) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise BenchError(place, f"it ended with {process.returncode} before it was ready", "see the log")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise BenchError(place, f"it was not ready in {READY_SECONDS:g} s", "see the log")
