"""The access log's lines: written together, whole, and no request's affair."""

import asyncio
import io
import json

from trireme.gateway.accesslog import AccessLog


def test_lines_of_one_turn_are_one_write():
    writes = []

    class Stream(io.BytesIO):
        def write(self, data):
            writes.append(data)
            return len(data)

    async def run():
        log = AccessLog(Stream())
        for number in range(3):
            log.add({"n": number})
        assert not writes
        await asyncio.sleep(0)
        log.add({"n": 3})
        log.flush()

    asyncio.run(run())
    assert [len(data.splitlines()) for data in writes] == [3, 1]
    assert [json.loads(line)["n"] for line in b"".join(writes).splitlines()] == [0, 1, 2, 3]


def test_a_stream_that_nobody_reads_costs_no_request():
    class Gone(io.BytesIO):
        def write(self, data):
            raise BrokenPipeError

    async def run():
        log = AccessLog(Gone())
        log.add({})
        await asyncio.sleep(0)
        log.add({})
        log.flush()

    asyncio.run(run())
