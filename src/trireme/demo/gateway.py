"""What the page asks of the gateway: its description, predictions with their timing, waterfalls and metrics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx

SECONDS = 60.0
SAMPLE = re.compile(
    r"^(gateway_(?:running|waiting|limit|shed_total|cache_total|endpoint_running))(?:\{(.*)\})? ([0-9.e+-]+)$", re.MULTILINE
)
LABEL = re.compile(r'(\w+)="([^"]*)"')
PART = re.compile(r"(\w+);dur=(-?[0-9.]+)")


@dataclass(frozen=True)
class Model:
    """One model as the gateway describes it: its path, the JSON schema of each input, and an example."""

    name: str
    path: str
    inputs: dict[str, dict[str, Any]]
    example: dict[str, Any]
    versions: list[str]
    summary: str


@dataclass(frozen=True)
class Reply:
    """An answer: the JSON, its status, the request's id, and the milliseconds of each part."""

    status: int
    body: dict[str, Any]
    request_id: str
    timing: dict[str, float]


class Gateway:
    """A gateway, asked with a key where it wants one."""

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=SECONDS)

    def models(self) -> list[Model]:
        """Return what can be asked, pipelines with a friendly route first.

        Raises:
            httpx.HTTPError: the gateway is away, or wants a key.

        """
        table = self._get("/openapi.json")
        served = {row["name"]: row for row in self._get("/v1/models")["models"]}
        found = [_model(table, row) for row in served.values() if not row["stream"]]
        return sorted(found, key=lambda model: (model.path.startswith("/v1/models/"), model.name))

    def ask(self, path: str, item: dict[str, Any], priority: str = "normal") -> Reply:
        """Ask for one item."""
        headers = {"x-server-timing": "1", "x-priority": priority}
        answer = self._http.post(path, json={"items": [item]}, headers=headers)
        timing = {name: float(value) for name, value in PART.findall(answer.headers.get("server-timing", ""))}
        return Reply(answer.status_code, answer.json(), answer.headers.get("x-request-id", ""), timing)

    def waterfall(self, request_id: str) -> str:
        """Return the page of a request's trace; empty where there is none, or the key may not see it."""
        answer = self._http.get(f"/v1/admin/traces/{request_id}")
        return answer.text if answer.is_success else ""

    def load(self) -> dict[str, dict[str, float]]:
        """Return the gateway's load by metric and model (or result); nothing when the key may not see it."""
        answer = self._http.get("/metrics")
        found: dict[str, dict[str, float]] = {}
        for name, labels, value in SAMPLE.findall(answer.text if answer.is_success else ""):
            label = next((value for _, value in LABEL.findall(labels)), "")
            found.setdefault(name, {})[label] = float(value)
        return found

    def _get(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self._http.get(path).raise_for_status().json()
        return found


def _model(table: dict[str, Any], row: dict[str, Any]) -> Model:
    path = row["route"] or f"/v1/models/{row['name']}:predict"
    schemas = table["components"]["schemas"]
    body = table["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    item = schemas[schemas[body.rsplit("/", 1)[1]]["properties"]["items"]["items"]["$ref"].rsplit("/", 1)[1]]
    example = (item.get("examples") or [{}])[0]
    summary = f"{', '.join(row['inputs'])}  →  {', '.join(row['outputs'])}"
    return Model(row["name"], path, item["properties"], example, row["versions"], summary)
