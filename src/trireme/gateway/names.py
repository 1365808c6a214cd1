"""Tritons behind a name: every address that DNS has for it, as Kubernetes' headless services answer, asked again and again."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

LOG = logging.getLogger("trireme.gateway")
SCHEME = "dns://"


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, sorted; OSError when DNS does not know it."""
    rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return sorted({f"[{row[4][0]}]" if row[0] == socket.AF_INET6 else str(row[4][0]) for row in rows})


class Names:
    """The addresses of a pool: those that are fixed, and those that names stand for by now."""

    def __init__(self, addresses: Sequence[str], ask: Resolve = resolve) -> None:
        self.fixed = [address for address in addresses if not address.startswith(SCHEME)]
        self._names = [address.removeprefix(SCHEME) for address in addresses if address.startswith(SCHEME)]
        self._known: dict[str, list[str]] = {}
        self._ask = ask

    @property
    def change(self) -> bool:
        """Return whether there is a name, so that the addresses may change."""
        return bool(self._names)

    async def addresses(self) -> list[str]:
        """Return all addresses by now; of a name that cannot be resolved, those it had before."""
        for name in self._names:
            host, _, port = name.rpartition(":")
            try:
                found = [f"grpc://{address}:{port}" for address in await self._ask(host, int(port))]
            except OSError as error:
                LOG.warning("%s%s cannot be resolved: %s", SCHEME, name, error)
                continue
            if found:
                self._known[name] = found
        return [*self.fixed, *dict.fromkeys(address for found in self._known.values() for address in found)]
