"""What an overlay takes from its surroundings."""

from pathlib import Path

from trireme.cluster import given

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


def test_a_digest_pins_an_image(broken):
    def change(table):
        table["spec"]["template"]["spec"]["containers"][0]["image"] = "a@sha256:" + "0" * 64

    objects = broken("k8s/overlays/dev", "Deployment", "gateway", change)
    assert not [row for row in given.unpinned(objects) if row.startswith("Deployment/gateway")]
