"""What a gateway is told: where Triton is, what it may be asked, how much at once; from TOML and the command line."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

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
    elements: Count = 2 * 1024 * 1024
    """Numbers or strings of all tensors of a request; while a million are read from JSON, nobody is answered for 0.4 s."""
    string_bytes: Count = 8 * 1024 * 1024
    """One string, or one file."""
    dims: Count = 8
    depth: Count = 32
    """Lists and objects within each other in a JSON body."""
    finite: bool = True
    """No NaN and no infinity among the numbers, however they are sent."""
    pixels: Count = 64 * 1024 * 1024
    """Of one image, by its header: what it would take once decoded."""
    streams: Count = 64
    """Event streams at once."""
    receive_seconds: Seconds = 10.0
    """How long the body may take to arrive."""
    send_seconds: Seconds = 30.0
    """How long a client may leave a part of its answer unread."""
    connections: Count = 1024
    """At once, those that wait for their next request included; a request on one more is refused and its connection closed."""


class Deadlines(_Table):
    """How long an answer may take."""

    default_seconds: Seconds = 10.0
    most_seconds: Seconds = 60.0


class Admission(_Table):
    """How much is let through to Triton at once, per model."""

    first: Count = 96
    least: Count = 32
    most: Count = 512
    latency_seconds: Annotated[float, Field(ge=0)] = 0.25
    """A mean latency that is no reason to let less through."""
    rate_per_key: Annotated[float, Field(ge=0)] = 0.0
    """Requests a second of one key; 0 is any number."""
    burst_per_key: Count = 32

    @model_validator(mode="after")
    def _ordered(self) -> Admission:
        if not self.least <= self.first <= self.most:
            message = "least, first and most rise: least <= first <= most"
            raise ValueError(message)
        return self


class Breaking(_Table):
    """When a model that fails is left alone."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Of the calls in the window that were late or found nobody."""
    least_calls: Count = 20
    window_seconds: Seconds = 10.0
    open_seconds: Seconds = 2.0
    """Until it is tried again; twice as long after each try that fails, five times at most."""


class Oidc(_Table):
    """Whose bearer tokens are taken beside keys; none without an issuer."""

    issuer: str = ""
    """Its keys are read from `<issuer>/.well-known/openid-configuration`, over https, or http on loopback."""
    audience: str = "trireme"
    scopes: dict[str, str] = {"infer": "infer", "admin": "admin"}
    """What a scope of the token allows here."""


class Caching(_Table):
    """Whose answers are kept."""

    models: tuple[str, ...] = ()
    """Models that answer the same to the same; none by default."""
    entries: Count = 10_000
    bytes: Count = 256 * 1024 * 1024
    """Of all answers in this process, as JSON."""
    ttl_seconds: Seconds = 60.0
    redis: str = ""
    """redis://... that several gateways share; without it each keeps its own."""
    static: str = ""
    """A file of answers that `trireme gateway precompute` made; they stay until their model has another version."""


class Tracing(_Table):
    """Which requests are traced, and where their spans go."""

    sample: Annotated[float, Field(ge=0, le=1)] = 0.01
    """The share of requests that is traced unasked."""
    most_per_second: Annotated[float, Field(gt=0)] = 20.0
    """Of one key or subject, however many ask for it."""
    store: str = ".trireme/traces.sqlite"
    keep: Count = 200_000
    """Spans; the oldest are dropped."""
    port: Annotated[int, Field(ge=0, le=65535)] = 4318
    """Where Triton and its models send their spans (OTLP over HTTP), on loopback; 0 takes none."""
    otlp: str = ""
    """A collector that has every span as well, such as http://collector:4318/v1/traces."""


class Settings(_Table):
    """All of it."""

    triton: tuple[str, ...] = ("grpc://127.0.0.1:8001",)
    """Servers of the same models; dns://host:8001 is every address that DNS has for the host, again and again."""
    balance: Literal["least-loaded", "round-robin", "hash"] = "least-loaded"
    affinity_header: str = "x-affinity"
    """With `hash`, requests with the same value of this header go to the same server."""
    refresh_seconds: Seconds = 5.0
    """How often Triton is asked what it serves by now."""
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
    models: dict[str, Admission] = {}
    """Admission of single models, in place of the general one: a bulkhead of its own size."""
    breaker: Breaking = Breaking()
    oidc: Oidc = Oidc()
    cache: Caching = Caching()
    tracing: Tracing = Tracing()


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
    for address in settings.triton:
        if address.startswith(("http://", "https://")):
            raise ValueRefusedError("triton", address, "the gateway speaks gRPC: grpc://host:8001, or dns://host:8001")
        if address.startswith("dns://") and not re.fullmatch(r"dns://[^/:]+:[0-9]+", address):
            raise ValueRefusedError("triton", address, "write dns://host:port")
    if settings.insecure and settings.host not in LOOPBACK:
        raise ValueRefusedError("host", settings.host, "without keys a gateway listens on loopback only")
    return settings
