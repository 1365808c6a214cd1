"""The commands `keygen`, `publish`, `verify` and `fetch`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trireme.extra import extra
from trireme.sources import find_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from trireme.delivery.signing import Trust

PASSWORD = "TRIREME_KEY_PASSWORD"  # noqa: S105 - the name of a variable

# Verbs import what they need when they run: `trireme --help` must not wait for cryptography.
# ruff: noqa: PLC0415


def _trusting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say whose signature is taken."""
    command = click.option("--issuer", default="", metavar="URL", help="The OIDC issuer that vouched for --identity.")(command)
    command = click.option("--identity", default="", help="Take a keyless signature of this identity, instead of a key's.")(
        command
    )
    return click.option("--key", type=click.Path(path_type=Path), help="The public key of whoever published (PEM).")(command)


def _trust(key: Path | None, identity: str, issuer: str) -> Trust:
    if (key is None) == (not identity) or bool(identity) != bool(issuer):
        raise click.UsageError("say whom you trust: --key KEY.PUB, or --identity with --issuer")
    with extra("delivery"):
        from trireme.delivery.signing import Trust
    return Trust(key, identity, issuer)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
def keygen(path: Path) -> None:
    """Make a key to sign repositories with: PATH (keep it secret) and its public half, PATH with .pub."""
    with extra("delivery"):
        from trireme.delivery.signing import make_keys
    public = make_keys(path)
    click.echo(f"{path} signs (keep it secret), {public} verifies (give it to the cluster)")


@click.command()
@click.argument("target")
@click.option("--key", type=click.Path(path_type=Path), help=f"The private key (PEM); its password is taken from {PASSWORD}.")
@click.option("--keyless", is_flag=True, help="Sign as the identity of this job or machine, by Sigstore.")
@click.option(
    "--fetched",
    type=click.Path(path_type=Path),
    metavar="KEY.PUB",
    help="The tree was fetched, not built here: take it as this key signed it, with the engines built since.",
)
@click.pass_obj
def publish(root: Path | None, target: str, key: Path | None, fetched: Path | None, *, keyless: bool) -> None:
    """Write the built repository to TARGET, a folder or a URL (s3://...), with its bill of materials and a signature.

    What is published is a Triton repository as it stands, with model.sig, sbom.cdx.json and repo.lock at its root and each
    model's examples beside its config. A URL that holds something is refused: what is published never changes.
    """
    if (key is None) == (not keyless):
        raise click.UsageError("say who signs: --key KEY.PEM (`trireme keygen` makes one), or --keyless")
    with extra("delivery"):
        from trireme.delivery.publish import publish as send
        from trireme.delivery.signing import Signer, Trust
    from trireme.discover import discover

    sources, signer = discover(root or find_root(Path.cwd())), Signer(key, os.environ.get(PASSWORD))
    files = send(sources, target, signer, Trust(fetched) if fetched else None)
    click.echo(f"{target}: {len(files)} files, signed")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_trusting
def verify(folder: Path, key: Path | None, identity: str, issuer: str) -> None:
    """Compare every file of a published repository with its signature; nothing may be changed, missing or added."""
    trust = _trust(key, identity, issuer)
    trust.verify(folder)
    click.echo(f"{folder}: as it was signed")


@click.command()
@click.argument("source")
@click.argument("folder", type=click.Path(path_type=Path))
@_trusting
def fetch(source: str, folder: Path, key: Path | None, identity: str, issuer: str) -> None:
    """Copy a published repository from SOURCE, a folder or a URL, to FOLDER, which is there only when it was verified."""
    trust = _trust(key, identity, issuer)
    with extra("delivery"):
        from trireme.delivery import fetch as work
    new = work.fetch(source, folder, trust)
    click.echo(f"{folder}: {'fetched from ' + source if new else 'there already'}, as it was signed")
