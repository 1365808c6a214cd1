"""`trireme buckets`: the best edges for the texts that come, as lines, and written into model.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomlkit

from trireme import built
from trireme.discover import discover
from trireme.examples import read_examples
from trireme.files import replace
from trireme.plan import TREE
from trireme.tune import buckets, lengths
from trireme.tune.edges import PARAMETER
from trireme.tune.run import LOG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from trireme.arrays import Array
    from trireme.tune.buckets import Buckets


@dataclass(frozen=True)
class Measured:
    """The tokens of each text, what a row of each length costs (None: a token costs a token), and the edges of now."""

    lengths: list[int]
    cost: Callable[[Array], Array] | None
    now: tuple[int, ...]


def measure(root: Path, model: str, texts: Sequence[str], encoder: str | None) -> Measured:
    """Measure texts, and the encoder where one is named.

    Raises:
        TuneError: the model pads nothing, or refuses a text.
        MissingSourceError: a model is not built.

    """
    now = lengths.edges_now(root / TREE, model)
    found = lengths.measure(root / TREE, model, texts)
    if encoder is None:
        return Measured(found, None, now)
    config = built.config(root / TREE, encoder)
    example = read_examples(discover(root).unit(encoder).folder, config)[0]
    row = {name: array[None] for name, array in example.inputs.items()}
    return Measured(found, lengths.cost(root / TREE, encoder, now[-1], root / LOG, row), now)


def table(measured: Measured, most: int) -> Iterator[str]:
    """Yield the edges of now and the best of 1 to `most`, with what is padded and what that costs."""
    found = measured.lengths
    yield f"{len(found)} texts of {min(found)} to {max(found)} tokens, {sum(found) / len(found):.1f} on average"
    yield f"  {'edges':40} {'padding':>8} {'work':>8}"
    yield _line(buckets.score(found, measured.now, measured.cost), " (now)")
    for row in buckets.best(found, most, measured.cost, last=measured.now[-1]):
        yield _line(row)


def write(root: Path, model: str, measured: Measured, count: int) -> str:
    """Write the best so many edges into model.toml, which keeps its comments; return what was done."""
    edges = buckets.best(measured.lengths, count, measured.cost, last=measured.now[-1])[-1].edges
    path = root / "models" / model / "model.toml"
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    document["config"]["parameters"][PARAMETER]["string_value"] = ",".join(map(str, edges))
    replace(path, tomlkit.dumps(document))
    return f"wrote buckets = {','.join(map(str, edges))} into models/{model}/model.toml; `make repo` builds it"


def _line(row: Buckets, mark: str = "") -> str:
    return f"  {','.join(map(str, row.edges)) + mark:40} {row.padded:>8.1%} {row.work:>8.1%}"
