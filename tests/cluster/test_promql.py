"""Every expression of rules, scalers, analyses and dashboards is PromQL."""

from pathlib import Path

from trireme.cluster import promql

ROOT = Path(__file__).parents[2]


def test_an_expression_that_is_none_is_named(broken):
    def change(table):
        table["spec"]["triggers"][0]["metadata"]["query"] = "sum(rate(x[5m])"

    found = list(promql.problems(ROOT, broken("k8s/overlays/prod", "ScaledObject", "triton", change)))
    assert len(found) == 1
    assert found[0].startswith("ScaledObject/triton busy: ")


def test_dashboards_analyses_and_rules_are_all_asked(render):
    places = [place for place, _ in promql.expressions(render("k8s/overlays/prod"))]
    for begin in (
        "ScaledObject/triton",
        "AnalysisTemplate/triton-canary",
        "PrometheusRule/triton-slo",
        "ConfigMap/triton-dashboards",
    ):
        assert any(place.startswith(begin) for place in places), begin
    assert len(places) > 60


def test_a_scaler_and_its_adapter_read_what_a_rule_records(render):
    recorded = {
        rule["record"]
        for group in promql.rule_groups(render("k8s/overlays/staging"))["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    asked = [text for place, text in promql.expressions(render("k8s/overlays/prod")) if place.startswith("ScaledObject")]
    assert all(any(name in text for name in recorded) for text in asked)
    adapter = (ROOT / "k8s/components/hpa/adapter.yaml").read_text()
    assert sum(f"'{name}'" in adapter for name in recorded) == 3
