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
    process.kill()
    process.stdout.close()


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


def test_a_server_that_dies_is_told_with_exit_code_2(built):
    ports = Ports.free()
    flags = [f"--http-port={ports.http}", f"--grpc-port={ports.grpc}", f"--metrics-port={ports.metrics}"]
    process = subprocess.Popen([TRIREME, "serve", *flags], cwd=built, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    while "Ctrl-C stops" not in process.stdout.readline():
        pass
    subprocess.run(["/usr/bin/pkill", "-KILL", "-f", f"tritonserver.*--http-port={ports.http}"], check=True)  # noqa: S603
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 2
    assert stderr.startswith("error: the server died: ")


def test_a_model_that_answers_its_example_wrongly_is_not_served(built, tmp_path):
    (built / "models/double/examples.json").write_text('[{"inputs": {"x": [0.01]}, "outputs": {"y": [0.5]}}]')
    with pytest.raises(
        ServerError, match=r"double answers its first example wrongly: y: expected \[0.5\], got .*; the server was stopped"
    ):
        start(discover(built), Ports.free())


def test_a_tree_that_is_not_built_is_said(project):
    with pytest.raises(ServerError, match="model_repository/ is not built; run `make repo`"):
        start(discover(project), Ports.free())
