"""The extras of the package: what a command needs beyond the core, and what is said where it is missing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def extra(*names: str) -> Iterator[None]:
    """Say which extras to install where an import fails.

    Raises:
        ClickException: something is not installed.

    """
    try:
        yield
    except ImportError as error:
        raise click.ClickException(f"this needs `pip install 'trireme[{','.join(names)}]'` ({error})") from None
