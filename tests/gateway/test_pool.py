"""Two Tritons of the same models: one that goes away is left out, and taken back when it answers again."""

import asyncio
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from trireme.gateway.pool import Pool
from trireme.gateway.problems import ProblemError
from trireme.server.process import Server

REPOSITORY = Path(__file__).parents[1] / "foreign" / "text"
GONE = "grpc://127.0.0.1:9"


@pytest.fixture
def tritons(tmp_path):
    with Server(REPOSITORY, tmp_path / "one.log") as one, Server(REPOSITORY, tmp_path / "two.log") as two:
        yield one, two


def test_one_that_goes_away_is_left_out_and_taken_back(start_gateway, tritons, wait_until, tmp_path):
    one, two = tritons
    gateway = start_gateway(one.grpc, "--triton", two.grpc, "--insecure")
    with httpx.Client(base_url=gateway.url, timeout=30) as http:
        path, ask = "/v1/models/split:predict", {"items": [{"TEXT": "a word"}]}
        assert {http.post(path, json=ask).status_code for _ in range(20)} == {200}
        ports = one.ports
        one.kill()
        assert {http.post(path, json=ask).status_code for _ in range(20)} == {200}
        with Server(REPOSITORY, tmp_path / "again.log", ports=ports):
            wait_until(lambda: http.get("/readyz").status_code == 200, seconds=10)
            time.sleep(2.5)  # it is asked once a second whether it is back
            two.kill()
            wait_until(lambda: http.post(path, json=ask).status_code == 200, seconds=10)


def test_when_all_are_away_that_is_said_and_second_tries_have_a_budget():
    async def run():
        pool = Pool([GONE, GONE])
        try:
            with pytest.raises(ProblemError) as refusal:
                await pool.models(0.5)
            assert refusal.value.code == "unavailable"
            for member in pool.members:
                member.away = False
            pool.retries = 0.0

            class Model:
                name = "m"

            with pytest.raises(ProblemError) as refusal:
                await pool.infer(Model, "", {"x": np.zeros(1, np.float32)}, 5.0, "id")
            assert (refusal.value.code, sum(member.away for member in pool.members)) == ("unavailable", 1)
        finally:
            await pool.close()

    asyncio.run(run())


def test_the_less_loaded_of_two_takes_the_call():
    async def run():
        pool = Pool([GONE, GONE])
        pool.members[0].running = 5
        picked = {pool._pick() is pool.members[1] for _ in range(20)}  # noqa: SLF001 - the choice itself
        await pool.close()
        return picked

    assert asyncio.run(run()) == {True}
