"""Answers that are kept: equal items are asked for once, and refusals are asked for again."""

import asyncio

import httpx
import numpy as np
import pytest

from trireme.gateway.cache import Cache, key, remembered
from trireme.gateway.problems import ProblemError
from trireme.gateway.settings import Caching


def row(*values):
    return {"x": np.array(values, np.float32)}


class Asked:
    """Answers rows after a moment, and remembers which."""

    def __init__(self, *, fails=()):
        self.rows = []
        self.fails = list(fails)

    async def __call__(self, rows):
        await asyncio.sleep(0.01)
        self.rows += [float(one["x"][0]) for one in rows]
        if self.fails:
            raise self.fails.pop(0)
        return "1", [{"error": {}} if one["x"][0] < 0 else {"y": float(one["x"][0])} for one in rows]


def ask(cache, asked, *values):
    rows = [row(value) for value in values]
    return remembered(cache, [key("m", "", one) for one in rows], rows, asked, 5.0)


def test_equal_items_are_asked_once_also_within_a_request():
    cache, asked = Cache(Caching(models=("m",))), Asked()

    async def run():
        first = await ask(cache, asked, 1, 2, 1)
        return first, await ask(cache, asked, 2, 3)

    first, second = asyncio.run(run())
    assert first == ("1", [{"y": 1.0}, {"y": 2.0}, {"y": 1.0}])
    assert second == ("1", [{"y": 2.0}, {"y": 3.0}])
    assert asked.rows == [1, 2, 3]


def test_a_stampede_computes_once():
    cache, asked = Cache(Caching(models=("m",))), Asked()

    async def run():
        return await asyncio.gather(*(ask(cache, asked, 7) for _ in range(50)))

    assert asyncio.run(run()) == [("1", [{"y": 7.0}])] * 50
    assert asked.rows == [7]
    assert (cache.hits, cache.misses) == (49, 1)


def test_a_refusal_is_not_kept_and_a_failure_is_not_shared():
    cache, asked = Cache(Caching(models=("m",))), Asked(fails=[ProblemError("unavailable", "away")])

    async def run():
        both = await asyncio.gather(ask(cache, asked, 5), ask(cache, asked, 5), return_exceptions=True)
        return both, await ask(cache, asked, -1), await ask(cache, asked, -1)

    both, *_ = asyncio.run(run())
    assert isinstance(both[0], ProblemError)
    assert both[1] == ("1", [{"y": 5.0}])
    assert asked.rows == [5, 5, -1, -1]


def test_a_caller_that_is_cancelled_leaves_no_flight_behind():
    cache, asked = Cache(Caching(models=("m",))), Asked()

    async def run():
        task = asyncio.ensure_future(ask(cache, asked, 9))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await ask(cache, asked, 9)

    assert asyncio.run(run()) == ("1", [{"y": 9.0}])


def test_what_is_old_or_too_much_is_dropped():
    cache, asked = Cache(Caching(models=("m",), entries=2, ttl_seconds=0.05)), Asked()

    async def run():
        await ask(cache, asked, 1, 2, 3)
        await ask(cache, asked, 1, 3)
        await asyncio.sleep(0.06)
        await ask(cache, asked, 3)

    asyncio.run(run())
    assert asked.rows == [1, 2, 3, 1, 3]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"x": np.array([1.0], np.float32)}, {"x": np.array([1], np.int32)}),
        ({"x": np.zeros((2, 1), np.float32)}, {"x": np.zeros((1, 2), np.float32)}),
        ({"x": np.array([b"ab", b"c"], object)}, {"x": np.array([b"a", b"bc"], object)}),
        ({"x": np.array([1.0])}, {"y": np.array([1.0])}),
    ],
)
def test_items_that_differ_have_keys_that_differ(one, other):
    assert key("m", "", one) != key("m", "", other)
    assert key("m", "", one) != key("m", "1", one)


def test_a_served_model_is_asked_once(start_gateway, server):
    kept = start_gateway(server.grpc, "--insecure", settings='cache = { models = ["text_classification"] }')
    with httpx.Client(base_url=kept.url, timeout=30) as http:
        answers = [http.post("/v1/classify", json={"items": [{"text": "once"}, {"text": "once"}]}).json() for _ in range(3)]
        text = http.get("/metrics").text
    assert answers[0] == answers[1] == answers[2]
    assert 'gateway_cache_total{result="miss"} 1.0' in text
    assert 'gateway_cache_total{result="hit"} 2.0' in text


def test_who_waits_for_anothers_call_keeps_its_own_deadline():
    async def never(_rows):
        await asyncio.sleep(60)

    async def run():
        cache, item = Cache(Caching(models=("m",))), key("m", "", row(1))
        asking = asyncio.ensure_future(remembered(cache, [item], [row(1)], never, 60))
        await asyncio.sleep(0)
        with pytest.raises(ProblemError) as refusal:
            await remembered(cache, [item], [row(1)], never, 0.02)
        asking.cancel()
        return refusal.value.code

    assert asyncio.run(run()) == "deadline-exceeded"
