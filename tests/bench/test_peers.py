"""The bench beside peers: its bars, its generator, and one peer for real."""

import pytest

from trireme.bench import contenders, marked, peers, wrk
from trireme.bench.peers import Measured, bars
from trireme.errors import BenchError
from trireme.server.process import Ports

needs_wrk = pytest.mark.skipif(not wrk.available(), reason="wrk is not installed; scripts/wrk installs it as root")


def row(task, name, clients, ratio):
    return Measured(task, name, clients, [100.0 * ratio], [ratio], 1.0, 2.0, 0.1, 100.0, 0)


def test_the_bars_are_ratios_of_ratios_to_the_best_peer():
    found = [
        row("text", "Trireme, fp32", 64, 1.2),
        row("text", "Trireme, int8", 64, 2.4),
        row("text", "FastAPI", 64, 0.96),
        row("text", "Ray Serve", 64, 0.5),
        row("tabular", "Trireme", 64, 1.0),
        row("tabular", "FastAPI", 64, 0.5),
    ]
    assert [(what, value, name) for what, value, name, _ in bars(found)] == [
        ("text, fp32 / bare loop, 64 clients", "1.20", "one thread a core, unpadded"),
        ("text, fp32 / best peer", "1.25", "FastAPI"),
        ("text, int8 / best peer's fp32", "2.50", "FastAPI"),
        ("tabular, 64 clients: Trireme / best peer", "2.00", "FastAPI"),
    ]


def test_generators_are_joined_by_what_each_sent():
    joined = wrk._joined(  # noqa: SLF001 - what several processes said
        [
            {"requests": 900, "seconds": 1.0, "failed": 0, "latency": [1000.0] * 200},
            {"requests": 100, "seconds": 1.0, "failed": 2, "latency": [9000.0] * 200},
        ]
    )
    assert (joined.rate, joined.p50, joined.p99, joined.requests, joined.failed) == (998.0, 1.0, 9.0, 1000, 2)


@needs_wrk
def test_nobody_at_the_port_is_said():
    with pytest.raises(BenchError, match="see that something listens on port"):
        wrk.run(Ports.free().http, "/", ["{}"], 1, 1.0)


@needs_wrk
def test_a_peer_answers_what_we_answer_and_leaves_nothing_behind(sources):
    with (
        contenders.ours(sources.root, "tabular", "model.int8.onnx") as own,
        contenders.peer(sources.root, "fastapi", "tabular", 1, print) as peer,
    ):
        assert peer.ask(peers.FEATURES[0]) == pytest.approx(own.ask(peers.FEATURES[0]), abs=1e-5)
        found = wrk.run(peer.port, peer.path, peer.bodies(peers.FEATURES), 4, 1.0)
        assert (found.failed, found.requests > 0) == (0, True)
        assert marked.megabytes(peer.mark) > 0
    assert (marked.processes(own.mark), marked.processes(peer.mark)) == ([], [])


def test_every_peer_says_what_is_needed_of_it(sources):
    for name in contenders.names(sources.root):
        assert contenders.batches(sources.root, name)
        assert "==" in contenders.versions(sources.root, name)
