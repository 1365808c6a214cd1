"""Lanes: what a caller may ask for, how much of a model it may fill, and Triton's own priority."""

import pytest

from trireme.gateway.access import Caller, lane
from trireme.gateway.admission import Limiter
from trireme.gateway.problems import ProblemError
from trireme.gateway.settings import Admission


@pytest.mark.parametrize(
    ("most", "asked", "found"),
    [
        ("normal", None, "normal"),
        ("low", None, "low"),
        ("high", None, "normal"),
        ("high", "high", "high"),
        ("normal", "low", "low"),
    ],
)
def test_a_caller_has_what_it_asks_for(most, asked, found):
    assert lane(Caller("key", most), asked) == found


@pytest.mark.parametrize(
    ("most", "asked", "code"),
    [("normal", "high", "forbidden"), ("low", "normal", "forbidden"), ("high", "urgent", "malformed-request")],
)
def test_more_than_its_own_is_refused(most, asked, code):
    with pytest.raises(ProblemError) as refusal:
        lane(Caller("key", most), asked)
    assert refusal.value.code == code


def full(limiter, lane):
    try:
        limiter.check("m", lane)
    except ProblemError:
        return True
    return False


def test_the_low_lane_fills_half_and_leaves_room_for_others():
    limiter = Limiter(Admission(first=10, least=1, most=10))
    held = [limiter.slot("m", lane="low") for _ in range(5)]
    for slot in held:
        slot.__enter__()
    assert [full(limiter, one) for one in ("low", "normal", "high")] == [True, False, False]
    for slot in held:
        slot.__exit__(None, None, None)


def test_a_key_carries_its_lane(start_gateway, server):
    import httpx  # noqa: PLC0415 - the one test here with a gateway

    gateway = start_gateway(server.grpc)
    keys = {name: gateway.keys.create(name, lane=name) for name in ("low", "high")}
    with httpx.Client(base_url=gateway.url, timeout=30) as http:

        def status(key, asked):
            headers = {"authorization": f"Bearer {keys[key]}", "x-priority": asked}
            return http.post("/v1/classify", json={"items": [{"text": "a"}]}, headers=headers).status_code

        assert [status("low", "low"), status("low", "high"), status("high", "high"), status("high", "x")] == [
            200,
            403,
            200,
            400,
        ]
