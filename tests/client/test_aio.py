import asyncio

import pytest

from trireme.client import AsyncClient
from trireme.errors import CallError, DeadlineError, NotServedError, UnreachableError

TEXT = {"text": ["What a wonderful, friendly hotel."]}


@pytest.fixture(params=["grpc", "http"])
def address(request, server):
    return getattr(server, request.param)


def ask(address, action):
    async def run():
        async with AsyncClient(address) as client:
            return await action(client)

    return asyncio.run(run())


def test_an_unknown_model_is_not_served(address):
    with pytest.raises(NotServedError, match="nope"):
        ask(address, lambda client: client.infer("nope", {}))


def test_a_late_answer_is_a_deadline_error(address):
    with pytest.raises(DeadlineError, match=r"no answer from .* in 0.01 s"):
        ask(address, lambda client: client.infer("text_classification", {"text": ["word " * 200] * 64}, timeout=0.01))


@pytest.mark.parametrize("nobody", ["grpc://127.0.0.1:9", "http://127.0.0.1:9"])
def test_where_nobody_listens_the_address_is_named(nobody):
    with pytest.raises(UnreachableError, match=f"nobody listens at {nobody}"):
        ask(nobody, lambda client: client.infer("m", {}))
    assert not ask(nobody, AsyncClient.ready)


def test_a_late_answer_leaves_the_callers_own_timeout_whole(server):
    async def outer(client):
        with pytest.raises(DeadlineError):
            await client.infer("text_classification", {"text": ["word " * 200] * 64}, timeout=0.01)
        await asyncio.wait_for(asyncio.sleep(5), timeout=0.05)

    with pytest.raises(asyncio.TimeoutError):
        ask(server.grpc, outer)


def test_many_calls_at_once_are_each_answered(address):
    async def many(client):
        return await asyncio.gather(*(client.infer("text_classification", TEXT) for _ in range(20)))

    assert {found["label"][0, 0] for found in ask(address, many)} == {b"positive"}


def test_a_stream_yields_each_response_and_ends(server):
    async def parts(client):
        return [part async for part in client.stream("text_router", TEXT)]

    assert [part["label"][0, 0] for part in ask(server.grpc, parts)] == [b"positive"]


def test_a_stream_over_http_is_refused(server):
    async def first(client):
        return await anext(client.stream("text_router", TEXT))

    with pytest.raises(CallError, match="streaming needs gRPC"):
        ask(server.http, first)
