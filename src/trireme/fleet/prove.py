"""What a fleet bears under a constant rate: a rolling restart and a version swap lose nothing, a killed Triton nearly that."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc as stubs

from trireme.fleet.fleet import Fleet
from trireme.fleet.traffic import Traffic
from trireme.plan import TREE
from trireme.server.launcher import LOOPBACK
from trireme.tune import load

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from trireme.discover import Sources
    from trireme.fleet.traffic import Account

MODEL, OLD, NEW = "credit_risk", "1", "2"
DRAIN = 2.0
"""Seconds between the balancer's leaving a Triton out and its SIGTERM: the pod's preStop, shorter."""
BEFORE, AFTER = 2.0, 3.0
LOAD_SECONDS = 60.0
LOOK = 0.001


@dataclass(frozen=True)
class Row:
    """One thing that was done under traffic, and what became of the requests; exposed are those that may be lost."""

    what: str
    account: Account
    exposed: Collection[str] = ()

    @property
    def held(self) -> bool:
        """Return whether none was lost that may not be, and every one is accounted for."""
        lost = self.account.lost
        return lost.keys() <= set(self.exposed) and self.account.answered + len(lost) == self.account.sent


def tree(sources: Sources, folder: Path) -> Path:
    """Write a tree of one model at its old version, which serves its newest one only; the new version lies beside."""
    shutil.rmtree(folder, ignore_errors=True)
    source, target = sources.root / TREE / MODEL, folder / "tree" / MODEL
    target.mkdir(parents=True)
    text = (source / "config.pbtxt").read_text(encoding="utf-8")
    head, _, rest = text.partition("version_policy {")
    (target / "config.pbtxt").write_text(head + rest.split("\n}\n", 1)[1], encoding="utf-8")
    shutil.copytree(source / OLD, target / OLD)
    shutil.copytree(source / NEW, folder / NEW)
    rows = [{"inputs": row["inputs"]} for row in json.loads((sources.unit(MODEL).folder / "examples.json").read_text("utf-8"))]
    (target / "examples.json").write_text(json.dumps(rows), encoding="utf-8")  # both versions answer, each in its way
    return folder / "tree"


def prove(sources: Sources, work: Path, *, rate: float) -> Iterator[Row | str]:
    """Yield a row for each thing done, and lines about balance and alerts."""
    served = tree(sources, work)
    with Fleet(sources.root, served, work, examples=(served,)) as fleet:
        config = fleet.pods[0].medic.canaries[MODEL].config
        bodies = load.bodies(sources.unit(MODEL).folder, config)

        def under_traffic(what: str, act: Callable[[Traffic], Collection[str]]) -> Row:
            with Traffic(fleet.balancer.grpc, bodies, rate) as traffic:
                time.sleep(BEFORE)
                sent = act(traffic)
                time.sleep(AFTER)
            return Row(what, traffic.account, fleet.balancer.asked(fleet.pods[0].server.ports).intersection(sent))

        before = fleet.answered(MODEL)
        yield under_traffic("steady", lambda _: ())
        shares = {name: count - before[name] for name, count in fleet.answered(MODEL).items()}
        yield f"one connection, balanced a request at a time: {', '.join(f'{name} {count}' for name, count in shares.items())}"
        yield under_traffic("rolling restart of all", lambda _: restart(fleet))
        yield under_traffic(f"version {OLD} to {NEW}", lambda _: swap(fleet, work / NEW, served / MODEL / NEW))
        yield f"Prometheus: alerts that fire: {', '.join(fleet.watch.firing()) or 'none'}"
        yield under_traffic("one Triton killed", lambda traffic: kill(fleet, traffic))


def restart(fleet: Fleet) -> Collection[str]:
    """Restart one Triton after the other, as a rollout does: left out, drained, stopped, started, asked, taken in again.

    Returns the requests that may be lost by it: none.
    """
    for pod in fleet.pods:
        ports = pod.server.ports
        fleet.balancer.leave_out({ports})
        time.sleep(DRAIN)
        pod.server.stop()
        pod.server.start()
        fleet.balancer.leave_out(())
    return ()


def swap(fleet: Fleet, new: Path, target: Path) -> Collection[str]:
    """Put a version into the tree and load it at one Triton after the other: each goes on serving the old one meanwhile.

    Returns the requests that may be lost by it: none.
    """
    shutil.copytree(new, target)
    for pod in fleet.pods:
        with grpc.insecure_channel(f"{LOOPBACK}:{pod.server.ports.grpc}") as channel:
            request = pb.RepositoryModelLoadRequest(model_name=MODEL)
            stubs.GRPCInferenceServiceStub(channel).RepositoryModelLoad(request, timeout=LOAD_SECONDS)
    return ()


def kill(fleet: Fleet, traffic: Traffic) -> set[str]:
    """Kill the first Triton; return the requests that were in flight, on any, or sent before it was gone."""
    process = fleet.pods[0].server.process
    sent, flying = traffic.account.sent, set(traffic.open)
    if process is not None:
        os.killpg(process.pid, signal.SIGKILL)
        while process.poll() is None:
            time.sleep(LOOK)
    return flying | traffic.named(range(sent, traffic.account.sent))
