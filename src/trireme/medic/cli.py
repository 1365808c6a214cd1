"""The command `medic`: the sidecar of a Triton pod."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import click

from trireme.extra import extra
from trireme.stopping import Stop

# Verbs import what they need when they run: `trireme --help` must not wait for gRPC.
# ruff: noqa: PLC0415


@click.command()
@click.option("--triton", "address", default="grpc://127.0.0.1:8001", show_default=True, metavar="ADDRESS")
@click.option(
    "--repository",
    type=click.Path(path_type=Path),
    default=Path("model_repository"),
    show_default=True,
    help="The tree that Triton serves; a published one holds the examples, too.",
)
@click.option(
    "--examples", type=click.Path(path_type=Path), multiple=True, help="Folders with MODEL/examples.json, besides it."
)
@click.option(
    "--listen", default="127.0.0.1:9000", show_default=True, metavar="HOST:PORT", help="Where probes and Prometheus ask."
)
@click.option("--admin-key-file", type=click.Path(path_type=Path), help="Holds the key of Triton's restricted load API.")
@click.option("--admin-key-name", default="triton-admin", show_default=True, help="The name that Triton's flags give that key.")
@click.option("--interval", type=click.FloatRange(0.1), default=1.0, show_default=True, help="Seconds between two rounds.")
def medic(  # noqa: PLR0913, PLR0917 - an option each, passed by name
    address: str,
    repository: Path,
    examples: tuple[Path, ...],
    listen: str,
    admin_key_file: Path | None,
    admin_key_name: str,
    interval: float,
) -> None:
    """Look after a Triton beside this process: ask every model its first example, and reload one whose stub died.

    Triton has to run with --model-control-mode=explicit. Answers /ready and /live for Triton's probes, /healthz for its own,
    and /metrics. Events are lines of JSON. A model that dies three times in ten minutes is unloaded and left for half an hour.
    """
    with extra("gateway"):
        from trireme.medic import page, triton
        from trireme.medic.metrics import Metrics
        from trireme.medic.rounds import Medic

    host, port = _split(listen)
    key = f"{admin_key_name}:{_read(admin_key_file)}" if admin_key_file else ""
    metrics = Metrics(_digest(repository))
    watched = Medic(triton.Triton(address, key), triton.canaries(repository, (repository, *examples)), metrics, _say)
    server = page.serve(watched, metrics, host, port)
    threading.Thread(target=server.serve_forever, name="medic-page", daemon=True).start()
    with Stop() as stop:
        _say("watching", triton=address, models=len(watched.patients))
        watched.start(interval)
        stop.wait()
    server.shutdown()
    server.server_close()
    watched.close()


def _say(event: str, **facts: object) -> None:
    """Print an event as a line of JSON."""
    click.echo(json.dumps({"time": round(time.time(), 3), "event": event, **facts}))


def _split(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise click.UsageError(f"--listen {listen!r} is no HOST:PORT, such as 127.0.0.1:9000")
    return host, int(port)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        message = f"{path}: there is no key to read; the Secret triton-admin holds it (k8s/given.toml)"
        raise click.ClickException(message) from None


def _digest(repository: Path) -> str:
    from trireme import digest
    from trireme.lock import LOCK

    path = repository / LOCK
    return digest.of_file(path)[:12] if path.is_file() else ""
