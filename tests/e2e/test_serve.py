import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from trireme.build import build
from trireme.client import Client
from trireme.discover import discover
from trireme.errors import ServerError
from trireme.serve import start
from trireme.server.process import Ports

TRIREME = Path(sys.prefix) / "bin" / "trireme"
SLOW = "import time\ndef infer(*, x):\n    time.sleep(float(x[0, 0]))\n    return {'y': 2 * x}\n"


@pytest.fixture
def built(project):
    (project / "models/double/infer.py").write_text(SLOW)
    (project / "models/double/examples.json").write_text('[{"inputs": {"x": [0.01]}, "outputs": {"y": [0.02]}}]')
    build(discover(project))
    return project


@pytest.fixture
def serving(built):
    """`trireme serve` as a person starts it, with what it printed until it was ready."""
    ports = Ports.free()
    flags = [f"--http-port={ports.http}", f"--grpc-port={ports.grpc}", f"--metrics-port={ports.metrics}"]
    process = subprocess.Popen([TRIREME, "serve", *flags], cwd=built, stdout=subprocess.PIPE, text=True)  # noqa: S603
    printed = []
    while "Ctrl-C stops" not in "".join(printed[-1:]):
        printed.append(process.stdout.readline())
        assert printed[-1], "the server ended before it was ready"
    yield process, ports, printed
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)


def test_serve_prints_a_line_a_ready_model_and_the_three_addresses(serving):
    process, ports, printed = serving
    assert printed == [
        f"  {'double':24} version 1  ready\n",
        f"http     http://127.0.0.1:{ports.http}\n",
        f"grpc     grpc://127.0.0.1:{ports.grpc}\n",
        f"metrics  http://127.0.0.1:{ports.metrics}/metrics\n",
        "Ctrl-C stops; the log is .trireme/server.log\n",
    ]
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=40) == 0


def test_ctrl_c_finishes_the_requests_in_flight(serving):
    process, ports, _ = serving
    answers = []

    def ask():
        with Client(f"grpc://127.0.0.1:{ports.grpc}") as client:
            answers.append(client.infer("double", {"x": [1.5]})["y"].item())

    asking = threading.Thread(target=ask)
    asking.start()
    threading.Event().wait(0.5)
    process.send_signal(signal.SIGINT)
    asking.join()
    assert answers == [3.0]
    assert process.wait(timeout=40) == 0


def test_without_a_medic_a_server_that_dies_is_told_with_exit_code_2(built):
    ports = Ports.free()
    flags = [f"--http-port={ports.http}", f"--grpc-port={ports.grpc}", f"--metrics-port={ports.metrics}", "--no-medic"]
    process = subprocess.Popen([TRIREME, "serve", *flags], cwd=built, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    while "Ctrl-C stops" not in process.stdout.readline():
        pass
    kill(ports)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 2
    assert stderr.startswith("error: the server died: ")


def kill(ports):
    subprocess.run(["/usr/bin/pkill", "-KILL", "-f", f"tritonserver.*--http-port={ports.http}"], check=True)  # noqa: S603


def test_a_server_that_died_is_started_again_and_its_log_is_kept(serving, built):
    process, ports, _ = serving
    kill(ports)
    said = [process.stdout.readline(), process.stdout.readline()]
    assert said[0].startswith("medic: the server is started again: ")
    assert said[1].startswith("medic: the server answers again after ")
    assert (built / ".trireme/server.log.1").is_file()
    with Client(f"grpc://127.0.0.1:{ports.grpc}") as client:
        assert client.infer("double", {"x": [0.01]})["y"].item() == pytest.approx(0.02)


def test_a_model_whose_process_was_killed_answers_again(serving, built, wait_until):
    process, ports, _ = serving
    subprocess.run(["/usr/bin/pkill", "-KILL", "-f", f"stub .*{built}/model_repository/double/"], check=True)  # noqa: S603
    assert process.stdout.readline().startswith("medic: double is loaded again: double: Stub process 'double_0")
    assert process.stdout.readline().startswith("medic: double answers again after ")
    with Client(f"grpc://127.0.0.1:{ports.grpc}") as client:
        assert client.infer("double", {"x": [0.01]})["y"].item() == pytest.approx(0.02)
    process.send_signal(signal.SIGINT)  # release 24.10 would wait out its exit timeout for the stub that is no more
    assert process.stdout.readline().startswith("stopping")


def test_a_model_that_answers_its_example_wrongly_is_not_served(built, tmp_path):
    (built / "models/double/examples.json").write_text('[{"inputs": {"x": [0.01]}, "outputs": {"y": [0.5]}}]')
    with pytest.raises(
        ServerError, match=r"double does not answer as models/double/examples.json\[0\] says: y: expected \[0.5\], got "
    ):
        start(discover(built), Ports.free())


def test_a_tree_that_is_not_built_is_said(project):
    with pytest.raises(ServerError, match="model_repository/ is not built; run `make repo`"):
        start(discover(project), Ports.free())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_ends_the_server_too(serving, number):
    process, ports, _ = serving
    process.send_signal(number)
    assert process.wait(timeout=40) == 0
    assert not Client(f"grpc://127.0.0.1:{ports.grpc}").ready()


def test_a_decoupled_model_is_proven_and_called_by_its_stream(project, tmp_path):
    (project / "models/double/infer.py").write_text("def infer(*, x):\n    yield {'y': 2 * x}\n    yield {'y': 4 * x}\n")
    toml = project / "models/double/model.toml"
    toml.write_text(toml.read_text() + "model_transaction_policy = { decoupled = true }\n")
    build(discover(project))
    server = start(discover(project), Ports.free())
    with Client(server.grpc) as client:
        assert [part["y"].item() for part in client.stream("double", {"x": [1.5]})] == [3.0, 6.0]
    assert server.stop() == 0


def test_optional_inputs_may_be_left_out_alone_and_in_a_pipeline(project):
    (project / "models/double/infer.py").write_text(
        "def infer(*, x, factor=None):\n    return {'y': x * (2 if factor is None else factor)}\n"
    )
    toml = project / "models/double/model.toml"
    optional = ', { name = "factor", data_type = "TYPE_FP32", dims = [1], optional = true }]'
    toml.write_text(toml.read_text().replace("}]", "}" + optional, 1))
    folder = project / "ensembles/twice"
    folder.mkdir(parents=True)
    (folder / "ensemble.toml").write_text('inputs = ["x"]\noutputs = ["y"]\n[[step]]\nmodel = "double"\n')
    (folder / "examples.json").write_text('[{"inputs": {"x": [1.5]}, "outputs": {"y": [3.0]}}]')
    build(discover(project))
    server = start(discover(project), Ports.free())
    with Client(server.grpc) as client, Client(server.http) as over_http:
        for caller in (client, over_http):
            assert caller.infer("double", {"x": [1.5]})["y"].item() == 3.0
            assert caller.infer("double", {"x": [1.5], "factor": [3]})["y"].item() == 4.5
            assert caller.infer("twice", {"x": [1.5]})["y"].item() == 3.0
    assert server.stop() == 0
