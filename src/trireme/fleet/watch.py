"""Prometheus over a fleet, with the rules that ship."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import yaml

from trireme.cluster import kustomize, promql
from trireme.cluster.objects import Objects
from trireme.errors import ServerError
from trireme.server.launcher import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RULES = "k8s/components/monitoring/rules"
START_SECONDS = 20.0
SCRAPE_SECONDS = 2
"""Shorter than in a cluster: a proof takes a minute."""


class Watch:
    """One Prometheus; pods has the addresses of each pod's metrics."""

    def __init__(self, root: Path, work: Path, port: int, pods: Mapping[str, tuple[str, ...]]) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self._root, self._work, self._pods = root, work, pods
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it is ready.

        Raises:
            ClusterError: Prometheus is not installed.
            ServerError: it refuses its config or the rules, or does not become ready.

        """
        self._work.mkdir(parents=True, exist_ok=True)
        texts = [path.read_text(encoding="utf-8") for path in sorted((self._root / RULES).glob("*.yaml"))]
        groups = promql.rule_groups(Objects.parse("\n---\n".join(texts)))
        (self._work / "rules.yaml").write_text(yaml.safe_dump(groups), encoding="utf-8")
        (self._work / "prometheus.yaml").write_text(yaml.safe_dump(self._config()), encoding="utf-8")
        line = [
            kustomize.tool(self._root, "prometheus"),
            f"--config.file={self._work / 'prometheus.yaml'}",
            f"--storage.tsdb.path={self._work / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        ]
        with (self._work / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(line, stdout=log, stderr=log)  # noqa: S603 - our own line
        end = time.monotonic() + START_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > end:
                message = f"Prometheus does not become ready; its log is {self._work / 'prometheus.log'}"
                raise ServerError(message)
            time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)

    def query(self, text: str) -> list[dict[str, Any]]:
        """Return the result of an instant query."""
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': text})}") as answer:  # noqa: S310 - our own
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def firing(self) -> list[str]:
        """Return the names of alerts that fire."""
        return sorted({row["metric"]["alertname"] for row in self.query('ALERTS{alertstate="firing"}')})

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready") as answer:  # noqa: S310 - our own
                return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's OK
        except OSError:
            return False

    def _config(self) -> dict[str, Any]:
        rows = [
            {"targets": [target], "labels": {"namespace": "fleet", "pod": pod, "endpoint": endpoint}}
            for pod, targets in self._pods.items()
            for endpoint, target in zip(("metrics", "medic"), targets, strict=True)
        ]
        return {
            "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": f"{SCRAPE_SECONDS}s"},
            "rule_files": [str(self._work / "rules.yaml")],
            "scrape_configs": [{"job_name": "fleet/triton", "static_configs": rows}],
        }
