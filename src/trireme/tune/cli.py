"""`trireme tune` and `trireme why`."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trireme.errors import ValueRefusedError
from trireme.sources import find_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.arrays import Array

TEXTS = 200
"""Of a file, that are asked."""

# Verbs import what they need when they run: `trireme --help` must not wait for numba.
# ruff: noqa: PLC0415


@contextmanager
def _extra() -> Iterator[None]:
    """Say which extra is missing, where one is."""
    try:
        yield
    except ImportError as error:
        raise click.ClickException(f"the tuner needs `pip install 'trireme[tune]'` ({error})") from None


class Milliseconds(click.ParamType[float]):
    """A time such as 50ms, 0.2s or 50: milliseconds unless it says otherwise."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> float:
        """Return milliseconds above zero."""
        text = str(value).strip().lower()
        factor = 1.0 if text.endswith("ms") or not text.endswith("s") else 1000.0
        try:
            found = float(text.removesuffix("s").removesuffix("m")) * factor
        except ValueError:
            self.fail(f"'{value}' is no time; say 50ms or 0.2s", param, context)
        if not 0 < found < float("inf"):
            self.fail(f"'{value}' is refused; a goal is above 0", param, context)
        return found


@click.command()
@click.argument("unit", metavar="MODEL")
@click.option("--slo-p99", "goal", type=Milliseconds(), required=True, help="The goal, e.g. 50ms.")
@click.option("--name", metavar="VARIANT", help="The variant to write; cpu-<cores> by default.")
@click.option(
    "--arrivals",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Recorded arrivals, a number of seconds a line; Poisson's by default.",
)
@click.option(
    "--texts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Texts as they come in production, one a line, asked in place of the examples.",
)
@click.option(
    "--points", type=click.IntRange(2, 100), default=10, show_default=True, help="Points to measure, at most, in each way."
)
@click.option("--dry-run", is_flag=True, help="Write the report alone: no variant, no evidence.")
@click.pass_obj
def tune(  # noqa: PLR0913, PLR0917 - an option each, passed by name
    root: Path | None,
    unit: str,
    goal: float,
    name: str | None,
    arrivals: Path | None,
    texts: Path | None,
    points: int,
    *,
    dry_run: bool,
) -> None:
    """Find the instances, threads and batching that take the most requests within a p99 goal, on this machine.

    MODEL is a model or a pipeline of a built repository. Twenty seconds of measuring tell what batches cost; every choice is
    simulated, the best are verified on the real server. A pipeline is tried as an ensemble and in one process, and with other
    lengths where a model of it pads texts. Writes [variants.<machine>] into model.toml, or ensemble.toml, with its evidence,
    and a page to look at.
    """
    from trireme.build import build
    from trireme.discover import discover
    from trireme.machine import Machine
    from trireme.tune.show import Show

    with _extra():
        from trireme.tune import edges, report, run, ways
    base = root or find_root(Path.cwd())
    sources = discover(base)
    asked = run.Asked(unit, goal, name or Machine.here().variant, _recorded(arrivals), points, _few(texts))
    with Show() as show:
        tuned, simulation = ways.tune(sources, asked, show)
    page = base / ".trireme" / f"tune-{unit}.html"
    page.write_text(report.page(tuned, simulation), encoding="utf-8")
    chosen = tuned.chosen
    for model, knobs in chosen.setting.items():
        click.echo(f"{model}{' in one process' if tuned.together else ''}: {knobs} (it was {tuned.now.get(model, tuned.was)})")
    if tuned.asked.lengths:
        click.echo(edges.told(tuned.asked.lengths))
    for other in tuned.beside:
        click.echo(f"not taken: {other['knobs']}: {other['why']}")
    click.echo(f"{chosen.point.throughput:.0f} requests/s with p99 {chosen.point.p99:.1f} ms, in {len(tuned.points)} points")
    click.echo(f"report: {page}")
    if not dry_run:
        click.echo("\n".join(run.write(sources, tuned)))
        build(discover(base))


@click.command()
@click.argument("model")
@click.option(
    "--texts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Texts as they come in production, one a line.",
)
@click.option("--encoder", metavar="MODEL", help="Measure what lengths cost this model; by default a token costs a token.")
@click.option("--most", type=click.IntRange(1, 64), default=8, show_default=True, help="How many edges to try, at most.")
@click.option("--write", "chosen", type=click.IntRange(1, 64), metavar="N", help="Write the best N edges into model.toml.")
@click.pass_obj
def buckets(  # noqa: PLR0913, PLR0917 - an option each, passed by name
    root: Path | None, model: str, texts: Path, encoder: str | None, most: int, chosen: int | None
) -> None:
    """Choose the lengths that MODEL pads texts to, from texts as they really come.

    Prints, for one edge and more, the best edges and how much of the work would be padding. Few edges join more requests and
    fit CUDA graphs; many pad less.
    """
    with _extra():
        from trireme.tune import padding

    base = root or find_root(Path.cwd())
    lines = _lines(texts)
    measured = padding.measure(base, model, lines, encoder)
    for line in padding.table(measured, max(most, chosen or 1)):
        click.echo(line)
    if chosen:
        click.echo(padding.write(base, model, measured, chosen))


@click.command()
@click.argument("model")
@click.argument("field", required=False)
@click.pass_obj
def why(root: Path | None, model: str, field: str | None) -> None:
    """Say why a field of a model's config is as it is: each variant's value, and the evidence behind it.

    FIELD is a field of Triton's ModelConfig, such as instance_group or dynamic_batching; all that was tuned by default.
    """
    from trireme.discover import find
    from trireme.tune import explain

    base = root or find_root(Path.cwd())
    for line in explain.lines(base, find(base, model), field):
        click.echo(line)


def _lines(texts: Path) -> list[str]:
    """Return the texts of a file, one a line.

    Raises:
        ValueRefusedError: it is no text, or holds none.

    """
    try:
        found = [line for line in texts.read_text(encoding="utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise ValueRefusedError(str(texts), f"byte {error.start}", "it is text in UTF-8, one a line") from None
    if not found:
        raise ValueRefusedError(str(texts), "no line", "a line is a text as it comes in production")
    return found


def _few(texts: Path | None) -> tuple[str, ...]:
    """Return so many of a file's texts as are asked, from the first to the last."""
    lines = _lines(texts) if texts else []
    return tuple(lines[:: -(-len(lines) // TEXTS) or 1])


def _recorded(path: Path | None) -> Array | None:
    """Return recorded arrivals [s] as an array, or None.

    Raises:
        ValueRefusedError: a line is no number, or a time goes back.

    """
    if path is None:
        return None
    import numpy as np

    times = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            times.append(float(line))
        except ValueError:
            raise ValueRefusedError(f"{path}:{number}", line, "a line is the seconds of one arrival") from None
    found = np.array(times)
    if len(found) < 2 or not np.isfinite(found).all() or (np.diff(found) < 0).any() or found[0] == found[-1]:  # noqa: PLR2004 - a gap has two ends
        raise ValueRefusedError(str(path), f"{len(found)} arrivals", "they are two or more, in order, not all at once")
    return found
