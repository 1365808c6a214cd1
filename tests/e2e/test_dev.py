import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trireme.client import Client
from trireme.dev import Dev
from trireme.errors import ServerError, ValueRefusedError
from trireme.new import create
from trireme.server.process import Ports

TRIREME = Path(sys.prefix) / "bin" / "trireme"


def test_a_pipeline_is_refused(sources):
    with pytest.raises(ValueRefusedError, match="it is a pipeline: serve it with `make serve`"):
        Dev(sources.root, "text_classification", ports=(1, 2), server="")


def test_a_format_that_pytriton_cannot_run_is_refused(project):
    create(project, "script", "pytorch")
    with pytest.raises(ServerError, match=r"script: dev serves infer.py and ONNX, not model.pt; use `make serve`"):
        Dev(project, "script", ports=(1, 2), server="")


def test_sources_that_do_not_load_are_one_line(project):
    (project / "models/double/infer.py").write_text("import no_such_module\ndef infer(*, x): return {'y': x}\n")
    with pytest.raises(ServerError, match=r"models/double/infer.py does not load: ModuleNotFoundError: No module named"):
        Dev(project, "double", ports=(1, 2), server="")


def test_an_onnx_model_is_a_function_of_its_inputs(project):
    create(project, "graph", "onnxruntime")
    dev = Dev(project, "graph", ports=(1, 2), server="")
    assert dev.infer(x=__import__("numpy").float32([[1.5]]))["y"].tolist() == [[3.0]]


@pytest.fixture
def developing(project):
    """`trireme dev double` as a person starts it."""
    ports = Ports.free()
    command = [TRIREME, "dev", "double", f"--http-port={ports.http}", f"--grpc-port={ports.grpc}"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603
    yield process, ports
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)


def test_a_port_that_is_taken_is_one_line(project, server):
    flags = [f"--http-port={server.ports.http}", f"--grpc-port={server.ports.grpc}"]
    done = subprocess.run([TRIREME, "dev", "double", *flags], cwd=project, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert f"port {server.ports.http} (http) is taken" in done.stderr


def test_text_outputs_are_taken_as_the_server_takes_them(project, developing_text):
    _, ports = developing_text
    with Client(f"grpc://127.0.0.1:{ports.grpc}") as client:
        assert client.infer("double", {"x": [[1.5], [-1]]})["y"].tolist() == [[b"more"], [b"less"]]


@pytest.fixture
def developing_text(project, request):
    text = "import numpy as np\ndef infer(*, x):\n    return {'y': np.where(x > 0, 'more', 'less').astype(object)}\n"
    (project / "models/double/infer.py").write_text(text)
    toml = project / "models/double/model.toml"
    toml.write_text(toml.read_text().replace('"y", data_type = "TYPE_FP32"', '"y", data_type = "TYPE_STRING"'))
    process, ports = request.getfixturevalue("developing")
    assert process.stdout.readline().startswith("double from models/double: ")
    return process, ports


def test_a_change_of_the_sources_is_served_without_a_restart_and_a_broken_one_is_not(project, developing):
    process, ports = developing
    assert process.stdout.readline().startswith("double from models/double: ")
    assert process.stdout.readline().startswith("call it: trireme call double --input")
    path = project / "models/double/infer.py"
    with Client(f"grpc://127.0.0.1:{ports.grpc}") as client:
        assert client.infer("double", {"x": [1.5]})["y"].item() == 3.0
        time.sleep(1)
        path.write_text(path.read_text().replace("2 * x", "3 * x"))
        assert process.stdout.readline() == "double: reloaded\n"
        assert client.infer("double", {"x": [1.5]})["y"].item() == 4.5
        path.write_text("def infer(*, x:\n")
        assert process.stdout.readline().startswith("double: not reloaded, the last good one stays: ")
        assert client.infer("double", {"x": [1.5]})["y"].item() == 4.5
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=40) == 0
