"""How much /dev/shm Triton needs for a repository: Python models move every tensor through it.

A Python instance takes a region that grows with the largest request and answer it has seen, about two and a half times their
bytes, and never shrinks (TRITON facts, §4); the backend begins with 1 MiB an instance and a queue of messages. A container's
default of 64 MB refuses a request of 32 MB, and the server stays ready.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trireme import modelconfig
from trireme.examples import read_examples
from trireme.lint import walk
from trireme.plan import TREE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.arrays import Array
    from trireme.discover import Sources
    from trireme.examples import Example

MIB = 1 << 20
COPIES = 2.5
FIRST = 2 * MIB
"""Of every instance: its first region and its queue of messages."""
ROOM = 4
"""Times the largest of its examples that a request may be, where the config leaves a size open."""
PYTHON = "python"
STRING = "TYPE_STRING"
LARGEST = 64 * MIB
"""Triton's --http-max-input-size, which is also what k8s/base gives it: the largest request of a model with an open size."""


@dataclass(frozen=True)
class Need:
    """What one model takes [bytes]; open says that examples stand for sizes that its config leaves open."""

    model: str
    variant: str
    instances: int
    largest: int
    """Bytes of the largest request and answer together."""
    open: bool

    @property
    def bytes(self) -> int:
        """Return what its instances take together."""
        return self.instances * (FIRST + int(COPIES * self.largest)) if self.instances else 0


def needs(sources: Sources) -> list[Need]:
    """Return what each model of the built repository needs, under the hungriest of its configs."""
    found = []
    for unit in sources.units:
        folder = sources.root / TREE / unit.name
        paths = [folder / "config.pbtxt", *sorted(folder.glob("configs/*.pbtxt"))]
        configs = {path.stem: modelconfig.from_text(path.read_text(encoding="utf-8")) for path in paths if path.is_file()}
        examples = read_examples(unit.folder, configs["config"]) if configs else ()
        rows = [need(unit.name, name, config, examples) for name, config in configs.items() if config.backend == PYTHON]
        if rows:
            found.append(max(rows, key=lambda row: row.bytes))
    return sorted(found, key=lambda row: -row.bytes)


def size(rows: Iterable[Need]) -> int:
    """Return the size of /dev/shm for all [bytes]: the sum and a fifth, room for one largest request, in steps of 64 MiB."""
    found = list(rows)
    largest = COPIES * LARGEST if any(row.open for row in found) else 0
    return max(math.ceil((sum(row.bytes for row in found) * 1.2 + largest) / (64 * MIB)), 1) * 64 * MIB


def need(unit: str, variant: str, config: ModelConfig, examples: Sequence[Example]) -> Need:
    """Return what a Python model needs under one config."""
    instances = sum(max(group.count, 1) for group in config.instance_group) or 1
    batch = max(config.max_batch_size, 1)
    sides = [(tensor, "inputs") for tensor in config.input] + [(tensor, "outputs") for tensor in config.output]
    sizes = [_bytes(tensor, [getattr(example, side).get(tensor.name) for example in examples], batch) for tensor, side in sides]
    return Need(unit, variant, instances, sum(count for count, _ in sizes), any(guessed for _, guessed in sizes))


def _bytes(tensor: Any, seen: Sequence[Array | None], batch: int) -> tuple[int, bool]:  # noqa: ANN401 - ModelInput or ModelOutput
    """Return the most bytes of a tensor, and whether examples stand for what its config leaves open."""
    kind = walk.enum_name(tensor)
    elements = walk.elements(tensor.dims)
    if elements >= 0 and kind != STRING:
        return elements * walk.DATA_TYPE_BYTES[kind] * batch, False
    examples = [sum(map(_length, array.flat)) if kind == STRING else array.nbytes for array in seen if array is not None]
    return max([*examples, 1]) * ROOM * batch, True


def _length(item: object) -> int:
    """Return the bytes of a string on Triton's wire: its own and four that count them."""
    return 4 + len(item if isinstance(item, bytes) else str(item).encode())


def lines(rows: Sequence[Need]) -> list[str]:
    """Return the table for people."""
    table = [f"{'model':24} {'variant':10} {'instances':>9} {'largest':>10} {'takes':>10}"]
    for row in rows:
        note = "  (from its examples: a size is open)" if row.open else ""
        table.append(f"{row.model:24} {row.variant:10} {row.instances:>9} {_mib(row.largest):>10} {_mib(row.bytes):>10}{note}")
    return [
        *table,
        f"shared memory: {size(rows) // MIB} MiB (the sum and a fifth, one request of 64 MiB for open sizes, in steps of 64)",
    ]


def _mib(count: int) -> str:
    return f"{count / MIB:.1f} MiB"
