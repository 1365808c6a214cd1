import os
import socket
from pathlib import Path

import pytest

from trireme.build import build
from trireme.client import Client
from trireme.discover import discover
from trireme.errors import ServerError
from trireme.new import create
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
    with pytest.raises(ServerError, match="the server did not start: "):
        Server(repository, tmp_path / "log/server.log").start()


def test_a_stopped_server_leaves_no_process_and_no_shared_memory(repository, tmp_path):
    with Server(repository, tmp_path / "log/server.log") as server, Client(server.grpc) as client:
        assert client.infer("double", {"x": [1.5]})["y"].tolist() == [[3.0]]
        group = server.process.pid
        assert list(SHARED_MEMORY.glob(f"{server._prefix}*"))  # noqa: SLF001 - the regions' only name
    assert not list(SHARED_MEMORY.glob(f"{server._prefix}*"))  # noqa: SLF001
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_a_sweep_takes_the_regions_of_dead_servers_and_leaves_those_of_the_living():
    dead, living = (SHARED_MEMORY / f"trireme-{pid}-test" for pid in (2**22 + 1, os.getpid()))
    for region in (dead, living):
        region.write_bytes(b"")
    sweep()
    assert (dead.exists(), living.exists()) == (False, True)
    living.unlink()


def test_a_repository_with_every_template_is_served(project, tmp_path):
    for backend in ("onnxruntime", "pytorch"):
        create(project, backend, backend)
    build(discover(project))
    with Server(Path(project / "model_repository"), tmp_path / "log/server.log") as server, Client(server.grpc) as client:
        assert client.infer("onnxruntime", {"x": [1.5]})["y"].tolist() == [[3.0]]
        assert client.infer("pytorch", {"x": [1.5]})["y__0"].tolist() == [[3.0]]
