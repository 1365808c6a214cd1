"""What one replica is worth, measured on the repository that is served: its capacity, a lone request, and its start."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trireme import built
from trireme.plan import TREE
from trireme.scaling.simulate import Replica
from trireme.serve import machine_flags
from trireme.server.process import Server
from trireme.tune import load

if TYPE_CHECKING:
    from trireme.discover import Sources

LOG = ".trireme/scaling.log"
CROWD = 64
"""Clients at once that fill a replica."""
ROUNDS = 3


def measure(sources: Sources, unit: str, *, placing: float, seconds: float = 2.0) -> Replica:
    """Start the repository here and return what one such replica is worth.

    placing is what comes before the server starts in a cluster [s]: a node, the image, the repository. Capacity and latency are
    medians of three rounds.

    Raises:
        ServerError: the server cannot be started.

    """
    tree = sources.root / TREE
    bodies = load.bodies(sources.unit(unit).folder, built.config(tree, unit))
    began = time.monotonic()
    with Server(tree, sources.root / LOG, flags=machine_flags(tree)) as server:
        ready = time.monotonic() - began
        load.answered(server.grpc, bodies, CROWD, 1.0)
        alone = sorted(1 / max(load.answered(server.grpc, bodies, 1, seconds), 1e-9) for _ in range(ROUNDS))
        full = sorted(load.answered(server.grpc, bodies, CROWD, seconds) for _ in range(ROUNDS))
    return Replica(full[ROUNDS // 2], alone[ROUNDS // 2], placing + ready)
