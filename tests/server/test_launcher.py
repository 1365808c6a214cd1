import os
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from trireme.server import launcher
from trireme.server.process import Ports

TRITONSERVER = Path(sys.prefix) / "bin" / "tritonserver"
ROOT = Path(__file__).parents[2]


def test_every_flag_is_handed_over_and_defaults_stay_on_loopback():
    line, _ = launcher.command(["--model-repository=x", "--log-verbose=1"])
    assert line[-2:] == ["--model-repository=x", "--log-verbose=1"]
    for flag in ("--http-address", "--grpc-address", "--metrics-address"):
        assert f"{flag}=127.0.0.1" in line


def test_what_the_caller_gives_is_not_given_again():
    line, _ = launcher.command(["--http-address=0.0.0.0", "--backend-directory", "/own"])
    assert [flag for flag in line if flag.startswith(("--http-address", "--backend-directory"))] == [
        "--http-address=0.0.0.0",
        "--backend-directory",
    ]


def other_server(folder, monkeypatch):
    server = folder / "bin" / "tritonserver"
    server.parent.mkdir()
    server.write_text("#!/bin/sh\n")
    server.chmod(server.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{server.parent}:{os.environ['PATH']}")
    return server


def test_another_environments_launcher_on_path_is_no_full_triton(tmp_path, monkeypatch):
    other_server(tmp_path, monkeypatch)
    assert launcher.full_triton() is None


def test_a_full_triton_on_path_is_run_as_it_is(tmp_path, monkeypatch):
    full = other_server(tmp_path, monkeypatch)
    (tmp_path / "backends").mkdir()
    line, environment = launcher.command(["--model-repository=x"])
    assert line == [str(full), "--model-repository=x"]
    assert environment == dict(os.environ)


@pytest.fixture
def raw_server():
    """`tritonserver --model-repository=model_repository`, as a person types it."""
    ports = Ports.free()
    command = [TRITONSERVER, "--model-repository=model_repository", *ports.flags()]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    yield ports, process
    process.terminate()
    assert process.wait(timeout=40) == 0


def test_the_command_of_the_readme_serves_the_repository_and_stops_on_sigterm(raw_server, wait_until):
    ports, process = raw_server

    def ready():
        assert process.poll() is None
        with urllib.request.urlopen(f"http://127.0.0.1:{ports.http}/v2/health/ready", timeout=1) as answer:
            return answer.status == 200

    wait_until(ready, seconds=60)


def test_a_server_that_traces_keeps_libcs_malloc(monkeypatch):
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    for flags in (["--trace-config", "mode=opentelemetry"], ["--trace-config=mode=opentelemetry"]):
        assert launcher.command(flags)[1]["LD_PRELOAD"] == ""
