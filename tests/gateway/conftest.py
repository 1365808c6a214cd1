"""A gateway of its own process in front of the shipped repository, as users run it, and clients of it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from trireme.gateway.keys import Keys

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


class Running:
    """A gateway process: its address, its keys, and the lines of its access log."""

    def __init__(self, folder, triton, *flags, settings=""):
        self.folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = Keys(folder / "keys.json")
        self.log = folder / "log"
        (folder / "gateway.toml").write_text(settings)
        command = [str(Path(sys.executable).with_name("trireme")), "gateway", "--config", str(folder / "gateway.toml")]
        command += ["--triton", triton, "--port", str(self.port), *flags]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
            )

    def wait(self, wait_until):
        wait_until(lambda: _listens(self.port) or self.process.poll() is not None, seconds=START_SECONDS)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def rows(self):
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith('{"time"')]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


@pytest.fixture(scope="session")
def start_gateway(tmp_path_factory, wait_until):
    """Start gateways; all of them are stopped at the end."""
    started = []

    def start(triton, *flags, settings=""):
        folder = tmp_path_factory.mktemp("gateway")
        own = f'keys = "{folder}/keys.json"\n'
        own += "" if "tracing" in settings else f'tracing = {{ port = 0, sample = 0.0, store = "{folder}/traces.sqlite" }}\n'
        one = Running(folder, triton, *flags, settings=own + settings)
        started.append(one)
        return one.wait(wait_until)

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="session")
def gateway(start_gateway, server):
    return start_gateway(server.grpc, "--insecure")


@pytest.fixture(scope="session")
def http(gateway):
    with httpx.Client(base_url=gateway.url, timeout=30) as client:
        yield client


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _listens(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
