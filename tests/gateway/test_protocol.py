"""What a connection sees of the gateway's HTTP, below any route."""

import asyncio
import socket
from contextlib import suppress
from functools import partial

import pytest
import uvicorn

from trireme.gateway.protocol import Protocol

LARGE = 32 * 1024 * 1024


def asked(method="GET", headers=""):
    return f"{method} / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n".encode()


async def application(scope, receive, send):
    """Answer with the body, or with what a path of digits says: so many bytes."""
    body = (await receive())["body"] or b"hello"
    size = scope["path"].strip("/")
    if size:
        body = b"x" * int(size)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def served():
    """A function that runs a coroutine of (reader, writer) against the application."""

    def run(client, **options):
        async def whole():
            listening = socket.create_server(("127.0.0.1", 0))
            http = partial(Protocol, send_seconds=0.3)
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
