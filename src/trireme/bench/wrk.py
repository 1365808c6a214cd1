"""HTTP load by wrk (https://github.com/wg/wrk): the same generator for every server, at a few microseconds a request.

It runs as several processes that connect one after the other: the workers of many servers share a listening socket, and a burst
of connections can land on one of them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trireme.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Sequence

APART = 0.03
"""Seconds between the starts of two generators."""
MOST = 8
SCRIPT = """
local requests, number = {}, 0
function init(args)
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("POST", args[2], {["Content-Type"] = "application/json"}, line)
  end
end
function request()
  number = number + 1
  return requests[(number - 1) % #requests + 1]
end
function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %f, "failed": %d, "latency": [', summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
  for part = 0, 199 do
    io.write(part > 0 and ", " or "", latency:percentile((part + 0.5) / 2))
  end
  io.write("]}")
end
"""


@dataclass(frozen=True)
class Load:
    """What a closed loop of clients got: right answers a second, latencies of all answers [ms], how many failed."""

    rate: float
    p50: float
    p99: float
    requests: int
    failed: int


def available() -> bool:
    """Say whether wrk is installed."""
    return shutil.which("wrk") is not None


def run(port: int, path: str, bodies: Sequence[str], clients: int, seconds: float) -> Load:
    """Send bodies round about to a port on loopback by so many clients; each asks again when it has its answer.

    Raises:
        BenchError: wrk is missing, or nobody listens.

    """
    if not available():
        raise BenchError("wrk", "it is not installed", "run scripts/wrk as root, or install your system's package")
    count = min(MOST, clients)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "script.lua").write_text(SCRIPT, encoding="utf-8")
        (folder / "bodies").write_text("\n".join(bodies), encoding="utf-8")
        running = []
        for number in range(count):
            own = clients // count + (number < clients % count)
            line = [
                "wrk",
                "-t1",
                f"-c{own}",
                f"-d{max(1, round(seconds))}s",
                "--timeout",
                "10s",
                "-s",
                str(folder / "script.lua"),
            ]
            line += [f"http://127.0.0.1:{port}", "--", str(folder / "bodies"), path]
            running.append(subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))  # noqa: S603 - our own
            time.sleep(APART)
        said = [process.communicate() for process in running]
    if any(process.returncode for process in running):
        raise BenchError("wrk", " ".join((said[0][1] or said[0][0]).split()), f"see that something listens on port {port}")
    return _joined([json.loads(out[out.index('{"requests"') :]) for out, _ in said])


def _joined(rows: list[dict[str, float | list[float]]]) -> Load:
    """Return several generators' accounts as one: rates are added, latencies mixed by how many each sent."""
    values = np.concatenate([np.asarray(row["latency"], float) / 1e3 for row in rows])
    weights = np.concatenate([np.full(len(np.atleast_1d(row["latency"])), float(np.asarray(row["requests"]))) for row in rows])
    order = np.argsort(values)
    shares = np.cumsum(weights[order]) / max(weights.sum(), 1.0)
    p50, p99 = (float(values[order][min(np.searchsorted(shares, share), len(order) - 1)]) for share in (0.5, 0.99))
    good = [float(np.asarray(row["requests"])) - float(np.asarray(row["failed"])) for row in rows]
    rate = sum(one / float(np.asarray(row["seconds"])) for one, row in zip(good, rows, strict=True))
    requests, failed = (int(sum(float(np.asarray(row[key])) for row in rows)) for key in ("requests", "failed"))
    return Load(rate, p50, p99, requests, failed)
