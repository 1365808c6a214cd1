"""How NGINX chooses, as each of the cluster's components has it, before real Tritons."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from trireme.errors import ServerError
from trireme.fleet import prove
from trireme.fleet.balancer import SERVICE, Balancer
from trireme.server.process import Ports
from trireme.tune.load import METHOD

pytestmark = pytest.mark.alone

CANARIES = 2
"""What a medic may ask meanwhile."""


@pytest.fixture
def shares(sources, fleet, bodies, tmp_path):
    """Return what each Triton answered of so many requests, each with the affinity given, through one component's NGINX."""
    balancers = {}

    def counted(component, count, *affinity):
        if component not in balancers:
            servers = [pod.server.ports for pod in fleet.pods]
            balancers[component] = Balancer(sources.root, tmp_path / component, Ports.free(), servers, component)
            balancers[component].start()
        before = fleet.answered(prove.MODEL)
        with grpc.insecure_channel(balancers[component].grpc.removeprefix("grpc://")) as channel, ThreadPoolExecutor(4) as pool:
            call = channel.unary_unary(METHOD)
            metadata = [("x-affinity", key) for key in affinity]
            list(pool.map(lambda _: call(bodies[0], metadata=metadata, timeout=20), range(count)))
        return [found - before[name] for name, found in fleet.answered(prove.MODEL).items()]

    yield counted
    for balancer in balancers.values():
        balancer.stop()


def test_by_turns_each_gets_the_same(shares):
    assert shares("nginx-round-robin", 60) == pytest.approx([30, 30], abs=CANARIES)


def test_a_hash_keeps_a_key_at_one_of_them(shares):
    counts = [shares("nginx-hash", 8, f"customer-{number}") for number in range(24)]
    assert max(min(found) for found in counts) <= CANARIES
    assert {max(range(2), key=found.__getitem__) for found in counts} == {0, 1}


def test_a_hash_spreads_what_has_no_key(shares):
    assert min(shares("nginx-hash", 60)) > 10


def test_pods_have_names_of_their_own_to_be_hashed(sources):
    """NGINX hashes what the line says: an address of `resolve` has the line's name, a target of SRV records its own."""
    text = (sources.root / "k8s/components/nginx/triton.conf").read_text()
    assert len(SERVICE.findall(text)) == text.count(" server ") == 2


def test_a_config_that_nginx_refuses_is_said(sources, fleet, tmp_path):
    balancer = Balancer(sources.root, tmp_path, fleet.balancer.ports, [])
    with pytest.raises(ServerError, match=r"nginx refuses its config: .*no servers are inside upstream"):
        balancer.start()
