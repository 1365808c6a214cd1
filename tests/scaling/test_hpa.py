"""The autoscaler's algorithm, by the controller's own rules."""

import re
from pathlib import Path

import pytest
import yaml

from trireme.discover import read_toml
from trireme.scaling import rules
from trireme.scaling.hpa import Direction, Policy, Rule, Scaler
from trireme.scaling.simulate import BUSY, PENDING, WAITING

ROOT = Path(__file__).parents[2]
FREE = Direction(0, (Policy("Percent", 1000, 15), Policy("Pods", 100, 15)))


def scaler(replicas=2, *, targets=None, **stated):
    rule = {"least": 1, "most": 20, "up": FREE, "down": FREE} | stated
    return Scaler(Rule("r", targets or {"m": 10.0}, **rule), replicas)


def test_replicas_are_the_total_over_the_target_rounded_up():
    assert scaler().look(0, {"m": 41.0}) == 5


def test_within_a_tenth_of_the_target_nothing_changes():
    assert scaler(4).look(0, {"m": 43.0}) == 4


def test_of_several_metrics_the_largest_answer_counts():
    assert scaler(targets={"a": 1.0, "b": 10.0}).look(0, {"a": 3.0, "b": 90.0}) == 9


def test_least_and_most_hold():
    assert scaler(most=6).look(0, {"m": 1000.0}) == 6
    assert scaler(5, least=3).look(0, {"m": 0.0}) == 3


def test_without_any_metric_nothing_changes_and_with_one_of_two_only_the_way_up_is_open():
    assert scaler(4).look(0, {"m": None}) == 4
    both = {"a": 1.0, "b": 1.0}
    assert scaler(4, targets=both).look(0, {"a": 1.0, "b": None}) == 4
    assert scaler(4, targets=both).look(0, {"a": 8.0, "b": None}) == 8


def test_the_way_up_takes_the_wider_policy_in_a_period():
    up = Direction(0, (Policy("Percent", 100, 30), Policy("Pods", 2, 30)))
    one = scaler(4, up=up)
    assert [one.look(now, {"m": 1000.0}) for now in (0, 15, 30)] == [8, 8, 16]


def test_the_way_down_takes_the_narrower_policy_where_it_says_min():
    down = Direction(0, (Policy("Percent", 50, 60), Policy("Pods", 1, 60)), "Min")
    one = scaler(10, down=down)
    assert [one.look(now, {"m": 0.0}) for now in (0, 15, 60)] == [9, 9, 8]


def test_the_way_down_waits_for_the_highest_wish_of_its_window():
    one = scaler(10, down=Direction(60, FREE.policies))
    assert one.look(0, {"m": 100.0}) == 10
    assert [one.look(now, {"m": 0.0}) for now in (15, 45, 75)] == [10, 10, 1]


def test_the_rule_that_ships_is_read_from_its_manifest():
    rule = rules.shipped(ROOT)
    assert rule.targets == {BUSY: 0.8, WAITING: 2.0, PENDING: 16.0}
    assert (rule.least, rule.most, rule.down.stabilization, rule.down.select) == (2, 10, 120, "Min")


def test_keda_says_the_same_as_the_hpa():
    hpa = yaml.safe_load((ROOT / "k8s/components/hpa/hpa.yaml").read_text())["spec"]
    keda = yaml.safe_load((ROOT / "k8s/components/keda/scaledobject.yaml").read_text())["spec"]
    assert keda["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == hpa["behavior"]
    assert (keda["minReplicaCount"], keda["maxReplicaCount"]) == (hpa["minReplicas"], hpa["maxReplicas"])
    thresholds = [float(one["metadata"]["threshold"]) for one in keda["triggers"]]
    assert thresholds == list(rules.shipped(ROOT).targets.values())


def test_the_page_says_the_targets_that_ship():
    rows = re.findall(r"namespace:(\w+):\w+` \|.*\| ([\d.]+) \|", (ROOT / "docs/scaling.md").read_text())
    assert {name: float(target) for name, target in rows} == rules.shipped(ROOT).targets


def test_the_dashboard_says_the_targets_that_ship():
    panels = read_toml(ROOT / "k8s/components/monitoring/dashboards/scaling.toml")["row"][0]["panel"]
    said = {}
    for panel in panels:
        if target := re.search(r"the target is ([\d.]+)\.$", panel.get("why", "")):
            said[re.match(r"pod:(\w+):", *panel["queries"].values())[1]] = float(target[1])
    assert said == rules.shipped(ROOT).targets


@pytest.mark.parametrize("number", [0, 7])
def test_a_fixed_number_stays(number):
    rule = rules.fixed(rules.shipped(ROOT), 9)
    assert Scaler(rule, 9).look(number, {WAITING: 50.0}) == 9
