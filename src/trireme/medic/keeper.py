"""The medic of `trireme serve`: beside a server of this machine, which it may start anew."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from trireme.errors import ServerError
from trireme.medic.metrics import Metrics
from trireme.medic.rounds import Medic
from trireme.medic.triton import Triton, canaries
from trireme.plan import TREE
from trireme.serve import EXPLICIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from trireme.discover import Sources
    from trireme.server.process import Server

INTERVAL = 2.0
"""Seconds between two rounds: half of the sidecar's care, for half of its work."""
MOST, WINDOW = 3, 600.0
"""Restarts, and in how many seconds."""
SENTENCES = {
    "reload": "medic: {model} is loaded again: {reason}",
    "reloaded": "medic: {model} answers again after {seconds:.1f} s",
    "reload-failed": "medic: {model} cannot be loaded: {reason}",
    "quarantine": "medic: {model} died again and again; it is unloaded, and tried again in half an hour: {reason}",
}
"""What a person at the terminal is told of events; of the others nothing."""


class Keeper:
    """Keeps one server and its models alive; say takes lines for a person."""

    def __init__(self, server: Server, sources: Sources, say: Callable[[str], None]) -> None:
        self._server, self._say = server, say
        self._found = canaries(sources.root / TREE, (sources.root / "models", sources.root / "ensembles"))
        self._restarts: deque[float] = deque()
        self._medic: Medic | None = None
        self._triton: Triton | None = None

    def start(self) -> None:
        """Begin the rounds, where Triton lets models be loaded."""
        if not set(EXPLICIT) <= set(self._server.flags):
            return
        self._triton = Triton(self._server.grpc)
        self._medic = Medic(self._triton, self._found, Metrics(), self._tell)
        self._medic.start(INTERVAL)

    def stop(self) -> None:
        """End the rounds."""
        if self._medic is not None:
            self._medic.close()
        if self._triton is not None:
            self._triton.close()
        self._medic = self._triton = None

    def look(self) -> None:
        """Start the server again when it died or hangs.

        Raises:
            ServerError: it cannot be started, or died too often.

        """
        died = not self._server.running()
        if not died and (self._medic is None or self._medic.live):
            return
        why = "; ".join(self._server.reasons()) if died else "it does not answer"
        now = time.monotonic()
        while self._restarts and now - self._restarts[0] > WINDOW:
            self._restarts.popleft()
        if len(self._restarts) >= MOST:
            message = f"the server died {MOST + 1} times in {WINDOW / 60:.0f} minutes: {why}; its log is {self._server.log}"
            raise ServerError(message)
        self._restarts.append(now)
        self._say(f"medic: the server is started again: {why}; its log was kept as {self._server.log}.1")
        self.stop()
        self._server.kill()
        self._server.log.replace(f"{self._server.log}.1")
        self._server.start()
        self._say(f"medic: the server answers again after {time.monotonic() - now:.1f} s")
        self.start()

    def _tell(self, event: str, **facts: object) -> None:
        if event in SENTENCES:
            self._say(SENTENCES[event].format(**facts))
