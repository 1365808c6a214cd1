"""What an overlay takes from its surroundings."""

import json
from pathlib import Path

from trireme.cluster import given
from trireme.discover import read_toml

ROOT = Path(__file__).parents[2]


def test_a_secret_that_nothing_explains_is_a_problem(broken):
    def change(table):
        table["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": "unheard-of"}}]

    objects = broken("k8s/overlays/dev", "Deployment", "gateway", change)
    assert list(given.problems(ROOT, objects)) == [
        "Deployment/gateway: there is no Secret/unheard-of; add it, or say in k8s/given.toml how to make it"
    ]


def test_the_secret_that_prometheus_asks_with_is_told_of(render):
    said = [line for line in given.lines(ROOT, render("k8s/overlays/staging")) if line.startswith("Secret/gateway-metrics: ")]
    assert len(said) == 1
    assert "--scope admin" in said[0]


def test_every_kind_that_kubernetes_has_not_says_who_makes_something_of_it():
    known = read_toml(ROOT / given.FILE)["kinds"]
    custom = {json.loads(path.read_text())["properties"]["kind"]["const"] for path in (ROOT / "k8s/schemas").glob("*.json")}
    assert custom <= set(known)


def test_an_overlay_says_what_its_cluster_has_to_run(render):
    said = list(given.lines(ROOT, render("k8s/overlays/prod")))
    assert any(line.startswith("Rollout: Argo Rollouts") for line in said)
    assert any(line.startswith("nvidia.com/*: NVIDIA's device plugin") for line in said)
    assert not any(line.startswith("nvidia.com/*") for line in given.lines(ROOT, render("k8s/overlays/staging")))


def test_a_digest_pins_an_image(broken):
    def change(table):
        table["spec"]["template"]["spec"]["containers"][0]["image"] = "a@sha256:" + "0" * 64

    objects = broken("k8s/overlays/dev", "Deployment", "gateway", change)
    assert not [row for row in given.unpinned(objects) if row.startswith("Deployment/gateway")]
