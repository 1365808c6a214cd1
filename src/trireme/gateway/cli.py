"""The commands of what strangers meet: the gateway, its keys, its answers made beforehand, traces, and the page to try it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trireme.extra import extra

if TYPE_CHECKING:
    from trireme.gateway.settings import Settings

PORT = click.IntRange(1, 65535)

# As in trireme.cli, a command imports what it needs when it runs.
# ruff: noqa: PLC0415


@click.group(invoke_without_command=True)
@click.option("--config", "file", type=click.Path(path_type=Path), help="A TOML file of settings, see docs/gateway.md.")
@click.option(
    "--triton",
    multiple=True,
    metavar="ADDRESS",
    help="Triton's gRPC (grpc://127.0.0.1:8001, or dns://host:8001 for all addresses of a name); repeat.",
)
@click.option("--host", default=None, help="Where to listen; loopback by default.")
@click.option("--port", type=PORT, default=None, help="8080 by default.")
@click.option(
    "--require", "required", multiple=True, metavar="MODEL", help="Ready only when it answers; repeat. All by default."
)
@click.option("--insecure", is_flag=True, default=None, help="Ask for no keys; on loopback only.")
@click.pass_context
def gateway(context: click.Context, /, file: Path | None, **given: object) -> None:
    """Serve a typed REST API in front of a running Triton.

    Every model has /v1/models/NAME:predict, and /docs shows its fields. Keys are asked for unless --insecure:
    `trireme gateway keys create NAME` makes one.
    """
    with extra("gateway"):
        from trireme.gateway import command, settings
    chosen = settings.read(file, **given)
    context.obj = chosen
    if context.invoked_subcommand is None:
        command.run(chosen, click.echo)


@click.command()
@click.argument("request", required=False)
@click.option("--config", "file", type=click.Path(path_type=Path), help="The gateway's settings, where the store is named.")
@click.option("--html", type=click.Path(path_type=Path), help="Write the waterfall as a page, too.")
def trace(request: str | None, file: Path | None, html: Path | None) -> None:
    """Draw where the time of REQUEST went, by its id; without one, list the latest that were traced.

    The id is in the answer's X-Request-ID. A request is traced when it says `X-Server-Timing: 1`, when its traceparent is
    sampled, or when it is one of the gateway's share.
    """
    with extra("gateway"):
        from trireme.gateway import settings, waterfall
    for line in waterfall.show(settings.read(file).tracing, request, html):
        click.echo(line)


@click.command()
@click.option("--gateway", "url", default="http://127.0.0.1:8080", show_default=True, help="Where `trireme gateway` listens.")
@click.option(
    "--key", envvar="TRIREME_KEY", default="", help="A key, where the gateway wants one; or the variable TRIREME_KEY."
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=PORT, default=8501, show_default=True)
def demo(url: str, key: str, host: str, port: int) -> None:
    """Serve a page to try every model, see where a call's time goes, and watch the load."""
    from importlib.util import find_spec

    from trireme.demo import command
    from trireme.gateway.settings import LOOPBACK

    if key and host not in LOOPBACK:
        raise click.ClickException("with a key the page is served on loopback only: whoever sees it asks in the key's name")
    if find_spec("streamlit") is None:
        raise click.ClickException("the page needs `pip install 'trireme[demo]'`")
    command.run(url, key, port, host)


@gateway.command()
@click.argument("model")
@click.argument("items", type=click.Path(path_type=Path))
@click.pass_obj
def precompute(settings: Settings, model: str, items: Path) -> None:
    """Ask MODEL for the ITEMS of a file beforehand, a line of JSON each, and keep the answers.

    The gateway answers them from the file `cache.static` without asking Triton, until the model has another version.
    A run that was stopped goes on where it was.
    """
    from trireme.gateway import precompute as work

    sys.exit(1 if work.run(settings, model, items, click.echo) else 0)


@gateway.group()
def keys() -> None:
    """Make, list, rotate and revoke API keys; only hashes are kept."""


@keys.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, default=("infer",), show_default=True, help="infer or admin; repeat for both."
)
@click.option(
    "--priority",
    "lane",
    type=click.Choice(["low", "normal", "high"]),
    default="normal",
    help="The highest that it may ask for.",
)
@click.pass_obj
def create_key(settings: Settings, name: str, scopes: tuple[str, ...], lane: str) -> None:
    """Make a key for NAME and print it: it is shown only once."""
    from trireme.gateway.keys import Keys

    click.echo(Keys(Path(settings.keys)).create(name, scopes, lane))


@keys.command("list")
@click.pass_obj
def list_keys(settings: Settings) -> None:
    """List the keys: id, state, scopes, highest lane, day, name."""
    from trireme.gateway.command import key_lines
    from trireme.gateway.keys import Keys

    lines = list(key_lines(Keys(Path(settings.keys))))
    click.echo("\n".join(lines) or f"there is no key yet in {settings.keys}")


@keys.command("rotate")
@click.argument("key")
@click.pass_obj
def rotate_key(settings: Settings, key: str) -> None:
    """Give KEY, an id, another secret and print it; the old one is refused at once."""
    from trireme.gateway.keys import Keys

    click.echo(Keys(Path(settings.keys)).rotate(key))


@keys.command("revoke")
@click.argument("key")
@click.pass_obj
def revoke_key(settings: Settings, key: str) -> None:
    """Refuse KEY, an id, from now on."""
    from trireme.gateway.keys import Keys

    Keys(Path(settings.keys)).revoke(key)
    click.echo(f"revoked {key}")
