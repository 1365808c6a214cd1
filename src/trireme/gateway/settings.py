"""What a gateway is told: where Triton is, what it may be asked, how much at once; from TOML and the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trireme.errors import UnreadableError, ValueRefusedError

if TYPE_CHECKING:
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Count = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limits(_Table):
    """What one request may hold; more is refused before Triton hears of it."""

    body_bytes: Count = 16 * 1024 * 1024
    items: Count = 1024
    elements: Count = 4 * 1024 * 1024
    """Numbers or strings of all tensors of a request."""
    string_bytes: Count = 8 * 1024 * 1024
    """One string, or one file."""
    dims: Count = 8
    streams: Count = 64
    """Event streams at once."""
    receive_seconds: Seconds = 10.0
    """How long the body may take to arrive."""
    send_seconds: Seconds = 30.0
    """How long a client may leave a part of its answer unread."""
    connections: Count = 1024
    """Requests at once, whatever they are."""


class Deadlines(_Table):
    """How long an answer may take."""

    default_seconds: Seconds = 10.0
    most_seconds: Seconds = 60.0


class Admission(_Table):
    """How much is let through to Triton at once, per model."""

    first: Count = 64
    least: Count = 4
    most: Count = 512
    latency_seconds: Annotated[float, Field(ge=0)] = 0.1
    """A mean latency that is no reason to let less through."""
    rate_per_key: Annotated[float, Field(ge=0)] = 0.0
    """Requests a second of one key; 0 is any number."""
    burst_per_key: Count = 32


class Caching(_Table):
    """Whose answers are kept."""

    models: tuple[str, ...] = ()
    """Models that answer the same to the same; none by default."""
    entries: Count = 10_000
    ttl_seconds: Seconds = 60.0


class Settings(_Table):
    """All of it."""

    triton: tuple[str, ...] = ("grpc://127.0.0.1:8001",)
    """Servers of the same models."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    required: tuple[str, ...] = ()
    """Models whose canary has to answer before the gateway is ready; all of them when none is named."""
    examples: tuple[str, ...] = ("models", "ensembles")
    """Folders with examples.json of models: for the API's page and the canaries."""
    keys: str = ".trireme/keys.json"
    insecure: bool = False
    """No keys are asked for; on loopback only."""
    limits: Limits = Limits()
    deadlines: Deadlines = Deadlines()
    admission: Admission = Admission()
    cache: Caching = Caching()


def read(path: Path | None, **given: object) -> Settings:
    """Return the settings of a file, with what the command line gives on top.

    Raises:
        UnreadableError: it is no TOML.
        ValueRefusedError: a key that is none, a value that cannot be, or no keys beyond loopback.

    """
    table: dict[str, object] = {}
    if path is not None:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UnreadableError(str(path), str(error), "it is TOML, see docs/gateway.md") from None
    table |= {key: value for key, value in given.items() if value not in {None, ()}}
    try:
        settings = Settings.model_validate(table, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueRefusedError(f"{path or 'gateway'}: {place}", first.get("input"), first["msg"].lower()) from None
    if settings.insecure and settings.host not in LOOPBACK:
        raise ValueRefusedError("host", settings.host, "without keys a gateway listens on loopback only")
    return settings
