"""Bearer tokens of an OpenID Connect issuer, by PyJWT: signature, issuer, audience, times, scopes.

https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import asyncio
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
PATIENCE_SECONDS = 10.0
"""An issuer that did not answer is left alone for so long."""


class Tokens:
    """The tokens of one issuer; its keys are fetched when the first one is asked for, and again for a key that is new."""

    def __init__(self, settings: Oidc) -> None:
        parts = urlsplit(settings.issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueRefusedError("oidc.issuer", settings.issuer, "write https://..., or http:// on loopback")
        self._settings = settings
        self._keys: jwt.PyJWKClient | None = None
        self._fetching = asyncio.Lock()
        self._silent_until = 0.0

    async def check(self, token: str, scope: str) -> str:
        """Return the subject of a token.

        Raises:
            ProblemError: it is none of the issuer's for us, it has expired, it lacks the scope, or the issuer is silent.

        """
        try:
            if jwt.get_unverified_header(token).get("alg") not in ALGORITHMS:
                raise _invalid()
            key = await self._key(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=FORGIVEN_SECONDS,
                options={"require": list(REQUIRED)},
            )
        except jwt.PyJWKClientConnectionError:
            self._silent_until = time.monotonic() + PATIENCE_SECONDS
            raise _silent() from None
        except (jwt.PyJWTError, ValueError):
            raise _invalid() from None
        given = claims.get("scope", claims.get("scp", ""))
        names = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
        if scope not in {self._settings.scopes.get(name) for name in names if isinstance(name, str)}:
            raise ProblemError("forbidden", f"the token lacks the scope '{scope}'")
        return str(claims["sub"])

    async def _key(self, token: str) -> jwt.PyJWK:
        """Return the key that signed a token; fetching is done once for all who wait, and not on the event loop."""
        if time.monotonic() < self._silent_until:
            raise _silent()
        async with self._fetching:
            return await asyncio.to_thread(self._find, token)

    def _find(self, token: str) -> jwt.PyJWK:
        if self._keys is None:
            issuer = self._settings.issuer.rstrip("/")
            place = f"{issuer}/.well-known/openid-configuration"
            page = jwt.PyJWKClient(place, timeout=FETCH_SECONDS, cache_jwk_set=False).fetch_data()
            found = str(page.get("jwks_uri", ""))
            if urlsplit(found).scheme != urlsplit(issuer).scheme:
                raise jwt.PyJWKClientConnectionError("the issuer names no place of its keys")
            self._keys = jwt.PyJWKClient(found, timeout=FETCH_SECONDS, cache_keys=True)
        return self._keys.get_signing_key_from_jwt(token)


def _invalid() -> ProblemError:
    return ProblemError("unauthenticated", "send a valid key, or a valid token of the issuer: Authorization: Bearer ...")


def _silent() -> ProblemError:
    return ProblemError("unavailable", "the issuer of tokens does not answer", retry_after=int(PATIENCE_SECONDS))
