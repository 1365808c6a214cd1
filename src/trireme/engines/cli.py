"""The command `engines`."""

from __future__ import annotations

from pathlib import Path

import click

from trireme.sources import find_root

# Verbs import what they need when they run: `trireme --help` must not wait for onnx.
# ruff: noqa: PLC0415


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--for",
    "targets",
    metavar="TARGETS",
    default="",
    help="GPUs by compute capability, by commas: sm86,sm89. By default the GPU that is here.",
)
@click.option(
    "--runtime",
    type=click.Choice(["tensorrt", "tensorrt-rtx"]),
    help="By default tensorrt where it is installed. tensorrt-rtx builds without a GPU, for RTX GPUs.",
)
@click.pass_obj
def engines(root: Path | None, models: tuple[str, ...], targets: str, runtime: str | None) -> None:
    """Build TensorRT engines from the ONNX files of the built repository.

    Each model with an [engine] table gets model.<target>.plan in its version folder, beside model.<target>.plan.json, the
    record of how it was made; Triton chooses among them by the GPU's compute capability. An engine that lies there and was
    made from the same things is kept. Triton's own TensorRT backend wants engines built by tensorrt on the GPU that runs them;
    those of tensorrt-rtx are run by the embedded server's twin.
    """
    from trireme.discover import discover
    from trireme.engines import make
    from trireme.engines import runtime as runtimes

    base = root or find_root(Path.cwd())
    sources = discover(base)
    found = runtimes.find(runtime or "")
    asked = found.targets(tuple(word.strip().lower() for word in targets.split(",") if word.strip()))
    jobs = make.jobs(sources, models, found, asked)
    if not jobs:
        click.echo("no model has an [engine] table in its model.toml")
    for job in jobs:
        kept = job.done()
        if kept is None:
            click.echo(f"building {job.model} for {job.target} by {found.name} {found.version} ...", err=True)
        record = kept or make.make(job, found, base)
        took = "kept" if kept else f"{record.seconds:.1f} s"
        shapes = f"{len(record.profiles)} profile{'s' if len(record.profiles) != 1 else ''}"
        size = f"{job.plan.stat().st_size / 1e6:.1f} MB"
        click.echo(f"{job.model:24} {job.target:6} {size:>10}  {shapes:10}  {took:>7}  {job.plan.relative_to(base)}")
