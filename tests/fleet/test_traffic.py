"""Every request is accounted for, whoever answers."""

import time

from trireme.fleet.prove import Row
from trireme.fleet.traffic import Account, Traffic


def test_requests_that_find_nobody_are_lost_with_their_reason():
    with Traffic("grpc://127.0.0.1:9", [b""], 50) as traffic:
        time.sleep(0.5)
    account = traffic.account
    assert traffic.open == set()
    assert 10 <= account.sent <= 30
    assert account.answered == 0
    assert account.lost.keys() == traffic.named(range(account.sent))
    assert all(reason.startswith("UNAVAILABLE") for reason in account.lost.values())


def test_a_row_holds_when_none_is_lost_that_may_not_be_and_none_is_forgotten():
    account = Account(sent=10)
    account.versions["1"] = 9
    assert not Row("x", account, ("a", "b")).held  # one is neither answered nor lost
    account.lost["a"] = "UNAVAILABLE"
    assert Row("x", account, ("a", "b")).held
    assert not Row("x", account, ("b",)).held


def test_the_99th_percentile_is_in_milliseconds():
    assert Account(latencies=[0.001] * 98 + [0.2] * 2).p99 == 200
    assert Account().p99 == 0
