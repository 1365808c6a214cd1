"""Every overlay and every combination of components is right, whatever it is made of."""

from pathlib import Path

import pytest
import yaml

from trireme.cluster import check, generate
from trireme.errors import ClusterError

ROOT = Path(__file__).parents[2]
OVERLAYS = sorted((ROOT / "k8s/overlays").glob("*/kustomization.yaml"))
COMBINATIONS = sorted(
    [*Path(__file__).parent.glob("overlays/*/kustomization.yaml"), *(ROOT / "k8s/jobs").glob("*/kustomization.yaml")]
)


@pytest.mark.parametrize("path", [*OVERLAYS, *COMBINATIONS], ids=lambda path: path.parent.name)
def test_it_renders_and_nothing_is_wrong(path):
    report = check.check(ROOT, path.parent)
    assert report.problems == ()
    assert report.objects.every


def test_an_overlay_has_25_lines_at_most():
    assert {path.parent.name: n for path in OVERLAYS if (n := len(path.read_text().splitlines())) > 25} == {}


def test_every_component_is_in_one_of_them():
    used = set()
    for path in (*OVERLAYS, *COMBINATIONS, *(ROOT / "k8s/components").glob("*/kustomization.yaml")):
        used |= {word.rpartition("/")[2] for word in yaml.safe_load(path.read_text()).get("components", ())}
    assert {path.name for path in (ROOT / "k8s/components").iterdir()} - used == set()


def test_what_is_generated_is_as_the_models_and_versions_say(sources):
    assert generate.stale(sources) == []


def test_a_release_wants_what_nobody_has_set_by_name():
    unready = check.check(ROOT, ROOT / "k8s/overlays/prod").unready
    assert any(
        row.startswith("models-url is not set: Deployment/triton spec.template.spec.initContainers[deliver]") for row in unready
    )
    assert any("registry is not set" in row for row in unready)
    assert any(row == "Deployment/vllm: vllm runs docker.io/vllm/vllm-openai:v0.33.0, which has no digest" for row in unready)


def test_it_says_which_secrets_a_pod_waits_for_and_how_to_make_them():
    needs = check.check(ROOT, ROOT / "k8s/overlays/prod").needs
    assert any(row.startswith("Secret/triton-admin: kubectl -n trireme create secret generic triton-admin") for row in needs)
    assert any(row.startswith("Secret/models-store (optional): ") for row in needs)


def test_a_name_that_is_no_overlay_lists_those_there_are():
    with pytest.raises(
        ClusterError, match=r"nowhere: it is no overlay; give a folder .*, or one of blue-green, dev, prod, staging"
    ):
        check.places(ROOT, ("nowhere",))


def test_what_kustomize_refuses_is_said(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [nothing.yaml]\n")
    with pytest.raises(ClusterError, match=r"nothing\.yaml"):
        check.check(ROOT, tmp_path)


def test_a_tool_that_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(check.kustomize, "BIN", "nowhere")
    with pytest.raises(ClusterError, match="kubectl: it is not installed; `make cluster-tools` installs"):
        check.check(ROOT, ROOT / "k8s/overlays/dev")


def test_a_slice_that_the_gpu_is_not_cut_into_is_said():
    overlay = ROOT / ".trireme/test-slices"
    overlay.mkdir(parents=True, exist_ok=True)
    parts = ("components/gpu", "generated/gpus/h200", "components/mig", "components/delivery-image", "generated/images")
    rows = "".join(f"  - ../../k8s/{part}\n" for part in parts)
    (overlay / "kustomization.yaml").write_text(f"resources: [../../k8s/base]\ncomponents:\n{rows}")
    slices = "1g.18gb, 1g.35gb, 2g.35gb, 3g.71gb, 4g.71gb"
    said = f"Deployment/triton: triton wants nvidia.com/mig-1g.10gb; the slices of h200 are: {slices}"
    assert said in check.check(ROOT, overlay).problems
