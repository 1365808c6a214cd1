import os
import signal
import socket
import time
from pathlib import Path

import pytest

from trireme.build import build
from trireme.client import Client
from trireme.discover import discover
from trireme.errors import ServerError
from trireme.new import create
from trireme.server import process
from trireme.server.launcher import REGION_PREFIX
from trireme.server.process import SHARED_MEMORY, Ports, Server, sweep


@pytest.fixture
def repository(project):
    build(discover(project))
    return project / "model_repository"


def test_a_port_that_is_taken_is_named_with_the_flag_that_changes_it():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = Ports(http=taken.getsockname()[1])
        with pytest.raises(ServerError, match=r"port \d+ \(http\) is taken; .* choose another with --http-port"):
            ports.check()


def test_a_model_that_is_refused_ends_the_start_with_its_reason(project, repository, tmp_path):
    (repository / "double/1/infer.py").unlink()
    (repository / "double/1/infer.py").write_text("raise RuntimeError('no weights')\n")
    server = Server(repository, tmp_path / "log/server.log")
    with pytest.raises(ServerError, match=r"double version 1: .*RuntimeError: no weights.*; the whole log is "):
        server.start()
    assert not server.running()


def test_a_config_that_triton_cannot_parse_ends_the_start_with_its_reason(repository, tmp_path):
    (repository / "double/config.pbtxt").write_text("max_batch: 3\n")
    with pytest.raises(ServerError, match=r"the server did not start: .*max_batch"):
        Server(repository, tmp_path / "log/server.log").start()


def test_a_stopped_server_leaves_no_process_and_no_shared_memory(repository, tmp_path):
    with Server(repository, tmp_path / "log/server.log") as server, Client(server.grpc) as client:
        assert client.infer("double", {"x": [1.5]})["y"].tolist() == [[3.0]]
        group = server.process.pid
        assert list(SHARED_MEMORY.glob(f"{server._prefix}*"))  # noqa: SLF001 - the regions' only name
    assert not list(SHARED_MEMORY.glob(f"{server._prefix}*"))  # noqa: SLF001
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_a_sweep_takes_the_regions_of_dead_servers_and_leaves_those_of_the_living(server):
    dead = SHARED_MEMORY / "trireme-4194305-test"
    dead.write_bytes(b"")
    sweep()
    assert not dead.exists()
    assert list(SHARED_MEMORY.glob(f"{server._prefix}*"))  # noqa: SLF001 - the regions' only name


def test_every_server_is_told_to_listen_on_loopback():
    flags = Ports(1, 2, 3).flags()
    assert flags[::2] == [f"--{name}-address=127.0.0.1" for name in ("http", "grpc", "metrics")]


def test_an_ensemble_that_triton_refuses_is_told_with_its_reason(repository, tmp_path):
    (repository / "twice/1").mkdir(parents=True)
    step = (
        'step { model_name: "double" model_version: -1 input_map { key: "x" value: "x" } output_map { key: "y" value: "z" } }'
    )
    tensors = 'input { name: "x" data_type: TYPE_FP32 dims: [1] } output { name: "y" data_type: TYPE_FP32 dims: [1] }'
    config = f'platform: "ensemble" max_batch_size: 64 {tensors} ensemble_scheduling {{ {step} }}'
    (repository / "twice/config.pbtxt").write_text(config)
    with pytest.raises(ServerError, match=r"the server did not start: .*twice.*y"):
        Server(repository, tmp_path / "log/server.log").start()


def test_a_repository_with_every_template_is_served(project, tmp_path):
    for backend in ("onnxruntime", "pytorch"):
        create(project, backend, backend)
    build(discover(project))
    with Server(Path(project / "model_repository"), tmp_path / "log/server.log") as server, Client(server.grpc) as client:
        assert client.infer("onnxruntime", {"x": [1.5]})["y"].tolist() == [[3.0]]
        assert client.infer("pytorch", {"x": [1.5]})["y__0"].tolist() == [[3.0]]


def test_a_sweep_leaves_the_region_of_a_server_that_starts_meanwhile(monkeypatch, tmp_path):
    region = tmp_path / f"{REGION_PREFIX}-{os.getpid()}-1-meanwhile"

    def listed():
        region.touch()  # by a server that this list no longer shows
        return iter(())

    monkeypatch.setattr(process, "SHARED_MEMORY", tmp_path)
    monkeypatch.setattr(process, "_command_lines", listed)
    sweep()
    assert region.exists()


def test_a_sweep_ends_a_stub_that_outlives_its_server(repository, tmp_path):
    server = Server(repository, tmp_path / "log")
    server.start()
    (stub,) = [int(pid) for pid in children(server.process.pid)]
    os.kill(stub, signal.SIGSTOP)  # one that runs ends by itself once it is idle
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    assert server.left()[0] == 1
    sweep()
    time.sleep(0.5)
    assert server.left() == (0, 0)


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
