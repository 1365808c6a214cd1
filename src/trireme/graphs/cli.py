"""The command `graphs`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trireme.errors import MissingSourceError, ValueRefusedError
from trireme.sources import find_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.graphs.plan import Planned, Shape

# Verbs import what they need when they run: `trireme --help` must not wait for numpy and onnx.
# ruff: noqa: PLC0415
BACKENDS = ("tensorrt", "pytorch")
UNITS = {"k": 1e3, "m": 1e6, "g": 1e9}


class Bytes(click.ParamType[float]):
    """An amount of memory such as 256m or 1g."""

    name = "bytes"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return bytes."""
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kmg]?)b?", str(value).strip().lower())
        if not found or not float(found[1]):
            self.fail(f"'{value}' is no amount of memory; write it as 256m or 1g", param, ctx)
        return float(found[1]) * UNITS.get(found[2], 1.0)


@click.command()
@click.argument("model")
@click.option("--variant", default="gpu", show_default=True, help="The variant that the graphs are for.")
@click.option(
    "--observed",
    required=True,
    metavar="ADDRESS|FILE",
    help='A Triton that has served the load (grpc://...), or JSON: [{"batch": 4, "length": 32, "count": 100}, ...].',
)
@click.option(
    "--texts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="For a model that takes lengths: texts as they come, one a line.",
)
@click.option("--tokenizer", default="text_tokenizer", show_default=True, help="The model that makes tokens of the texts.")
@click.option("--memory", type=Bytes(), default="256m", show_default=True, help="What the graphs of an instance may hold.")
@click.option(
    "--launches",
    type=click.FloatRange(0, min_open=True),
    default=200,
    show_default=True,
    help="What a batch pays without a graph [us].",
)
@click.option(
    "--row", type=click.FloatRange(0), default=20, show_default=True, help="What a row of the longest length takes [us]."
)
@click.option("--write", is_flag=True, help="Write them into [variants.VARIANT] of model.toml.")
@click.pass_obj
def graphs(  # noqa: PLR0913, PLR0917 - an option each, passed by name
    root: Path | None,
    model: str,
    variant: str,
    observed: str,
    texts: Path | None,
    tokenizer: str,
    memory: float,
    launches: float,
    row: float,
    *,
    write: bool,
) -> None:
    """Plan the CUDA graphs of MODEL from the batches that came: which shapes, with which lower bounds.

    Prints the graph_spec that saves the most time for the memory, the share of batches it is expected to hit and what would be
    padded. --launches and --row follow from what `make gpu-check` prints on a GPU. Triton counts a batch by its rows alone: the
    lengths of a model that takes some come from --texts.
    """
    from trireme import built
    from trireme.discover import discover
    from trireme.graphs import observe
    from trireme.graphs.plan import choose
    from trireme.plan import TREE

    base = root or find_root(Path.cwd())
    tree, sources = base / TREE, discover(base)
    if sources.unit(model) not in sources.models:
        raise ValueRefusedError("a model", model, "it is a pipeline; name the step that computes")
    config = _config(tree, model, variant)
    edges, shares = _lengths(tree, tokenizer, texts) if texts else ((), {})
    seen = observe.from_server(observed, model, shares) if "://" in observed else observe.from_file(Path(observed))
    _check(seen, config, f"{model}: {observed}")
    longest = max(*edges, *(shape.length for shape in seen), 1)
    onnx = built.newest(tree, model) / "model.onnx"
    planned = choose(seen, observe.costs(config, launches, row, longest, onnx if onnx.is_file() else None), memory)
    for line in _lines(planned, seen):
        click.echo(line)
    if write:
        from trireme.build import build
        from trireme.graphs.write import write_into

        write_into(base / "models" / model, variant, planned, config)
        build(discover(base))
        click.echo(f"wrote [variants.{variant}] of models/{model}/model.toml; serve it: --model-config-name={variant}")


def _config(tree: Path, model: str, variant: str) -> Any:  # noqa: ANN401 - ModelConfig
    from trireme import modelconfig
    from trireme.errors import suggestion

    path = tree / model / "configs" / f"{variant}.pbtxt"
    if not path.is_file():
        there = [one.stem for one in path.parent.glob("*.pbtxt")]
        raise MissingSourceError(f"{tree.name}/{model}", f"the variant {variant}", suggestion(variant, there))
    config = modelconfig.from_text(path.read_text(encoding="utf-8"))
    backend = config.backend or config.platform.partition("_")[0]
    if backend not in BACKENDS:
        remedy = f"CUDA graphs are run by {' and '.join(BACKENDS)} (the native pytorch backend ignores them, the twin does not)"
        raise ValueRefusedError(f"{model}: variant {variant}: backend", backend, remedy)
    return config


def _lengths(tree: Path, tokenizer: str, texts: Path) -> tuple[tuple[int, ...], Mapping[int, float]]:
    from trireme.graphs import observe
    from trireme.tune import lengths

    lines = [line for line in texts.read_text(encoding="utf-8").splitlines() if line.strip()]
    edges = lengths.edges_now(tree, tokenizer)
    return edges, observe.shares_of(lengths.measure(tree, tokenizer, lines), edges)


def _check(seen: Mapping[Shape, int], config: Any, place: str) -> None:  # noqa: ANN401 - ModelConfig
    """Refuse batches that the model cannot have: too many rows, or lengths where it takes none, or none where it takes some."""
    takes = any(size == -1 for tensor in config.input for size in tensor.dims)
    for shape in seen:
        if shape.batch > max(config.max_batch_size, 1):
            raise ValueRefusedError(place, f"a batch of {shape.batch}", f"max_batch_size is {config.max_batch_size}")
        if takes and not shape.length:
            raise ValueRefusedError(
                place, "batches without lengths", "the model takes any length: name --texts, or state lengths"
            )
        if shape.length and not takes:
            raise ValueRefusedError(place, f"length {shape.length}", "the model's sizes are fixed; leave lengths out")


def _lines(planned: Planned, seen: Mapping[Shape, int]) -> Iterator[str]:
    yield f"{sum(seen.values()):,} batches of {len(seen)} shapes"
    for graph in planned.graphs:
        length = f", length {graph.length}" if graph.length else ""
        rows = (
            f"{graph.least} to {graph.most} rows" if graph.least < graph.most else f"{graph.most} row{'s' * (graph.most > 1)}"
        )
        yield f"  graph of {graph.most}{length}: batches of {rows}"
    yield f"expected: {planned.hits:.1%} of batches hit, {planned.padded:.1%} rows of padding, {planned.saved:.1%} less time"
    yield f"held: {planned.held / 1e6:.1f} MB; preferred_batch_size: {list(planned.preferred)}"
