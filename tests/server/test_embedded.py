import json
import sys
import sysconfig
import urllib.request
from pathlib import Path

import pytest

from trireme.discover import read_toml
from trireme.errors import ServerError
from trireme.server import embedded


def test_numpy_2_is_refused_because_it_corrupts_tensors(monkeypatch):
    monkeypatch.setattr(embedded, "installed", lambda name: "2.1.0")
    with pytest.raises(ServerError, match=r"numpy 2.1.0 corrupts tensors in the embedded server; install numpy<2"):
        embedded.find()


def test_a_missing_wheel_is_said(monkeypatch):
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    with pytest.raises(ServerError, match="install nvidia-pytriton"):
        embedded.find()


def test_a_python_without_a_shared_library_is_said_with_the_package_to_install(monkeypatch):
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: None)
    monkeypatch.setattr(sys, "base_prefix", "/nowhere")
    with pytest.raises(ServerError, match=r"has no shared libpython3\.\d+\.so\.1\.0.*apt-get install libpython3"):
        embedded.libpython()


def test_the_backend_directory_holds_the_stub_and_every_twin():
    folder = embedded.prepare_backends(embedded.find())
    assert (folder / "python" / "triton_python_backend_stub").is_file()
    twins = {path.parent.name for path in embedded.twins_folder().glob("*/model.py")}
    assert twins == {"onnxruntime", "pytorch", "tensorrt"}
    for twin in twins:
        assert {"model.py", "twin.py", "batching.py"} <= {path.name for path in (folder / twin).iterdir()}


def test_the_backend_directory_is_assembled_once():
    first = embedded.prepare_backends(embedded.find())
    before = first.stat().st_mtime_ns
    assert embedded.prepare_backends(embedded.find()) == first
    assert first.stat().st_mtime_ns == before


def test_the_interpreters_own_library_comes_first():
    environment = embedded.environment(embedded.find())
    assert Path(environment["LD_LIBRARY_PATH"].split(":")[0]) == embedded.libpython().parent
    assert environment["PATH"].startswith(str(Path(sys.executable).parent))


def test_versions_toml_names_the_server_that_the_wheel_carries(server):
    with urllib.request.urlopen(f"{server.http}/v2", timeout=5) as answer:
        served = json.load(answer)["version"]
    assert read_toml(Path(__file__).parents[2] / "versions.toml")["embedded"]["server"] == served


def test_tcmalloc_is_taken_from_the_virtual_environment_and_what_the_user_preloads_stays(tmp_path, monkeypatch):
    (tmp_path / "lib").mkdir()
    library = tmp_path / "lib" / "libtcmalloc_minimal.so.4"
    library.touch()
    server = embedded.find()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    assert embedded.environment(server)["LD_PRELOAD"] == str(library)
    assert embedded.environment(server, traced=True)["LD_PRELOAD"] == ""
    for given in ("/opt/libjemalloc.so.2", ""):
        monkeypatch.setenv("LD_PRELOAD", given)
        assert embedded.environment(server)["LD_PRELOAD"] == given


@pytest.mark.skipif(not embedded.tcmalloc(), reason="no tcmalloc here: it comes by apt, or is the system's")
def test_the_server_and_its_stubs_allocate_by_tcmalloc(server):
    for pid in (server.process.pid, *server.stubs("credit_features")):
        assert embedded.tcmalloc() in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
