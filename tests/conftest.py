"""What the suites share: the built repository under one real server, and small projects to break."""

import time
from pathlib import Path

import pytest

from trireme.client import Client
from trireme.discover import Sources, discover
from trireme.new import create
from trireme.server.process import AS_WRITTEN, Server

ROOT = Path(__file__).parents[1]
FOLDERS = (
    "unit",
    "lint",
    "testing",
    "models",
    "ensembles",
    "backends",
    "client",
    "server",
    "gateway",
    "demo",
    "tune",
    "bench",
    *("cluster", "delivery", "fleet", "medic", "scaling"),
    *("edge", "engines", "graphs", "latency", "loads", "oneprocess", "e2e"),
)


def pytest_addoption(parser):
    group = parser.getgroup("lint proof", "how many drawn repositories the linter and the server are compared on")
    group.addoption("--lint-cases", type=int, default=60, help="how many cases (default: 60)")
    group.addoption("--lint-seed", type=int, default=1, help="which corpus (default: 1)")


def pytest_configure(config):
    for folder in FOLDERS:
        config.addinivalue_line("markers", f"{folder}: tests under tests/{folder}")


def pytest_collection_modifyitems(items):
    """Marks come from folders."""
    for item in items:
        if not item.path.is_relative_to(ROOT / "tests"):
            continue  # the conformance tests, run from here
        item.add_marker(item.path.relative_to(ROOT / "tests").parts[0].removesuffix(".py"))


@pytest.fixture(scope="session")
def sources() -> Sources:
    return discover(ROOT)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The shipped repository, served."""
    log = tmp_path_factory.mktemp("server") / "server.log"
    with Server(ROOT / "model_repository", log, flags=(AS_WRITTEN,)) as running:
        yield running


@pytest.fixture(scope="session")
def client(server):
    with Client(server.grpc) as connected:
        yield connected


@pytest.fixture(scope="session")
def http_client(server):
    with Client(server.http) as connected:
        yield connected


@pytest.fixture
def project(tmp_path):
    """A repository of one python model, `double`, as `trireme new` writes it."""
    (tmp_path / "models").mkdir()
    create(tmp_path, "double", "python")
    return tmp_path


@pytest.fixture(scope="session")
def wait_until():
    """Call until the answer is true; what it raises meanwhile as OSError does not count."""

    def wait(condition, *, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not so in {seconds} s: {condition.__name__}")

    return wait
