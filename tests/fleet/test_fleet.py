"""A fleet of two on loopback: balanced a request at a time, watched, and one of them killed. `make fleet` proves the rest."""

import time

import grpc
import pytest
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc as stubs

from trireme.fleet import prove
from trireme.fleet.traffic import Traffic

pytestmark = pytest.mark.alone


def test_one_connection_is_balanced_a_request_at_a_time(fleet, bodies):
    before = fleet.answered(prove.MODEL)
    with Traffic(fleet.balancer.grpc, bodies, 100) as traffic:
        time.sleep(2)
    shares = [count - before[name] for name, count in fleet.answered(prove.MODEL).items()]
    assert traffic.account.lost == {}
    assert traffic.account.answered == traffic.account.sent
    assert min(shares) > 0.3 * sum(shares)


def test_prometheus_reads_every_pod_and_the_rules_record(fleet, bodies, wait_until):
    with Traffic(fleet.balancer.grpc, bodies, 50):
        recorded = (
            "pod:triton_busy:rate1m",
            "namespace:triton_requests_waiting:rate1m",
            "namespace:triton_requests_pending:max1m",
        )
        wait_until(lambda: all(fleet.watch.query(name) for name in recorded), seconds=60)
        wait_until(lambda: pods(fleet.watch.query("pod:triton_busy:rate1m")) == {"triton-0", "triton-1"}, seconds=60)
    assert 0 <= float(fleet.watch.query("namespace:triton_busy:rate1m")[0]["value"][1]) < 2
    assert fleet.watch.firing() == []


def pods(rows):
    return {row["metric"]["pod"] for row in rows}


def test_administration_does_not_pass_the_balancer(fleet):
    with grpc.insecure_channel(fleet.balancer.grpc.removeprefix("grpc://")) as channel, pytest.raises(grpc.RpcError) as refusal:
        stubs.GRPCInferenceServiceStub(channel).RepositoryModelUnload(pb.RepositoryModelUnloadRequest(model_name=prove.MODEL))
    assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_a_killed_one_loses_no_more_than_was_in_flight_on_it(fleet, bodies):
    with Traffic(fleet.balancer.grpc, bodies, 100) as traffic:
        time.sleep(1)
        sent = prove.kill(fleet, traffic)
        time.sleep(3)
    on_it = fleet.balancer.asked(fleet.pods[0].server.ports)
    assert len(on_it & traffic.named(range(traffic.account.sent))) > 10
    row = prove.Row("killed", traffic.account, on_it & sent)
    assert row.held, traffic.account.lost
