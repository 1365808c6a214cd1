"""Every PromQL expression in the manifests and dashboards, and what promtool says of them."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from trireme.cluster.kustomize import tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.cluster.objects import Object, Objects

ARGUMENT = re.compile(r"\{\{ *args\.[\w-]+ *\}\}")
VARIABLE = re.compile(r"\$(\w+|\{\w+(:\w+)?\})")
RANGE = re.compile(r"\[\$[\w{}]+\]")


def expressions(objects: Objects) -> Iterator[tuple[str, str]]:
    """Yield (place, expression) of rules, scalers, analyses and dashboards, with what is filled in later filled in."""
    for one in objects.every:
        yield from _expressions(one)


def rule_groups(objects: Objects) -> dict[str, Any]:
    """Return all PrometheusRules as one file of rules."""
    return {"groups": [group for one in objects.of("PrometheusRule") for group in one.spec.get("groups", ())]}


def problems(root: Path, objects: Objects) -> Iterator[str]:
    """Yield what promtool refuses.

    Raises:
        ClusterError: promtool is not here.

    """
    queries = list(expressions(objects))
    rows = [{"record": f"query:number{number}", "expr": text} for number, (_, text) in enumerate(queries)]
    for place, said in (("the rules", _check(root, rule_groups(objects))), *_each(root, queries, rows)):
        if said:
            yield f"{place}: {said}"


def _each(root: Path, queries: list[tuple[str, str]], rows: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Ask of all at once, and one by one only when something is wrong."""
    if _check(root, {"groups": [{"name": "queries", "rules": rows}]}):
        for (place, _), row in zip(queries, rows, strict=True):
            yield place, _check(root, {"groups": [{"name": "queries", "rules": [row]}]})


def _check(root: Path, rules: Mapping[str, Any]) -> str:
    """Return why promtool refuses a file of rules; nothing when it takes it."""
    if not any(group["rules"] for group in rules["groups"]):
        return ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(yaml.safe_dump(dict(rules)), encoding="utf-8")
        line = [tool(root, "promtool"), "check", "rules", str(path)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own line
        said = [text.strip() for text in (done.stderr + done.stdout).splitlines() if "error" in text.lower()]
        return (said or ["promtool refuses it"])[-1] if done.returncode else ""


def _expressions(one: Object) -> Iterator[tuple[str, str]]:
    for group in one.spec.get("groups", ()) if one.kind == "PrometheusRule" else ():
        for rule in group["rules"]:
            yield f"{one.place} {rule.get('record') or rule.get('alert')}", rule["expr"]
    for trigger in one.spec.get("triggers", ()) if one.kind == "ScaledObject" else ():
        yield f"{one.place} {trigger.get('name')}", trigger["metadata"]["query"]
    for metric in one.spec.get("metrics", ()) if one.kind == "AnalysisTemplate" else ():
        query = metric.get("provider", {}).get("prometheus", {}).get("query", "1")
        yield f"{one.place} {metric['name']}", ARGUMENT.sub("x", query)
    for name, text in (one.table.get("data") or {}).items() if one.kind == "ConfigMap" else ():
        if name.endswith(".json"):
            yield from ((f"{one.place} {name}: {title}", query) for title, query in panels(json.loads(text)))


def panels(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (title, expression) of each panel of a Grafana dashboard, its variables filled in."""
    for panel in dashboard.get("panels", ()):
        yield from panels(panel)
        for target in panel.get("targets", ()):
            yield panel.get("title", ""), VARIABLE.sub("x", RANGE.sub("[5m]", target["expr"]))
