"""`trireme buckets`: the best edges for the texts that come, as lines, and written into model.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

from trireme.discover import discover
from trireme.examples import read_examples
from trireme.plan import TREE
from trireme.tune import buckets, lengths
from trireme.tune.live import built_config
from trireme.tune.run import LOG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from trireme.arrays import Array
    from trireme.tune.buckets import Buckets


def table(root: Path, model: str, texts: Sequence[str], encoder: str | None, most: int) -> Iterator[str]:
    """Yield the edges of now and the best of 1 to `most`, with what is padded and what that costs."""
    now = lengths.edges_now(root / TREE, model)
    found, price = _measured(root, model, texts, encoder, now)
    yield f"{len(found)} texts of {min(found)} to {max(found)} tokens, {sum(found) / len(found):.1f} on average"
    yield f"  {'edges':40} {'padding':>8} {'work':>8}"
    yield _line(buckets.score(found, now, price), " (now)")
    for row in buckets.best(found, most, price, last=now[-1]):
        yield _line(row)


def write(root: Path, model: str, texts: Sequence[str], encoder: str | None, count: int) -> str:
    """Write the best so many edges into model.toml, which keeps its comments; return what was done."""
    now = lengths.edges_now(root / TREE, model)
    found, price = _measured(root, model, texts, encoder, now)
    edges = buckets.best(found, count, price, last=now[-1])[-1].edges
    path = root / "models" / model / "model.toml"
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    document["config"]["parameters"][lengths.PARAMETER]["string_value"] = ",".join(map(str, edges))
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    return f"wrote buckets = {','.join(map(str, edges))} into models/{model}/model.toml; `make repo` builds it"


def _measured(
    root: Path, model: str, texts: Sequence[str], encoder: str | None, now: Sequence[int]
) -> tuple[list[int], Callable[[Array], Array] | None]:
    found = lengths.measure(root / TREE, model, texts)
    if encoder is None:
        return found, None
    config = built_config(root / TREE, encoder)
    example = read_examples(discover(root).unit(encoder).folder, config)[0]
    row = {name: array[None] for name, array in example.inputs.items()}
    return found, lengths.cost(root / TREE, encoder, now[-1], root / LOG, row)


def _line(row: Buckets, mark: str = "") -> str:
    return f"  {','.join(map(str, row.edges)) + mark:40} {row.padded:>8.1%} {row.work:>8.1%}"
