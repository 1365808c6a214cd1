"""Run a scenario by k6, or the load of one by Locust, against a server of our own or one that is named."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trireme import built
from trireme.bench import environments
from trireme.client.wire import Address
from trireme.errors import BenchError
from trireme.loads import bodies
from trireme.loads.scenario import SCENARIOS, Outcome
from trireme.plan import TREE
from trireme.serve import machine_flags
from trireme.server.process import Server
from trireme.tune import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trireme.discover import Sources

FOLDER = "loadtests"
OUT = ".trireme/load"
CAPACITY_SECONDS, CAPACITY_CLIENTS = 3.0, 32
MOST_USERS = 400
LEAST_RATE = 1.0
PATIENCE = 60.0
THRESHOLDS = 99
"""k6's exit status when a threshold was crossed: https://grafana.com/docs/k6/latest/using-k6/thresholds/"""


@dataclass(frozen=True)
class Asked:
    """A load test: of which unit, which scenario, over which protocol, at which rate [a second], for a p99 goal [ms].

    rate and seconds are 0 where the scenario decides; address is empty for a server of our own.
    """

    unit: str
    scenario: str
    protocol: str
    rate: float
    seconds: float
    goal: float
    address: str = ""
    tool: str = "k6"


def run(sources: Sources, asked: Asked, say: Callable[[str], None]) -> tuple[Outcome | None, Path]:
    """Run it; return the outcome (None from Locust, that prints its own and raises what it found) and the HTML report.

    Raises:
        BenchError: the generator failed, or Locust's thresholds did not hold.
        ServerError: our server does not start.

    """
    work = sources.root / OUT / f"{asked.unit}-{asked.scenario}-{asked.protocol}-{asked.tool}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    config = built.config(sources.root / TREE, asked.unit)
    bodies.write(work, asked.unit, sources.unit(asked.unit).folder, config)
    scenario = SCENARIOS[asked.scenario]
    with _serving(sources.root, asked) as (address, server):
        rate = asked.rate
        if not rate and scenario.share:
            capacity = _capacity(sources, asked, address)
            rate = max(1.0, scenario.share * capacity)
            say(f"{asked.unit} takes {capacity:,.0f} a second; {asked.scenario} offers {rate:,.0f}: {scenario.about}")
        seconds = asked.seconds or scenario.seconds
        if scenario.share and rate < LEAST_RATE:
            raise BenchError(
                asked.unit, f"a rate of {rate:g} a second is too low to be held to anything", f"say {LEAST_RATE:g} or more"
            )
        users = max(20, min(MOST_USERS, round(rate * max(1.0, 4 * asked.goal / 1e3))))
        settings = {
            "SCENARIO": asked.scenario, "PROTOCOL": asked.protocol, "ADDRESS": _target(address, asked.protocol),
            "BODIES": str(work), "RATE": f"{rate:.0f}", "SECONDS": f"{seconds:g}", "P99_MS": f"{asked.goal:g}",
            "VUS": str(users),
        }  # fmt: skip
        if asked.tool == "locust":
            _locust(sources.root, settings, work, say)
            return None, work / "report.html"
        return _k6(sources.root, asked, settings, work, server, say), work / "report.html"


@contextmanager
def _serving(root: Path, asked: Asked) -> Iterator[tuple[str, Server | None]]:
    """Yield the gRPC or HTTP address to load, and the server when it is ours."""
    if asked.address:
        if asked.scenario == "drain":
            raise BenchError("drain", "it ends the server under load", "leave --address out: it starts one of its own")
        if Address.parse(asked.address).protocol != asked.protocol:
            raise BenchError(asked.address, f"it is no address of --protocol {asked.protocol}", "name one that is")
        yield asked.address, None
        return
    with Server(root / TREE, root / OUT / "server.log", flags=machine_flags(root / TREE)) as server:
        yield server.grpc if asked.protocol == "grpc" else server.http, server


