"""What the pages promise of every overlay, and no schema or reference would miss."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from trireme.cluster import check

ROOT = Path(__file__).parents[2]
OVERLAYS = sorted(path.parent for path in (ROOT / "k8s/overlays").glob("*/kustomization.yaml"))
HPA = ROOT / "k8s/components/hpa"


@pytest.fixture(scope="module", params=OVERLAYS, ids=lambda path: path.name)
def tables(request):
    """The objects of an overlay, as YAML has them."""
    return [one.table for one in check.check(ROOT, request.param).objects.every]


def pods(tables, kinds=("Deployment", "Rollout")):
    return [table for table in tables if table["kind"] in kinds and "template" in table["spec"]]


def containers(spec):
    """A pod's containers that go on running, its sidecars too."""
    return [*spec["containers"], *(one for one in spec.get("initContainers", ()) if one.get("restartPolicy") == "Always")]


def triton(tables):
    """The pod's spec that runs Triton, and the container."""
    for table in pods(tables):
        spec = table["spec"]["template"]["spec"]
        for container in spec["containers"]:
            if container["name"] == "triton":
                return spec, container
    raise AssertionError("no pod runs Triton")


def test_triton_opens_no_door_of_other_platforms_and_keeps_its_own_with_a_key(tables):
    text = "\n".join(triton(tables)[1]["args"])
    for flag in ("--allow-sagemaker=false", "--allow-vertex-ai=false", "--model-control-mode=explicit"):
        assert flag in text
    for protocol in ("--http-restricted-api", "--grpc-restricted-protocol"):
        assert f"{protocol}=model-repository,shared-memory,trace,logging:triton-admin=$(TRITON_ADMIN_KEY)" in text


def test_triton_is_given_time_to_start_and_is_spread_over_nodes(tables):
    spec, container = triton(tables)
    assert container["startupProbe"]["failureThreshold"] * container["startupProbe"].get("periodSeconds", 10) >= 60
    assert container["lifecycle"]["preStop"]
    assert spec["topologySpreadConstraints"]


def test_no_rollout_takes_a_pod_away_before_another_is_ready(tables):
    for table in pods(tables):
        spec = table["spec"]
        strategy = spec["strategy"]
        bound = strategy.get("rollingUpdate") or strategy.get("canary") or strategy.get("blueGreen")
        assert bound is not None, table["metadata"]["name"]
        if "blueGreen" not in strategy:
            assert bound["maxUnavailable"] == 0, table["metadata"]["name"]


def test_its_namespace_takes_restricted_pods_alone(tables):
    labels = [table["metadata"]["labels"] for table in tables if table["kind"] == "Namespace"]
    assert [one["pod-security.kubernetes.io/enforce"] for one in labels] == ["restricted"]


def test_the_autoscaler_asks_for_what_the_adapter_gives():
    given = {row["name"]["as"] for row in yaml.safe_load((HPA / "adapter.yaml").read_text())["externalRules"]}
    (asked,) = yaml.safe_load_all((HPA / "hpa.yaml").read_text())
    metrics = asked["spec"]["metrics"]
    assert {row["external"]["metric"]["name"] for row in metrics if row["type"] == "External"} == given
    (beside,) = (row["containerResource"] for row in metrics if row["type"] != "External")
    assert (beside["name"], beside["container"]) == ("cpu", "triton")  # the fallback: no Prometheus is asked for it


def test_the_dashboards_json_is_what_their_toml_says():
    line = [sys.executable, str(ROOT / "scripts/dashboards"), "--check"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_scraped_is_a_port_of_the_pods_that_are_chosen(tables):
    runs = [table["spec"]["template"] for table in pods(tables, ("Deployment", "Rollout", "StatefulSet"))]
    for monitor in (table for table in tables if table["kind"] == "PodMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        chosen = [run for run in runs if wanted <= run["metadata"]["labels"].items()]
        ports = {port.get("name") for run in chosen for one in containers(run["spec"]) for port in one.get("ports", ())}
        assert chosen, monitor["metadata"]["name"]
        assert {end["port"] for end in monitor["spec"]["podMetricsEndpoints"]} <= ports


def test_what_the_gateway_asks_is_a_service_that_is_there(tables):
    text = "\n".join(value for table in tables if table["kind"] == "ConfigMap" for value in table.get("data", {}).values())
    services = {
        one["metadata"]["name"]: {port["port"] for port in one["spec"]["ports"]} for one in tables if one["kind"] == "Service"
    }
    made = {
        f"{one['metadata']['name']}-istio" for one in tables if one["kind"] == "Gateway"
    }  # by Istio, with the Gateway's ports
    asked = re.findall(r"(?:dns|grpc)://([a-z-]+):([0-9]+)", text)
    assert asked
    for name, port in asked:
        assert name in made or int(port) in services.get(name, ()), f"{name}:{port}"


def test_pods_run_as_accounts_that_are_there(tables):
    accounts = {table["metadata"]["name"] for table in tables if table["kind"] == "ServiceAccount"}
    for table in tables:
        spec = table.get("spec", {}).get("template", {}).get("spec", {})
        assert spec.get("serviceAccountName", "default") in accounts | {"default"}
