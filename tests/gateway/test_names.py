"""Tritons behind a name: the pool follows what DNS says."""

import asyncio

import pytest

from trireme.errors import ValueRefusedError
from trireme.gateway import settings
from trireme.gateway.names import Names, resolve
from trireme.gateway.pool import Pool
from trireme.gateway.problems import ProblemError


class Dns:
    """A name server: one list of addresses, or none."""

    def __init__(self, *addresses):
        self.addresses = list(addresses)

    async def __call__(self, host, port):
        if not self.addresses:
            raise OSError(f"{host} is not known")
        return self.addresses


def closed_by(event):
    async def close():
        event.set()

    return close


def addresses(pool):
    return [str(member.endpoint.address) for member in pool.members]


@pytest.mark.parametrize("address", ["dns://triton", "dns://:8001", "dns://triton:8001/x", "http://triton:8000"])
def test_an_address_without_host_or_port_is_refused(address):
    with pytest.raises(ValueRefusedError, match="dns://host"):
        settings.read(None, triton=(address,))


def test_this_machine_has_an_address_for_localhost():
    assert "127.0.0.1" in asyncio.run(resolve("localhost", 8001))


def test_a_name_that_is_not_known_any_more_keeps_what_it_had():
    async def run():
        dns = Dns("10.0.0.1")
        names = Names(["dns://triton:8001"], dns)
        first = await names.addresses()
        dns.addresses.clear()
        return first, await names.addresses()

    assert asyncio.run(run()) == (["grpc://10.0.0.1:8001"], ["grpc://10.0.0.1:8001"])


def test_the_pool_takes_new_ones_in_and_lets_calls_of_old_ones_end():
    async def run():
        dns = Dns("10.0.0.1", "10.0.0.2")
        pool = Pool(["grpc://fixed:8001", "dns://triton:8001"], resolve=dns)
        await pool.discover()
        before = addresses(pool)
        gone = pool.members[1]
        gone.running = 1
        dns.addresses = ["10.0.0.2", "10.0.0.3"]
        await pool.discover()
        closed = asyncio.Event()
        gone.endpoint.close = closed_by(closed)
        await asyncio.sleep(1.5)
        kept = gone not in pool.members and not closed.is_set()
        gone.running = 0
        await asyncio.wait_for(closed.wait(), 5)
        after = addresses(pool)
        await pool.close()
        return before, kept, after

    before, kept, after = asyncio.run(run())
    assert before == ["fixed:8001", "10.0.0.1:8001", "10.0.0.2:8001"]
    assert kept
    assert after == ["fixed:8001", "10.0.0.2:8001", "10.0.0.3:8001"]


def test_without_any_address_a_call_is_refused_and_says_so():
    async def run():
        pool = Pool(["dns://triton:8001"], resolve=Dns())
        try:
            await pool.models(0.2)
        finally:
            await pool.close()

    with pytest.raises(ProblemError) as refusal:
        asyncio.run(run())
    assert refusal.value.code == "unavailable"
