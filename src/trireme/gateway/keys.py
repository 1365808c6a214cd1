"""API keys: shown once, kept as hashes, compared in constant time; each may infer, administer, or both.

A key is `trk_<id>_<secret>`. Its secret has 256 random bits, so that one round of SHA-256 is enough to keep it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.errors import MissingSourceError, UnknownKeyError, UnreadableError, ValueRefusedError
from trireme.gateway.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCOPES = ("infer", "admin")
PREFIX = "trk"


@dataclass(frozen=True)
class Key:
    """What is kept of a key: never its secret."""

    id: str
    name: str
    sha256: str
    scopes: tuple[str, ...]
    created: float
    revoked: float | None = None
    lane: str = "normal"
    """The highest lane that it may use."""


class Keys:
    """The keys of a file, read anew when it changes, so that a revoked key is refused by a running gateway."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[float, Mapping[str, Key]] = (-1.0, {})

    def check(self, token: str, scope: str) -> Key:
        """Return the key that a token is.

        Raises:
            ProblemError: it is none, it was revoked, or it may not do this.

        """
        found = self.by_id().get(token.split("_")[1] if token.count("_") >= 2 else "")  # noqa: PLR2004 - trk_<id>_<secret>
        expected = found.sha256 if found is not None else _hash("")
        same = hmac.compare_digest(_hash(token), expected)
        if found is None or not same or found.revoked is not None:
            raise ProblemError("unauthenticated", "send a valid key: Authorization: Bearer trk_...")
        if scope not in found.scopes:
            raise ProblemError("forbidden", f"the key lacks the scope '{scope}'")
        return found

    def by_id(self) -> Mapping[str, Key]:
        """Return every key by its id.

        Raises:
            UnreadableError: the file is no list of keys.

        """
        try:
            changed = self._path.stat().st_mtime
        except FileNotFoundError:
            return {}
        if changed != self._read[0]:
            try:
                rows = json.loads(self._path.read_text(encoding="utf-8"))
                keys = [Key(**{**row, "scopes": tuple(row["scopes"])}) for row in rows]
            except (ValueError, TypeError, KeyError) as error:
                raise UnreadableError(str(self._path), str(error), "restore it, or make new keys") from None
            self._read = changed, {key.id: key for key in keys}
        return self._read[1]

    def create(self, name: str, scopes: Sequence[str] = ("infer",), lane: str = "normal") -> str:
        """Make a key and return its token, which is nowhere kept.

        Raises:
            ValueRefusedError: a scope that is none, or no name.

        """
        if not name.strip():
            raise ValueRefusedError("name", name, "say whose key it is")
        for scope in scopes:
            if scope not in SCOPES:
                raise UnknownKeyError("scope", scope, SCOPES)
        key = Key(secrets.token_hex(4), name, "", tuple(scopes), time.time(), lane=lane)
        return self._put(key)

    def rotate(self, key_id: str) -> str:
        """Give a key another secret, and return its token; the old one is refused from now on.

        Raises:
            ValueRefusedError: it was revoked.

        """
        known = self._known(key_id)
        if known.revoked is not None:
            raise ValueRefusedError("key", key_id, "it was revoked; make a new one")
        return self._put(known)

    def revoke(self, key_id: str) -> None:
        """Refuse a key from now on."""
        self._write({**self.by_id(), key_id: replace(self._known(key_id), revoked=time.time())})

    def _put(self, key: Key) -> str:
        token = f"{PREFIX}_{key.id}_{secrets.token_urlsafe(32)}"
        self._write({**self.by_id(), key.id: replace(key, sha256=_hash(token))})
        return token

    def _known(self, key_id: str) -> Key:
        found = self.by_id().get(key_id)
        if found is None:
            raise MissingSourceError(str(self._path), f"the key {key_id}", "`trireme gateway keys list` names them")
        return found

    def _write(self, keys: Mapping[str, Key]) -> None:
        """Replace the file, readable by its owner alone."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".keys")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump([asdict(key) for key in keys.values()], file, indent=1)
        Path(name).replace(self._path)
        self._read = (-1.0, {})


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
