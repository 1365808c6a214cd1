"""Two Tritons of the same models: one that goes away is left out, and taken back when it answers again."""

import asyncio
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest

from trireme.gateway.endpoint import Call
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
                config = SimpleNamespace(dynamic_batching=SimpleNamespace(priority_levels=0))

            with pytest.raises(ProblemError) as refusal:
                await pool.infer(Model, {"x": np.zeros(1, np.float32)}, Call(5.0, "id"))
            assert (refusal.value.code, sum(member.away for member in pool.members)) == ("unavailable", 1)
        finally:
            await pool.close()

    asyncio.run(run())


@pytest.fixture
def pool():
    """Three Tritons that nobody asks: the choice between them is what is looked at."""
    made = []

    def build(balance="least-loaded"):
        async def run():
            made.append(Pool([f"grpc://127.0.0.1:{port}" for port in (11, 12, 13)], balance))
            return made[-1]

        return asyncio.run(run())

    return build


def picked(pool, affinity="", model="m"):
    return pool._pick(model, Call(1.0, "id", affinity=affinity))  # noqa: SLF001 - the choice itself


def test_the_less_loaded_of_two_takes_the_call(pool):
    three = pool()
    for member in three.members[:2]:
        member.running = 5
    chosen = [picked(three) for _ in range(200)]
    assert chosen.count(three.members[2]) > 100


def test_each_has_its_turn(pool):
    three = pool("round-robin")
    assert [picked(three) for _ in range(6)] == three.members * 2


def test_a_header_goes_to_the_same_one_and_few_move_when_one_is_away(pool):
    three = pool("hash")
    keys = [f"user-{number}" for number in range(300)]
    before = {key: picked(three, key) for key in keys}
    assert {key: picked(three, key) for key in keys} == before
    assert min(list(before.values()).count(member) for member in three.members) > 50
    three.members[0].away = True
    after = {key: picked(three, key) for key in keys}
    assert all(after[key] is before[key] for key in keys if before[key] is not three.members[0])
    assert three.members[0] not in after.values()


def test_a_model_that_is_not_there_leaves_the_others_where_they_are(pool):
    three = pool("round-robin")
    for member in three.members[:2]:
        member.lacking.add("m")
    assert {picked(three) for _ in range(6)} == {three.members[2]}
    assert {picked(three, model="other") for _ in range(6)} == set(three.members)


def test_one_that_is_drained_is_not_asked_even_when_all_others_are_away(pool):
    three = pool("round-robin")
    three.members[0].drained = True
    for member in three.members[1:]:
        member.away = True
    assert three.members[0] not in {picked(three) for _ in range(6)}


def test_one_that_is_late_again_and_again_is_left_out(pool):
    three = pool()
    member = three.members[0]
    for patient, lacks in ((False, False), (False, False), (False, False), (True, False), (True, False), (True, True)):
        call = Call(5.0, "id", patient=patient)
        with pytest.raises(ProblemError), three._counted(member, "m", call):  # noqa: SLF001 - the count itself
            raise ProblemError("deadline-exceeded", "late")
        assert ("m" in member.lacking) is lacks
    assert member.running == 0


def test_when_all_are_drained_none_is_asked(pool):
    three = pool()
    for member in three.members:
        member.drained = True
    with pytest.raises(ProblemError, match="taken out by an operator"):
        picked(three)


def test_an_operator_drains_one_and_takes_it_back(start_gateway, tritons):
    one, two = tritons
    gateway = start_gateway(one.grpc, "--triton", two.grpc, "--insecure")
    with httpx.Client(base_url=gateway.url, timeout=30) as http:
        address = one.grpc.removeprefix("grpc://")
        states = http.post(f"/v1/admin/endpoints/{address}:drain").json()["endpoints"]
        assert [row["state"] for row in states] == ["drained", "serving"]
        assert http.post("/v1/models/split:predict", json={"items": [{"TEXT": "a word"}]}).status_code == 200
        states = http.post(f"/v1/admin/endpoints/{address}:readmit").json()["endpoints"]
        assert [row["state"] for row in states] == ["serving", "serving"]
        assert http.post("/v1/admin/endpoints/nobody:drain").json()["code"] == "unknown-endpoint"


def test_one_that_is_stopped_is_left_out(start_gateway, tritons, wait_until):
    """A SIGSTOP: the connection stands, and nothing answers."""
    one, two = tritons
    gateway = start_gateway(one.grpc, "--triton", two.grpc, "--insecure")
    with httpx.Client(base_url=gateway.url, timeout=30) as http:
        os.killpg(one.process.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: "away" in http.get("/v1/admin/endpoints").text, seconds=15)
            path, ask = "/v1/models/split:predict", {"items": [{"TEXT": "a word"}]}
            assert {http.post(path, json=ask).status_code for _ in range(20)} == {200}
        finally:
            os.killpg(one.process.pid, signal.SIGCONT)
        wait_until(lambda: "away" not in http.get("/v1/admin/endpoints").text, seconds=15)


def test_a_probe_that_meets_a_bug_goes_on(pool, caplog):
    three = pool()
    member = three.members[0]
    member.away = True

    class Alive:
        address = "a"

        async def live(self, _seconds):
            return True

    member.endpoint = Alive()

    async def broken(_endpoint):
        raise ValueError("a bug of ours")

    async def silent(_endpoint):
        return {"m": "deadline-exceeded"}

    async def run():
        await three._look_at(member, broken)  # noqa: SLF001 - one look
        assert member.away
        await three._look_at(member, silent)  # noqa: SLF001 - as above

    asyncio.run(run())
    assert "a bug of ours" in caplog.text
    assert (member.away, member.lacking) == (False, {"m"})


def test_a_triton_that_keeps_its_index_to_administrators_is_read_by_its_statistics(tmp_path):
    flag = "--grpc-restricted-protocol=model-repository,shared-memory,trace,logging:triton-admin=secret"

    async def run(address):
        pool = Pool([address])
        try:
            return await pool.models(5)
        finally:
            await pool.close()

    with Server(REPOSITORY, tmp_path / "log", flags=(flag,)) as server:
        assert "split" in asyncio.run(run(server.grpc))
