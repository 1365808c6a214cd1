"""The rules that are compared."""

from pathlib import Path

from trireme.scaling import rules
from trireme.scaling.simulate import BUSY, NAIVE, WAITING

ROOT = Path(__file__).parents[2]


def test_a_search_tries_rules_with_and_without_how_busy_replicas_are():
    found = list(rules.around(rules.shipped(ROOT)))
    assert len(found) == len(rules.SHARES) * len(rules.WAITS) * len(rules.SLOWLY)
    assert {BUSY in rule.targets for rule in found} == {True, False}
    assert all(WAITING in rule.targets for rule in found)
    assert len({rule.name for rule in found}) == len(found)


def test_the_rule_that_ships_is_one_of_those_that_a_search_tries():
    shipped = rules.shipped(ROOT)
    assert [rule.targets for rule in rules.around(shipped) if rule.targets == shipped.targets and rule.down == shipped.down]


def test_the_naive_one_reads_the_raw_counter_alone():
    assert set(rules.naive(rules.shipped(ROOT)).targets) == {NAIVE}