def _capacity(sources: Sources, asked: Asked, address: str) -> float:
    """Return the requests a second of clients that ask again as soon as they have an answer, over gRPC."""
    if not address.startswith("grpc://"):
        raise BenchError(asked.unit, "what it takes is measured over gRPC", "say --rate for an HTTP address")
    requests = load.bodies(sources.unit(asked.unit).folder, built.config(sources.root / TREE, asked.unit))
    return load.answered(address, requests, CAPACITY_CLIENTS, CAPACITY_SECONDS)


def _target(address: str, protocol: str) -> str:
    return address.removeprefix(f"{protocol}://")


def _k6(  # noqa: PLR0913, PLR0917 - all of a run
    root: Path, asked: Asked, settings: dict[str, str], work: Path, server: Server | None, say: Callable[[str], None]
) -> Outcome:
    program = environments.prepare(root, "k6", root / FOLDER / "k6" / "requirements.txt", say) / "k6"
    report = {
        "K6_WEB_DASHBOARD": "true", "K6_WEB_DASHBOARD_PORT": "-1", "K6_WEB_DASHBOARD_PERIOD": "1s",
        "K6_WEB_DASHBOARD_EXPORT": str(work / "report.html"),
    }  # fmt: skip
    process = subprocess.Popen(  # noqa: S603 - our own command
        [str(program), *_k6_words(settings, work), str(root / FOLDER / "k6" / "triton.js")],
        env={**os.environ, **report},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        if asked.scenario == "drain" and server is not None and server.process is not None:
            time.sleep(float(settings["SECONDS"]) / 2)
            say("SIGTERM ...")
            server.process.send_signal(signal.SIGTERM)
        out, _ = process.communicate()
    finally:
        process.kill()
    lines = [one for one in out.splitlines() if one.startswith("{")]
    if not lines or process.returncode not in {0, THRESHOLDS}:
        said = (out.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
        raise BenchError("k6", said, f"its log is {work / 'k6.log'}")
    return Outcome(asked.scenario, json.loads(lines[-1]))


def _k6_words(settings: dict[str, str], work: Path) -> list[str]:
    """Return k6's arguments: nothing is reported to anybody, and no port is opened."""
    quiet = ["--quiet", "--no-color", "--no-usage-report", "--address", "", "--log-output", f"file={work / 'k6.log'}"]
    return ["run", *quiet, *(word for key, value in settings.items() for word in ("-e", f"{key}={value}"))]


def _locust(root: Path, settings: dict[str, str], work: Path, say: Callable[[str], None]) -> None:
    program = environments.prepare(root, "locust", root / FOLDER / "locust" / "requirements.txt", say) / "locust"
    seconds = max(1, round(float(settings["SECONDS"])))
    line = [str(program), "-f", str(root / FOLDER / "locust" / "locustfile.py"), "--headless", "--only-summary", "--users", "1"]
    line += [
        "--run-time",
        f"{seconds + 2}s",
        "--stop-timeout",
        "5",
        "--html",
        str(work / "report.html"),
        "--loglevel",
        "WARNING",
    ]
    limit = seconds + PATIENCE
    try:
        done = subprocess.run(line, env={**os.environ, **settings}, capture_output=True, text=True, check=False, timeout=limit)  # noqa: S603 - our own
    except subprocess.TimeoutExpired:
        raise BenchError("locust", f"it did not end within {limit:g} s", "see that the server answers") from None
    told = work / "outcome.json"
    if not told.is_file():
        raise BenchError("locust", (done.stderr.strip().splitlines() or ["it said nothing"])[-1], "see loadtests/locust")
    row = json.loads(told.read_text(encoding="utf-8"))
    say(f"answered {row['answered']:,}, failed {row['failed']:,}, p99 {row['p99']:.1f} ms")
    if not row["kept"]:
        raise BenchError("locust", "the generator could not keep its rate: this run does not count", "lower --rate")
    if done.returncode:
        raise BenchError(
            "locust", f"{row['failed']} failed, p99 {row['p99']:.1f} ms against {settings['P99_MS']} ms", "see the report"
        )
