"""The guard around any application: sizes, ids, problems, and clients that leave."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest

from trireme.gateway.access import Access
from trireme.gateway.guard import Guard
from trireme.gateway.metrics import Metrics
from trireme.gateway.problems import CODES, ProblemError
from trireme.gateway.settings import Limits, Settings


async def application(scope, receive, send):
    if scope["path"] == "/problem":
        raise ProblemError("overloaded", "no room", retry_after=3)
    if scope["path"] == "/bug":
        raise KeyError("secret")
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


class Untraced:
    def begin(self, _headers, _caller):
        return None


def gateway(limits, rows=None, **given):
    """The parts of a gateway that the guard needs; the log's rows go into a list."""
    settings = Settings(limits=limits, **{"insecure": True, **given})
    log = SimpleNamespace(add=(rows if rows is not None else []).append)
    return SimpleNamespace(settings=settings, access=Access(settings), metrics=Metrics(), tracing=Untraced(), log=log)


@pytest.fixture
def rows():
    return []


@pytest.fixture
def ask():
    def run(path="/", **given):
        async def once():
            transport = httpx.ASGITransport(Guard(application, gateway(Limits(body_bytes=10))))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.post(path, **given)

        return asyncio.run(once())

    return run


def test_a_body_within_the_limits_comes_whole(ask):
    assert ask(content=b"0123456789").content == b"0123456789"


@pytest.mark.parametrize(
    ("headers", "content", "code"),
    [
        ({}, b"01234567890", "too-large"),
        ({"content-length": "-5"}, b"", "too-large"),
        ({"content-encoding": "br"}, b"", "unsupported-media-type"),
        ({"content-type": "APPLICATION/x-www-form-urlencoded; charset=utf-8"}, b"", "unsupported-media-type"),
    ],
)
def test_a_body_beyond_them_does_not(ask, headers, content, code):
    answer = ask(headers=headers, content=content)
    assert (answer.status_code, answer.json()["code"]) == (CODES[code].status, code)


def test_a_body_in_parts_is_counted_as_a_whole(ask):
    async def parts():
        for _ in range(11):
            yield b"x"

    assert ask(content=parts()).json()["code"] == "too-large"


def test_a_problem_has_its_status_its_headers_and_the_requests_id(ask):
    answer = ask("/problem", headers={"x-request-id": "abc"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert answer.json()["instance"] == "urn:request:abc"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a;b"])
def test_an_id_that_is_none_is_replaced(ask, given):
    assert ask(headers={"x-request-id": given}).headers["x-request-id"] != given


def test_a_client_that_leaves_ends_the_work_and_is_logged(rows):
    ended = []

    async def slow(_scope, _receive, _send):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(True)
            raise

    async def run():
        messages = [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]

        async def receive():
            return messages.pop(0)

        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        await asyncio.wait_for(Guard(slow, gateway(Limits(), rows))(scope, receive, None), 10)

    asyncio.run(run())
    assert ended == [True]
    assert rows[-1]["status"] == 499


def test_who_may_not_ask_is_told_before_the_body_is_read(tmp_path):
    async def run():
        sent = []

        async def receive():
            raise AssertionError("nothing is read of a stranger's body")

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/v1/classify", "headers": [(b"content-length", b"99")]}
        shut = gateway(Limits(), insecure=False, keys=str(tmp_path / "keys.json"))
        await Guard(application, shut)(scope, receive, send)
        return sent[0]["status"]

    assert asyncio.run(run()) == 401


def test_a_client_that_leaves_in_the_middle_of_its_answer_is_no_200(rows):
    async def endless(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(0)

    async def run():
        messages = [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]

        async def receive():
            return messages.pop(0)

        async def send(_message):
            pass

        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        await asyncio.wait_for(Guard(endless, gateway(Limits(), rows))(scope, receive, send), 10)

    asyncio.run(run())
    assert rows[-1]["status"] == 499


def test_a_stream_that_came_to_its_end_is_answered(rows):
    async def slow(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.1)
        await send({"type": "http.response.body", "body": b"x"})
        await asyncio.sleep(0.05)

    async def run():
        sent, ended = [], asyncio.Event()

        async def receive():
            if not sent:
                sent.append({})
                return {"type": "http.request", "body": b"", "more_body": False}
            await ended.wait()  # uvicorn says so when the answer is whole
            return {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.body":
                ended.set()

        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        await asyncio.wait_for(Guard(slow, gateway(Limits(), rows))(scope, receive, send), 10)

    asyncio.run(run())
    assert rows[-1]["status"] == 200


def test_a_bug_is_a_problem_and_its_request_alone(ask):
    answer = ask("/bug")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text


def test_a_bug_in_the_middle_of_an_answer_ends_its_connection(rows):
    async def broken(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError("secret")

    async def run():
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message["type"])

        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        with pytest.raises(KeyError):
            await Guard(broken, gateway(Limits(), rows))(scope, receive, send)
        return sent

    assert asyncio.run(run()) == ["http.response.start"]
    assert rows[-1]["status"] == 500


def test_a_path_that_asks_for_no_key_takes_no_body(tmp_path):
    async def run():
        shut = gateway(Limits(), insecure=False, keys=str(tmp_path / "keys.json"))
        transport = httpx.ASGITransport(Guard(application, shut))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post("/healthz", content=b"x" * 5000)

    assert asyncio.run(run()).json()["code"] == "too-large"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"host": "127.0.0.1.evil.example:8080"},
        {"host": "["},
    ],
)
def test_without_keys_nothing_comes_from_another_site(ask, headers):
    assert ask("/v1/admin/endpoints/x:drain", headers=headers).json()["code"] == "forbidden"


@pytest.mark.parametrize("headers", [{"host": "localhost:8080"}, {"host": "[::1]:8080"}, {"origin": "http://localhost:8501"}])
def test_without_keys_this_machine_may_ask(ask, headers):
    assert ask(headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/metrics\n", "/metrics\r", "/v1/models\x00", "/metrics\x85"])
def test_a_path_with_a_control_character_is_none(path, tmp_path):
    async def run():
        sent = []

        async def send(message):
            sent.append(message)

        shut = gateway(Limits(), insecure=False, keys=str(tmp_path / "keys.json"))
        scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        await Guard(application, shut)(scope, None, send)
        return sent[0]["status"]

    assert asyncio.run(run()) == 404


def test_a_large_answer_is_written_in_parts():
    body = bytes(range(256)) * 1000

    async def large(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async def run():
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        await Guard(large, gateway(Limits()))({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)
        return sent[1:]

    parts = asyncio.run(run())
    assert b"".join(part["body"] for part in parts) == body
    assert [part.get("more_body", False) for part in parts] == [True] * (len(parts) - 1) + [False]
    assert max(len(part["body"]) for part in parts) <= 64 * 1024
