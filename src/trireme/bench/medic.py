"""What the medic costs and how fast it is: each Python model's process is killed until the model answers again.

Meanwhile another model is asked at a constant rate, by turns without a kill, with one, and without again. Its p99 is compared
over the seconds around the kill and over the whole turn; how far two turns without a kill are apart says what that is worth.
Server, medic and load are processes of their own on the same cores, and the medic goes round each second, as in a pod.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trireme.bench import marked
from trireme.errors import ServerError
from trireme.fleet.traffic import Account, Traffic
from trireme.medic.metrics import Metrics
from trireme.medic.policy import Finding, Rules
from trireme.medic.rounds import Medic
from trireme.medic.triton import Triton, canaries
from trireme.plan import TREE
from trireme.serve import EXPLICIT, machine_flags
from trireme.server.process import Server
from trireme.tune import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trireme.discover import Sources

    Row = tuple[str, str, str, str]

INTERVAL = 1.0
KILLED, OTHER, RATE = "sentiment_head", "credit_risk", 100.0
"""Whose process is killed while the other is asked so often a second."""
BEFORE, AROUND, TURN, LIMIT = 1.0, 5.0, 60.0, 60.0
"""Seconds of load before the kill, that count as around it, and of a turn; until a model has to answer again."""
TURNS = ("without", "killed", "again without")


def measure(sources: Sources, *, quick: bool) -> Iterator[Row]:
    """Yield a row for the rounds' cost, for each model's recovery, and for another model meanwhile."""
    mark = str(os.getpid())
    with ward(sources, mark) as (server, medic, reloaded):
        yield _cost(mark, len(medic.canaries), 3.0 if quick else 20.0)
        names = [name for name in medic.canaries if server.stubs(name)]
        for name in [KILLED] if quick else names:
            times = [_recovery(server, reloaded, name) for _ in range(1 if quick else 3)]
            spread = f"{min(times):.1f} to {max(times):.1f} in {len(times)} kills"
            yield f"{name} answers again after", f"{statistics.median(times):.1f} s", spread, "<= 5 s"
        rounds, seconds = (1, AROUND) if quick else (5, TURN)
        yield from _meanwhile(sources, server, medic, reloaded, rounds, seconds)


@contextmanager
def ward(sources: Sources, mark: str) -> Iterator[tuple[Server, Medic, dict[str, float]]]:
    """Serve the repository, its processes marked, with a medic beside it.

    The last holds when each model was last loaded again, and answered.
    """
    tree, reloaded = sources.root / TREE, dict[str, float]()
    found = canaries(tree, (sources.root / "models", sources.root / "ensembles"))

    def say(event: str, **facts: object) -> None:
        name = str(facts.get("model", ""))
        if event == "reloaded" and triton.look(medic.canaries[name])[0] is Finding.ANSWERED:
            reloaded[name] = time.monotonic()

    server = Server(tree, sources.root / ".trireme" / "bench.log", flags=(*machine_flags(tree), *EXPLICIT))
    os.environ[marked.VARIABLE] = mark  # a child has it, this process has not
    try:
        server.start()
    finally:
        del os.environ[marked.VARIABLE]
    triton = Triton(server.grpc)
    medic = Medic(triton, found, Metrics(), say, Rules(deaths=1000))
    medic.start(INTERVAL)
    try:
        _until(lambda: all(patient.seen for patient in medic.patients.values()), "every model")
        yield server, medic, reloaded
    finally:
        medic.close()
        triton.close()
        server.kill()  # asked to stop, it would wait out its exit timeout for each process that was killed


def _cost(mark: str, models: int, seconds: float) -> Row:
    """Return the share of a core that the rounds over idle models take, here and in the server."""
    own, servers, begun = time.process_time(), marked.seconds(mark), time.monotonic()
    time.sleep(seconds)
    taken = time.monotonic() - begun
    here, there = (time.process_time() - own) / taken, (marked.seconds(mark) - servers) / taken
    return f"the medic's rounds over {models} idle models", f"{here + there:.2f} cores", f"{here:.2f} its own", "stated"


def _recovery(server: Server, reloaded: dict[str, float], name: str) -> float:
    """Kill a model's processes; return the seconds until it answers again."""
    killed = time.monotonic()
    for pid in server.stubs(name):
        os.kill(pid, signal.SIGKILL)
    _until(lambda: reloaded.get(name, 0.0) > killed, name)
    return reloaded[name] - killed


def _meanwhile(  # noqa: PLR0913, PLR0917 - all that is watched
    sources: Sources, server: Server, medic: Medic, reloaded: dict[str, float], rounds: int, seconds: float
) -> Iterator[Row]:
    bodies = load.bodies(sources.unit(OTHER).folder, medic.canaries[OTHER].config)
    found: list[dict[str, Account]] = []
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(traffic, server.grpc, bodies, RATE, BEFORE).result()  # it has imported all that it needs
        for number in range(rounds):
            found.append({})
            for place in range(len(TURNS)):
                turn = TURNS[(number + place) % len(TURNS)]
                asked = pool.submit(traffic, server.grpc, bodies, RATE, seconds)
                if turn == "killed":
                    time.sleep(BEFORE)
                    _recovery(server, reloaded, KILLED)
                found[-1][turn] = asked.result()
    around = [{turn: Account(latencies=one.latencies[: round(RATE * AROUND)]) for turn, one in row.items()} for row in found]
    yield _compared(f"the {AROUND:.0f} s around a kill of {KILLED}", around, "1")
    yield _compared(f"the {seconds:.0f} s in which it happens", found, "1")
    killed = _all(found, "killed")
    yield f"{OTHER}'s requests lost meanwhile", str(len(killed.lost)), f"of {killed.sent}", "0"


def _compared(when: str, rounds: Sequence[dict[str, Account]], target: str) -> Row:
    """Return the row of the other model's p99 with a kill and without, over all rounds, and of each round."""
    without, killed, again = (_all(rounds, turn) for turn in TURNS)
    without.add(again)
    noise = f"without to without {_spread([row[TURNS[2]].p99 / row[TURNS[0]].p99 for row in rounds])}"
    each = _spread([row["killed"].p99 / row[TURNS[0]].p99 for row in rounds])
    spread = f"{each} in {len(rounds)} rounds; {noise}; {without.p99:.1f} ms"
    return f"{OTHER}'s p99 over {when}", f"{killed.p99 / without.p99:.2f} of without", spread, target


def _all(rounds: Sequence[dict[str, Account]], turn: str) -> Account:
    every = Account()
    for row in rounds:
        every.add(row[turn])
    return every


def traffic(address: str, bodies: Sequence[bytes], rate: float, seconds: float) -> Account:
    """Ask at a constant rate for so many seconds; return what became of it. It runs in a process of its own."""
    with Traffic(address, bodies, rate) as sent:
        time.sleep(seconds)
    return sent.account


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _until(so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT
    while not so():
        if time.monotonic() > end:
            message = f"{what} did not answer within {LIMIT:.0f} s"
            raise ServerError(message)
        time.sleep(0.01)
