"""Recording rules and alerts, by promtool: each fires when it has to and not else; no counter that begins anew misleads it."""

import subprocess
from pathlib import Path

import pytest
import yaml

from trireme.cluster import kustomize, promql
from trireme.cluster.objects import Objects

ROOT = Path(__file__).parents[2]
RULES = ROOT / "k8s/components/monitoring/rules"
CASES = Path(__file__).parent / "rules"
RUNBOOKS = ROOT / "docs/runbooks"


@pytest.fixture(scope="module")
def groups():
    return promql.rule_groups(Objects.parse("\n---\n".join(path.read_text() for path in sorted(RULES.glob("*.yaml")))))


def alerts(groups):
    return {rule["alert"]: rule for group in groups["groups"] for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize("case", sorted(path.stem for path in CASES.glob("*.yaml")))
def test_it_does_what_its_cases_say(case, groups, tmp_path):
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(groups))
    (tmp_path / "case.yaml").write_text((CASES / f"{case}.yaml").read_text())
    line = [kustomize.tool(ROOT, "promtool"), "test", "rules", "case.yaml"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_cases_that_fire_and_that_do_not(groups):
    for name in alerts(groups):
        rows = yaml.safe_load((CASES / f"{name}.yaml").read_text())["tests"]
        expected = [bool(one["exp_alerts"]) for row in rows for one in row["alert_rule_test"]]
        assert {True, False} <= set(expected), name


def test_every_alert_over_a_counter_has_a_case_in_which_it_begins_anew(groups):
    for name, rule in alerts(groups).items():
        if "increase(" in rule["expr"] or "rate(" in rule["expr"] or "ratio" in rule["expr"]:
            assert "anew" in (CASES / f"{name}.yaml").read_text(), name


def test_every_alert_has_its_runbook_and_every_runbook_its_alert(groups):
    found = alerts(groups)
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(found)
    for name, rule in found.items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
        text = (RUNBOOKS / f"{name}.md").read_text()
        assert "## Look" in text
        assert "## Do" in text


def test_the_raw_counter_is_no_target():
    for path in ("hpa/hpa.yaml", "hpa/adapter.yaml", "keda/scaledobject.yaml"):
        assert "nv_inference_queue_duration_us" not in (ROOT / "k8s/components" / path).read_text()
