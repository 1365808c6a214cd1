"""`trireme gateway precompute`: ask a model for items of a file beforehand, and keep the answers for the gateway.

What is kept already is not asked for again, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from rich import progress

from trireme.errors import CallError, UnreadableError, ValueRefusedError
from trireme.gateway.cache import key
from trireme.gateway.endpoint import Call
from trireme.gateway.gateway import Gateway
from trireme.gateway.predict import predict
from trireme.gateway.problems import REFUSED, ProblemError
from trireme.gateway.rows import Rows
from trireme.gateway.stores import Static

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trireme.gateway.catalog import Model
    from trireme.gateway.settings import Settings

BATCHES = 4
"""Batches of the model in one step."""
SECONDS = 60.0
"""How long one step may take."""
SHOWN = 10
"""Lines that are named of those that were refused."""


def run(settings: Settings, name: str, items: Path, say: Callable[[str], None]) -> int:
    """Fill the file of settings.cache.static, and return how many lines were refused.

    Raises:
        UnreadableError: the items cannot be read.
        ValueRefusedError: no file is configured, or there is no such model.
        CallError: Triton is away.

    """
    if not settings.cache.static:
        raise ValueRefusedError("cache.static", "", "name the file, such as .trireme/answers.sqlite")
    try:
        total = sum(1 for _ in _lines(items))
    except OSError as error:
        raise UnreadableError(str(items), error.strerror or str(error), "a line an item, as JSON") from None
    return asyncio.run(_run(settings, name, items, total, say))


async def _run(settings: Settings, name: str, items: Path, total: int, say: Callable[[str], None]) -> int:
    try:
        gateway = await Gateway.connect(settings)
    except ProblemError as error:
        raise CallError(f"{', '.join(settings.triton)}: {error.detail}; `make serve` starts the server") from None
    store = Static(Path(settings.cache.static))
    try:
        model = gateway.catalog.find(name)
        counts = Counter[str]()
        with progress.Progress(transient=True) as bar:
            task = bar.add_task(f"asking {name}", total=total)
            lines = _lines(items)
            while some := list(islice(lines, BATCHES * max(model.served.max_batch_size, 1))):
                counts.update(await _step(gateway, model, store, some, say if counts["refused"] < SHOWN else None))
                bar.advance(task, len(some))
    except ProblemError as error:
        raise CallError(f"{name}: {error.detail}") from None
    finally:
        store.close()
        await gateway.close()
    say(f"{name}: {counts['made']} made, {counts['kept']} were there, {counts['refused']} refused, in {settings.cache.static}")
    return counts["refused"]


async def _step(
    gateway: Gateway, model: Model, store: Static, lines: list[tuple[int, bytes]], say: Callable[[str], None] | None
) -> Counter[str]:
    """Ask for the items of some lines that are not kept yet, and keep the answers."""
    counts, rows, numbers = Counter[str](), [], []
    for number, line in lines:
        try:
            rows.append(model.schema.read(b'{"items": [' + line + b"]}")[0])
            numbers.append(number)
        except ProblemError as error:
            counts["refused"] += 1
            _tell(say, number, error.fields[0] if error.fields else ("", error.detail))
    keys = [key(model.name, model.served.versions[-1], row) for row in rows]
    kept = store.get(keys)
    counts["kept"] = sum(item in kept for item in keys)
    fresh = [place for place, item in enumerate(keys) if item not in kept]
    if fresh:
        call = Call(SECONDS, "precompute", model.served.versions[-1], lane="low")
        chosen = Rows.of([rows[place] for place in fresh])
        try:
            version, answers = await predict(
                model.schema, chosen, lambda arrays: gateway.pool.infer(model.served, arrays, call)
            )
        except ProblemError as error:
            if error.status != REFUSED:
                raise
            version, answers = "", [{"error": error.table()}]  # of a single item
        good = [(place, answer) for place, answer in zip(fresh, answers, strict=True) if "error" not in answer]
        store.put(model.name, [(keys[place], (version, answer)) for place, answer in good])
        counts["made"] += len(good)
        for place, answer in zip(fresh, answers, strict=True):
            if "error" in answer:
                counts["refused"] += 1
                _tell(say, numbers[place], ("", orjson.dumps(answer["error"]).decode()))
    return counts


def _tell(say: Callable[[str], None] | None, number: int, what: tuple[str, str]) -> None:
    if say is not None:
        say(f"line {number}: {' '.join(part for part in what if part)}")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty, with their numbers."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line.strip()
