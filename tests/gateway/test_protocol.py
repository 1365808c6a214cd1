"""What a connection sees of the gateway's HTTP, below any route."""

import asyncio
import socket
from contextlib import suppress
from functools import partial

import pytest
import uvicorn

from trireme.gateway import protocol
from trireme.gateway.protocol import Protocol

LEFT = []
"""Paths whose clients left while they were answered."""
LARGE = 32 * 1024 * 1024


def asked(method="GET", headers=""):
    return f"{method} / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n".encode()


async def application(scope, receive, send):
    """Answer with the body, or with what a path of digits says: so many bytes."""
    headers = []
    if scope["path"] == "/refused":
        scope["path"], headers, body = "/", [(b"connection", b"close")], b"hello"
    else:
        body = (await receive())["body"] or b"hello"
    if "trireme.unfit" in scope:
        body = b"REFUSED " + scope["trireme.unfit"][0].encode()
    size = scope["path"].strip("/")
    if size == "slow":
        left = asyncio.ensure_future(receive())
        await asyncio.wait([left], timeout=0.5)
        LEFT.extend([scope["path"]] if left.done() else [])
        left.cancel()
    elif size:
        body = b"x" * int(size)
    await send(
        {"type": "http.response.start", "status": 200, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
    )
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def served():
    """A function that runs a coroutine of (reader, writer) against the application."""

    def run(client, **options):
        async def whole():
            listening = socket.create_server(("127.0.0.1", 0))
            http = partial(Protocol, send_seconds=0.3, connections=2)
            server = uvicorn.Server(uvicorn.Config(application, http=http, lifespan="off", log_level="error"))
            serving = asyncio.ensure_future(server.serve([listening]))
            try:
                reader, writer = await asyncio.open_connection(*listening.getsockname(), **options)
                return await asyncio.wait_for(client(reader, writer), 10)
            finally:
                writer.close()
                server.should_exit = True
                await serving

        return asyncio.run(whole())

    return run


def test_head_and_body_are_one_packet(served):
    async def client(reader, writer):
        writer.write(asked())
        return await reader.read(4096)

    assert served(client).endswith(b"\r\n\r\nhello")


def test_an_answer_without_a_body_is_sent(served):
    async def client(reader, writer):
        writer.write(asked("HEAD"))
        first = await reader.readuntil(b"\r\n\r\n")
        writer.write(asked("HEAD", "connection: close\r\n"))
        return first, await reader.read()

    first, second = served(client)
    assert first.startswith(b"HTTP/1.1 200")
    assert second.startswith(b"HTTP/1.1 200")
    assert second.endswith(b"\r\n\r\n")


def test_who_waits_for_100_is_told_to_go_on(served):
    async def client(reader, writer):
        writer.write(asked("POST", "content-length: 5\r\nexpect: 100-continue\r\n"))
        told = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"12345")
        return told, await reader.read(4096)

    told, answer = served(client)
    assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.endswith(b"12345")


def test_what_is_no_http_is_answered(served):
    async def client(reader, writer):
        writer.write(b"nonsense\r\n\r\n")
        return await reader.read()

    assert served(client).startswith(b"HTTP/1.1 400")


def test_a_large_answer_arrives_whole_at_who_reads_slowly(served):
    async def client(reader, writer):
        writer.write(asked().replace(b"/ ", f"/{LARGE} ".encode(), 1))
        head = await reader.readuntil(b"\r\n\r\n")
        size = 0
        while size < LARGE:
            size += len(await reader.read(LARGE // 8))
        return head, size

    assert served(client, limit=65536)[1] == LARGE


def test_who_goes_on_to_send_a_body_that_was_refused_sees_its_answer(served):
    async def client(reader, writer):
        writer.write(asked("POST", f"content-length: {LARGE}\r\n").replace(b"/ ", b"/refused ", 1))
        for _ in range(LARGE // 2**20):
            writer.write(bytes(2**20))
            await writer.drain()
        return await reader.read()

    answer = served(client)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"hello")


def test_an_answer_left_unread_ends_its_connection(served):
    async def client(reader, writer):
        writer.transport.pause_reading()
        writer.write(asked().replace(b"/ ", f"/{LARGE} ".encode(), 1))
        await asyncio.sleep(1.0)
        writer.transport.resume_reading()
        size = 0
        with suppress(ConnectionResetError):
            while part := await reader.read(1 << 20):
                size += len(part)
        return size

    assert served(client) < LARGE


def test_a_head_is_of_so_many_bytes(served):
    async def whole(reader, writer):
        writer.write(asked(headers=f"x: {'y' * 100_000}\r\n"))
        return await reader.read(4096)

    async def endless(reader, writer):
        with suppress(ConnectionError):
            writer.write(b"GET / HTTP/1.1\r\nx: ")
            for _ in range(100):
                writer.write(b"y" * 10_000)
                await writer.drain()
        return await reader.read(4096)

    assert served(endless).startswith(b"HTTP/1.1 431")
    assert b"REFUSED too-large" in served(whole)


def test_one_connection_too_many_is_told(served):
    async def client(reader, writer):
        address = writer.get_extra_info("peername")
        others = [await asyncio.open_connection(*address) for _ in range(2)]
        writer.write(asked())
        answer = await reader.read(4096)
        for _, other in others:
            other.close()
        return answer

    assert b"REFUSED overloaded" in served(client)


def test_line_ends_between_requests_hold_no_connection_for_ever(served, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)

    async def client(reader, writer):
        writer.write(asked())
        await reader.readuntil(b"hello")
        writer.write(b"\r\n")
        return await reader.read()

    assert served(client) == b""


def test_half_a_head_behind_a_request_that_runs_waits_for_it(served, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)

    async def client(reader, writer):
        writer.write(asked().replace(b"/ ", b"/slow ", 1) + asked() + b"GET / HT")
        return await reader.read()

    assert served(client).count(b"hello") == 2


def test_who_leaves_ends_the_request_that_runs_and_not_only_the_last_one(served):
    async def client(reader, writer):
        writer.write(asked().replace(b"/ ", b"/slow ", 1) + asked())
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await asyncio.sleep(0.1)
        return list(LEFT)

    LEFT.clear()
    assert served(client) == ["/slow"]
