"""Who may ask what: keys and bearer tokens, checked by the headers alone, before a body is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trireme.gateway.admission import Rates
from trireme.gateway.keys import PREFIX, Keys
from trireme.gateway.problems import ProblemError
from trireme.gateway.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trireme.gateway.settings import Settings

OPEN = frozenset({"/healthz", "/readyz", "/docs", "/openapi.json", "/v2/health/live", "/v2/health/ready"})
OPEN_BELOW = ("/problems/", "/assets/")
ADMIN = frozenset({"/metrics"})
ADMIN_BELOW = ("/v1/admin/",)
LANES = ("low", "normal", "high")


@dataclass(frozen=True)
class Caller:
    """Who asks: the id of a key or the subject of a token, and the highest lane that it may use."""

    id: str = ""
    lane: str = "high"


class Access:
    """The door: every path that is not open asks for a key or a token."""

    def __init__(self, settings: Settings) -> None:
        self.keys = Keys(Path(settings.keys))
        self._insecure = settings.insecure
        self._rates = Rates(settings.admission)
        self._tokens = None
        if settings.oidc.issuer:
            from trireme.gateway.oidc import Tokens  # noqa: PLC0415 - its library is needed where an issuer is

            self._tokens = Tokens(settings.oidc)

    async def check(self, path: str, headers: Mapping[bytes, bytes]) -> Caller:
        """Return who asks; a key or a subject has its rate.

        Raises:
            ProblemError: no valid key or token, one without the scope, or too often.

        """
        if not path.isprintable():  # a router may match what a list of paths does not
            raise ProblemError("unknown-route", "the path holds a control character")
        if self._insecure:
            _check_site(headers)
            return Caller()
        if is_open(path):
            return Caller()
        scope = "admin" if path in ADMIN or path.startswith(ADMIN_BELOW) else "infer"
        kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        token = token.strip() if kind.lower() == "bearer" else ""
        if self._tokens is not None and not token.startswith(f"{PREFIX}_"):
            caller = Caller(await self._tokens.check(token, scope), "normal")
        else:
            key = self.keys.check(token, scope)
            caller = Caller(key.id, key.lane)
        self._rates.take(caller.id)
        return caller


def is_open(path: str) -> bool:
    """Say whether a path asks for no key."""
    return path in OPEN or path.startswith(OPEN_BELOW)


def _check_site(headers: Mapping[bytes, bytes]) -> None:
    """Without keys, refuse what a page of another site makes a browser send, and names that were bound to loopback.

    Raises:
        ProblemError: it comes from elsewhere.

    """
    for name in (b"host", b"origin"):
        if not _is_here(headers.get(name) or b"localhost"):
            raise ProblemError(
                "forbidden", f"without keys the gateway answers on loopback only; the {name.decode()} is another"
            )


@lru_cache(64)
def _is_here(site: bytes) -> bool:
    text = site.decode("latin-1")
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname in LOOPBACK
    except ValueError:
        return False


def lane(caller: Caller, asked: str | None) -> str:
    """Return the lane of a request: what it asks for, and what its caller may.

    Raises:
        ProblemError: there is no such lane, or it is not the caller's.

    """
    usual = min("normal", caller.lane, key=LANES.index)
    if asked is None:
        return usual
    if asked not in LANES:
        raise ProblemError("malformed-request", f"X-Priority is one of {', '.join(LANES)}")
    if LANES.index(asked) > LANES.index(caller.lane):
        raise ProblemError("forbidden", f"the key may not use the lane '{asked}'")
    return asked
