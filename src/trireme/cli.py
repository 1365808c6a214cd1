"""The command line: one verb a function, and the only place that prints an error and exits.

Exit codes: 0 done, 1 something found (check), 2 unusable input or a server that cannot run; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trireme import __version__
from trireme.cluster.cli import k8s, shm
from trireme.delivery.cli import fetch, keygen, publish, verify
from trireme.engines.cli import engines
from trireme.errors import TriremeError
from trireme.fleet.cli import fleet
from trireme.gateway.cli import PORT, demo, gateway, trace
from trireme.graphs.cli import graphs
from trireme.latency.cli import budget
from trireme.loads.cli import load
from trireme.medic.cli import medic
from trireme.scaling.cli import simulate_scaling
from trireme.sources import find_root
from trireme.tune.cli import buckets, tune, why

if TYPE_CHECKING:
    from trireme.discover import Sources

TRACES = "http://127.0.0.1:4318/v1/traces"

# Verbs import what they need when they run: `trireme --help` must not wait for onnx.
# ruff: noqa: PLC0415


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The repository; found from here by default.",
)
@click.pass_context
def cli(context: click.Context, root: Path | None) -> None:
    """Small model sources in, one versioned Triton model repository out, served by the real tritonserver.

    A model is a folder in models/, a pipeline a folder in ensembles/. Write one with `trireme new`, build them all with
    `trireme build`, and serve them with `trireme serve`.
    """
    context.obj = root


@cli.command()
@click.option("--locked", is_flag=True, help="Fail when a committed text (config.pbtxt, repo.lock) would change: for CI.")
@click.option(
    "--relock",
    metavar="MODEL",
    multiple=True,
    help="Forget the published versions of MODEL first: only for versions that nobody was given yet.",
)
@click.pass_obj
def build(root: Path | None, *, locked: bool, relock: tuple[str, ...]) -> None:
    """Build model_repository/ from models/ and ensembles/.

    Only what changed is made anew; when anything fails, the old tree stays. A published version never changes: the build says
    so, and names the version to set.
    """
    from trireme.build import build as build_tree
    from trireme.progress import Progress

    with Progress() as progress:
        built = build_tree(_sources(root), locked=locked, relock=relock, watch=progress)
    if built.changed:
        click.echo(f"model_repository/: {len(built.changed)} files written")
    else:
        click.echo("model_repository/: up to date")
    for (name, number), artefact in built.plan.artefacts.items():
        if artefact.measures and built.changed:
            measures = ", ".join(f"{measure} {value:.4g}" for measure, value in artefact.measures.items())
            click.echo(f"  {name} version {number}: {measures}")


@cli.command()
@click.pass_obj
def check(root: Path | None) -> None:
    """Compare model_repository/ with the sources, byte for byte."""
    from trireme.check import check as check_tree

    problems = check_tree(_sources(root))
    for problem in problems:
        click.echo(problem)
    if problems:
        sys.exit(1)
    click.echo("model_repository/: as the sources say")


@cli.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--triton",
    "releases",
    metavar="RELEASE",
    multiple=True,
    help="Check for this release, e.g. 24.10 or `embedded`; repeat for several. By default those that versions.toml pins.",
)
@click.option("--select", metavar="CODES", default="", help="Only these, e.g. TR1,TR512: codes or beginnings of codes.")
@click.option("--ignore", metavar="CODES", default="", help="All but these.")
@click.option("--gpus", type=click.IntRange(0), help="How many GPUs the server has; not said, GPUs are not checked.")
@click.option(
    "--backends", metavar="NAMES", help="Backends that the server has, by commas; by default those of Triton's images."
)
@click.option("--agents", metavar="NAMES", help="Repository agents that the server has, by commas; by default any.")
@click.option("--shm-size", default="64m", show_default=True, help="Shared memory of the server: a number with k, m or g.")
@click.option("--latency-goal", type=click.FloatRange(0, min_open=True), help="Milliseconds; a model with one needs a warm-up.")
@click.option("--model-config-name", "variant", metavar="NAME", help="Check configs/NAME.pbtxt alone; by default every choice.")
@click.option("--elsewhere", default="", metavar="NAMES", help="Models that the server has from other repositories, by commas.")
@click.option("--format", "style", type=click.Choice(["text", "json", "sarif", "github"]), default="text", show_default=True)
@click.option("--fix", is_flag=True, help="Mend what has one right answer, and show the difference.")
@click.option("--explain", metavar="CODE", help="Print a rule's page: why, a bad example and a good one.")
@click.pass_obj
def lint(  # noqa: PLR0913, PLR0917 - an option each, passed by name
    root: Path | None,
    path: Path | None,
    releases: tuple[str, ...],
    select: str,
    ignore: str,
    gpus: int | None,
    backends: str | None,
    agents: str | None,
    shm_size: str,
    latency_goal: float | None,
    variant: str | None,
    elsewhere: str,
    style: str,
    *,
    fix: bool,
    explain: str | None,
) -> None:
    """Say what Triton will refuse in a model repository, before it starts.

    PATH is a model repository of anybody's, or one model in it; model_repository/ by default. Nothing is run, and neither a
    server nor a GPU nor a backend is needed. Exit code 0: nothing found, or only advice; 1: errors or warnings;
    2: it could not be checked.
    """
    from trireme.lint import command

    if explain is not None:
        click.echo(command.page(explain))
        return
    if path is None:
        path = (root or find_root(Path.cwd())) / "model_repository"
    asked = command.Asked(path, releases, select, ignore, gpus, backends, shm_size, latency_goal, variant, agents, elsewhere)
    text, code = command.run(asked, style, fix=fix)
    if text:
        click.echo(text)
    sys.exit(code)


for command in (
    *(gateway, trace, demo, tune, buckets, why, engines, graphs, load, budget),
    *(keygen, publish, verify, fetch, medic, k8s, shm, simulate_scaling, fleet),
):
    cli.add_command(command)


@cli.command("list")
@click.pass_obj
def list_units(root: Path | None) -> None:
    """List the models and pipelines with their tensors."""
    from trireme.listing import rows

    for row in rows(_sources(root)):
        click.echo(row)


@cli.command()
@click.option("--http-port", type=PORT, default=8000, show_default=True)
@click.option("--grpc-port", type=PORT, default=8001, show_default=True)
@click.option("--metrics-port", type=PORT, default=8002, show_default=True)
@click.option("--traces", default=TRACES, show_default=True, metavar="URL", help="Where spans go (OTLP); empty for nowhere.")
@click.option(
    "--medic/--no-medic",
    default=True,
    show_default=True,
    help="Reload dead models, restart a dead server.",
)
@click.argument("flags", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def serve(  # noqa: PLR0913, PLR0917 - the command's own options
    root: Path | None, http_port: int, grpc_port: int, metrics_port: int, traces: str, flags: tuple[str, ...], *, medic: bool
) -> None:
    """Serve model_repository/ on loopback until Ctrl-C.

    Requests in flight are finished. FLAGS after -- are tritonserver's own, e.g. `trireme serve -- --log-verbose=1`. Models that
    have a variant for machines like this one (cpu-2: two cores) serve it, unless FLAGS name another --model-config-name. Every
    model answers its first example before the server counts as ready. Requests that ask for it are traced: the gateway
    takes the spans, see `trireme trace`. A medic asks every model its first example every two seconds, reloads one whose
    process died, and starts a server that died or hangs again, three times in ten minutes at most.
    """
    from trireme import serve as serving
    from trireme.client import Client
    from trireme.medic.keeper import Keeper
    from trireme.server.process import Ports
    from trireme.stopping import stop_on_signals

    stop_on_signals()
    sources = _sources(root)
    server = serving.start(sources, Ports(http_port, grpc_port, metrics_port), flags, traces)
    keeper = Keeper(server, sources, click.echo) if medic else None
    try:
        with Client(server.grpc) as client:
            rows = sorted(client.models(), key=lambda row: row["name"])
        banner = [f"  {row['name']:24} version {row['version']}  {row['state'].lower()}" for row in rows]
        banner += [f"variant  {flag.partition('=')[2]}" for flag in server.flags if flag.startswith(serving.VARIANT)]
        banner += [f"http     {server.http}", f"grpc     {server.grpc}", f"metrics  {server.metrics}"]
        banner += [f"Ctrl-C stops; the log is {serving.LOG}"]
        if keeper is not None:
            keeper.start()
        sys.exit(serving.wait(server, "\n".join(banner), click.echo, keeper.look if keeper else None))
    finally:
        if keeper is not None:
            keeper.stop()
        server.kill()


@cli.command()
@click.argument("model")
@click.option(
    "--input",
    "inputs",
    metavar="NAME=VALUE",
    multiple=True,
    help="JSON, plain text, or @file for its bytes; repeat for each input.",
)
@click.option("--version", default="", help="The version to ask; the newest by default.")
@click.option("--address", default="grpc://127.0.0.1:8001", show_default=True, help="grpc://host:port or http://host:port.")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds.")
@click.pass_obj
def call(  # noqa: PLR0913, PLR0917 - an option each, passed by name
    root: Path | None, model: str, inputs: tuple[str, ...], version: str, address: str, timeout: float
) -> None:
    """Call a served model with its examples or given inputs."""
    from trireme import calling
    from trireme.discover import find

    target = calling.Target(address, version, timeout)
    if inputs:
        lines = calling.given_lines(model, inputs, target)
    else:
        base = root or find_root(Path.cwd())
        lines = calling.example_lines(base, find(base, model), target)
    for line in lines:
        click.echo(line)


@cli.command()
@click.argument("model")
@click.option("--http-port", type=PORT, default=8010, show_default=True)
@click.option("--grpc-port", type=PORT, default=8011, show_default=True)
@click.option(
    "--server",
    metavar="ADDRESS",
    default="grpc://127.0.0.1:8001",
    show_default=True,
    help="Who answers what the model asks of other models.",
)
@click.pass_obj
def dev(root: Path | None, model: str, http_port: int, grpc_port: int, server: str) -> None:
    """Serve one model from its sources, reloading it as they change.

    PyTriton serves it, beside `trireme serve` when that runs: what the model asks of other models is asked there.
    """
    from trireme.dev import Dev

    Dev(root or find_root(Path.cwd()), model, ports=(http_port, grpc_port), server=server).run(click.echo)


@cli.command()
@click.argument("unit", metavar="MODEL")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The folder; edge/MODEL by default.")
@click.pass_obj
def edge(root: Path | None, unit: str, out: Path | None) -> None:
    """Write MODEL as a folder that runs without Triton: its ONNX files, its Python steps and a small runner.

    The runner needs onnxruntime and numpy; requirements.txt adds what a Python step imports.
    """
    from trireme.edge.bundle import write

    sources = _sources(root)
    sources.unit(unit)  # says which there are
    folder = out or sources.root / "edge" / unit
    for path in write(sources, unit, folder):
        click.echo(f"{(folder / path).stat().st_size:>12,}  {path}")
    click.echo(f"in {folder}: pip install -r requirements.txt, then python run.py '{{\"<input>\": [...]}}'")


@cli.command()
@click.argument("name")
@click.option("--backend", default="python", show_default=True, help="python, onnxruntime or pytorch.")
@click.pass_obj
def new(root: Path | None, name: str, backend: str) -> None:
    """Write a working model folder, models/NAME, to start from."""
    from trireme.new import create

    for path in create(root or find_root(Path.cwd()), name, backend):
        click.echo(f"wrote {path}")
    click.echo(f"next: edit it, then `make serve` and `make call M={name}`")


def main() -> None:
    """Run the command line; every refusal is one line and exit code 2."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    except (TriremeError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)


def _sources(root: Path | None) -> Sources:
    from trireme.discover import discover

    return discover(root or find_root(Path.cwd()))
