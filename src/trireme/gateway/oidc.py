"""Bearer tokens of an OpenID Connect issuer, by PyJWT: signature, issuer, audience, times, scopes.

https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import jwt

from trireme.errors import ValueRefusedError
from trireme.gateway.problems import ProblemError
from trireme.gateway.settings import LOOPBACK

if TYPE_CHECKING:
    from trireme.gateway.settings import Oidc

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key only: a shared secret, or none, is no proof."""
REQUIRED = ("exp", "iss", "aud", "sub")
FETCH_SECONDS = 5
FORGIVEN_SECONDS = 30
"""How far two clocks may differ."""
FRESH_SECONDS = 300.0
"""How long a set of keys is believed: a key that the issuer withdrew is refused after that."""
STALE_SECONDS = 3600.0
"""How long while the issuer is silent."""
BETWEEN_SECONDS = 10.0
"""Between two fetches, however many tokens name keys that nobody knows."""


class Tokens:
    """The tokens of one issuer; its keys are fetched now and then, off the event loop, and believed for a while."""

    def __init__(self, settings: Oidc) -> None:
        parts = urlsplit(settings.issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueRefusedError("oidc.issuer", settings.issuer, "write https://..., or http:// on loopback")
        self._settings = settings
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -math.inf
        self._tried = -math.inf
        self._fetching = asyncio.Lock()

    async def check(self, token: str, scope: str) -> str:
        """Return the subject of a token.

        Raises:
            ProblemError: it is none of the issuer's for us, it has expired, it lacks the scope, or the issuer is silent.

        """
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise _invalid()
            key = await self._key(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=FORGIVEN_SECONDS,
                options={"require": list(REQUIRED)},
            )
        except (jwt.PyJWTError, ValueError):
            raise _invalid() from None
        given = claims.get("scope", claims.get("scp", ""))
        names = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
        if scope not in {self._settings.scopes.get(name) for name in names if isinstance(name, str)}:
            raise ProblemError("forbidden", f"the token lacks the scope '{scope}'")
        return str(claims["sub"])

    async def _key(self, kid: str) -> jwt.PyJWK:
        """Return the key of an id: a known one at once; fetching is done once for all who wait."""
        if kid in self._keys and time.monotonic() - self._fetched < FRESH_SECONDS:
            return self._keys[kid]
        async with self._fetching:
            if time.monotonic() - self._tried >= BETWEEN_SECONDS:
                self._tried = time.monotonic()
                try:
                    self._keys = await asyncio.to_thread(self._fetch)
                    self._fetched = time.monotonic()
                except (jwt.PyJWTError, ValueError, AttributeError):
                    pass  # the last good ones are believed a while longer
        age = time.monotonic() - self._fetched
        if kid in self._keys and age < STALE_SECONDS:
            return self._keys[kid]
        raise _invalid() if age < FRESH_SECONDS else _silent()

    def _fetch(self) -> dict[str, jwt.PyJWK]:
        issuer = self._settings.issuer.rstrip("/")
        place = f"{issuer}/.well-known/openid-configuration"
        page = jwt.PyJWKClient(place, timeout=FETCH_SECONDS, cache_jwk_set=False).fetch_data()
        found = str(page.get("jwks_uri", ""))
        if urlsplit(found).scheme != urlsplit(issuer).scheme:
            raise ValueError("the issuer names no place of its keys")
        keys = jwt.PyJWKClient(found, timeout=FETCH_SECONDS, cache_jwk_set=False).get_signing_keys()
        return {key.key_id or "": key for key in keys}


def _invalid() -> ProblemError:
    return ProblemError("unauthenticated", "send a valid key, or a valid token of the issuer: Authorization: Bearer ...")


def _silent() -> ProblemError:
    return ProblemError("unavailable", "the issuer of tokens does not answer", retry_after=int(BETWEEN_SECONDS))
