"""The chart says what kustomize says, by helm."""

import subprocess
from pathlib import Path

import pytest

from trireme.cluster import chart, kustomize
from trireme.cluster.objects import Objects

ROOT = Path(__file__).parents[2]
REGISTRY, URL = "registry.set-me.invalid", "s3://models-url.set-me.invalid"
GIVEN = (f"image.registry={REGISTRY}", f"delivery.modelsUrl={URL}")


def helm(*values, namespace="trireme"):
    words = [word for value in values for word in ("--set", value)]
    line = [kustomize.tool(ROOT, "helm"), "template", "x", str(ROOT / chart.FOLDER), "--namespace", namespace, *words]
    return subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603


def rendered(*values, **options):
    done = helm(*GIVEN, *values, **options)
    assert done.returncode == 0, done.stderr
    return {one.place: one.table for one in Objects.parse(done.stdout).every}


def test_it_is_as_the_components_say_now():
    fresh = chart.texts(ROOT)
    assert {path: (ROOT / chart.FOLDER / path).read_text() for path in fresh} == fresh


def test_its_objects_are_those_of_the_staging_overlay(render):
    switches = [f"{name}.enabled=true" for name in ("networkPolicy", "gateway", "nginx", "hpa", "monitoring")]
    ours = {one.place: one.table for one in render("k8s/overlays/staging").every if one.kind != "Namespace"}
    assert rendered(*switches) == ours


def test_with_keda_vllm_and_a_gpu_its_triton_is_that_of_the_prod_overlay_but_for_placement_and_rollout(render):
    switches = ("keda.enabled=true", "vllm.enabled=true", "vllmMonitoring.enabled=true")
    found = rendered(*switches, "gpu.resource=nvidia.com/gpu", "variant=gpu")
    prod = {one.place: one.table for one in render("k8s/overlays/prod").every}
    triton, pod = found["Deployment/triton"], found["Deployment/triton"]["spec"]["template"]["spec"]
    theirs = prod["Deployment/triton"]["spec"]["template"]["spec"]
    assert {key: value for key, value in theirs.items() if key != "affinity"} == pod
    assert "replicas" not in triton["spec"]
    for place in ("Deployment/vllm", "Service/vllm", "PodDisruptionBudget/vllm", "PodMonitor/vllm"):
        assert found[place] == prod[place]
    assert found["ScaledObject/triton"]["spec"]["triggers"] == prod["ScaledObject/triton"]["spec"]["triggers"]
    assert found["ScaledObject/triton"]["spec"]["fallback"] == prod["ScaledObject/triton"]["spec"]["fallback"]


def test_with_istio_its_objects_are_those_of_the_component():
    found = rendered("istio.enabled=true")
    files = (ROOT / "k8s/components/istio").glob("*.yaml")
    theirs = [one for path in files for one in Objects.parse(path.read_text()).every if one.kind != "Component"]
    assert {one.kind for one in theirs} > {"DestinationRule"}
    for one in theirs:
        assert found[one.place]["spec"] == one.table["spec"]


def test_by_default_it_states_replicas_and_denies_by_default():
    found = rendered()
    assert found["Deployment/triton"]["spec"]["replicas"] == 2
    assert "NetworkPolicy/deny-all" in found


def test_another_namespace_is_everywhere():
    found = rendered("istio.enabled=true", "keda.enabled=true", namespace="ml")
    assert {table["metadata"]["namespace"] for table in found.values()} == {"ml"}
    assert found["DestinationRule/triton"]["spec"]["host"] == "triton-mesh.ml.svc.cluster.local"
    assert all('namespace="ml"' in one["metadata"]["query"] for one in found["ScaledObject/triton"]["spec"]["triggers"])


@pytest.mark.parametrize(
    ("given", "said"), ((GIVEN[1], "image.registry is required"), (GIVEN[0], "delivery.modelsUrl is required"))
)
def test_a_missing_value_fails_by_its_name(given, said):
    done = helm(given)
    assert done.returncode != 0
    assert said in done.stderr
