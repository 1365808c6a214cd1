"""The pytest plugin: the embedded server over a repository, its clients, and model.py without a server.

    pytest --triton-repository model_repository

Loaded by pytest wherever trireme is installed; everything heavy is imported by the fixture that needs it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trireme.client import Client
    from trireme.server.process import Server
    from trireme.testing.harness import PythonModel
    from trireme.testing.stub import Table


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a run can say of the repository."""
    group = parser.getgroup("triton", "test a Triton model repository")
    group.addoption("--triton-repository", metavar="PATH", help="the model repository; `triton_repository` in the ini file")
    group.addoption(
        "--triton-examples",
        metavar="PATH",
        action="append",
        default=[],
        help="a folder with <model>/examples.json; the repository itself by default, and repeatable",
    )
    group.addoption("--triton-rtol", type=float, default=1e-4, help="relative tolerance of floats (default: 1e-4)")
    parser.addini("triton_repository", "the model repository that the tests are for")
    parser.addini("triton_flags", "more flags of tritonserver", type="args")


@pytest.fixture(scope="session")
def triton_repository(pytestconfig: pytest.Config) -> Path:
    """The model repository that the run is for; override it to make one."""
    given = pytestconfig.getoption("--triton-repository") or pytestconfig.getini("triton_repository")
    if not given:
        pytest.skip("no repository: give --triton-repository, set triton_repository in the ini file, or override the fixture")
    return Path(given)


@pytest.fixture(scope="session")
def triton_server(
    triton_repository: Path, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The embedded server over the repository on free ports of loopback, every model loaded; one for the session."""
    from trireme.server.process import Server  # noqa: PLC0415 - only a run with a server pays for it

    explicit = ("--model-control-mode=explicit", "--load-model=*")
    flags = (*explicit, *pytestconfig.getini("triton_flags"))
    log = tmp_path_factory.mktemp("triton") / "server.log"
    with Server(triton_repository, log, flags=flags) as server:
        yield server


@pytest.fixture(scope="session")
def triton_client(triton_server: Server) -> Iterator[Client]:
    """A gRPC client of the server."""
    from trireme.client import Client  # noqa: PLC0415 - as above

    with Client(triton_server.grpc) as client:
        yield client


@pytest.fixture(scope="session")
def triton_http_client(triton_server: Server) -> Iterator[Client]:
    """An HTTP client of the server."""
    from trireme.client import Client  # noqa: PLC0415 - as above

    with Client(triton_server.http) as client:
        yield client


@pytest.fixture
def triton_model() -> Iterator[Callable[..., PythonModel]]:
    """Load a model.py without a server: `triton_model(folder, models={"other": function})`."""
    from trireme.testing.harness import PythonModel  # noqa: PLC0415 - as above

    loaded: list[PythonModel] = []

    def load(folder: Path | str, *, version: int | None = None, models: Table | None = None) -> PythonModel:
        loaded.append(PythonModel(Path(folder), version=version, models=models))
        return loaded[-1]

    yield load
    for model in reversed(loaded):
        model.close()
