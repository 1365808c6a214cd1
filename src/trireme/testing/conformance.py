"""What every model of a repository owes its clients, asked of the real server.

    pytest --pyargs trireme.testing.conformance --triton-repository model_repository

The models are found; each test is asked of every model that it concerns. Requests come from `<model>/examples.json` (in the
repository, or under --triton-examples), and else are made of ones from the model's metadata.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tritonclient.grpc as grpcclient
from tritonclient.utils import InferenceServerException

from trireme.testing import asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trireme.server.process import Server
    from trireme.testing.asked import Served

MANY = 16
"""Requests at once where order and batches are looked at."""
REFUSED = ("INVALID_ARGUMENT", "400")
PATIENCE = 60.0
"""Seconds for any one answer; without a limit a hung model would hang the run."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask each test of every model that is in the repository."""
    if "name" in metafunc.fixturenames:
        given = metafunc.config.getoption("--triton-repository") or metafunc.config.getini("triton_repository")
        metafunc.parametrize("name", asked.names(Path(given)) if given else [])


@pytest.fixture(scope="session")
def grpc(triton_server: Server) -> Iterator[Any]:
    """Tritonclient's own gRPC client, so that what is sent is what the test wrote."""
    with grpcclient.InferenceServerClient(triton_server.grpc.removeprefix("grpc://")) as client:
        yield client


@pytest.fixture
def model(name: str, triton_server: Server, triton_repository: Path, pytestconfig: pytest.Config) -> Served:
    """The model with its config and its requests."""
    folders = [Path(folder) for folder in pytestconfig.getoption("--triton-examples")] or [triton_repository]
    address = triton_server.grpc.removeprefix("grpc://")
    return asked.served(address, name, folders, pytestconfig.getoption("--triton-rtol"))


def test_metadata_agrees_with_the_config(model: Served, grpc: Any) -> None:
    metadata = grpc.get_model_metadata(model.name, as_json=True)
    for side in ("input", "output"):
        told = {
            tensor["name"]: (tensor["datatype"].replace("BYTES", "STRING"), [int(size) for size in tensor["shape"]])
            for tensor in metadata.get(f"{side}s", [])
        }
        assert told == model.stated(side)


def test_each_example_answers(model: Served, grpc: Any) -> None:
    for request in model.requests:
        answers = model.ask(grpc, request.inputs)
        assert answers, "no answer came"
        problem = request.mismatch(answers[0])
        assert problem is None, problem


def test_a_request_alone_equals_itself_within_a_batch(model: Served, grpc: Any) -> None:
    model.needs("batches")
    rows = model.rows(model.batch_limit)
    together = model.ask(grpc, model.joined(rows))[0]
    for number, row in enumerate(rows):
        alone = model.ask(grpc, row)[0]
        for output, values in alone.items():
            assert model.same(output, values, together[output][number : number + 1]), (
                f"{output} of item {number} differs in a batch"
            )


def test_answers_come_to_their_own_requests(model: Served, grpc: Any) -> None:
    rows = model.rows(MANY)
    expected = [model.ask(grpc, row) for row in rows]
    with ThreadPoolExecutor(MANY) as pool:
        found = list(pool.map(lambda row: _ask_again(model, grpc, row), rows))
    for wanted, given in zip(expected, found, strict=True):
        assert len(wanted) == len(given)
        for one, other in zip(wanted, given, strict=True):
            assert all(model.same(output, values, other[output]) for output, values in one.items())


@pytest.mark.parametrize("wrong", ["dtype", "rank", "shape", "size", "name", "missing"])
def test_a_wrong_request_is_refused_and_the_server_lives(wrong: str, model: Served, grpc: Any) -> None:
    inputs = model.wrong(wrong)
    with pytest.raises(InferenceServerException) as refusal:
        model.send(grpc, inputs)
    status = refusal.value.status()  # a stream tells the text alone
    assert (status is None and model.decoupled) or any(word in str(status) for word in REFUSED), refusal.value
    assert grpc.is_server_live()
    assert model.ask(grpc, model.requests[0].inputs)


def test_a_cancelled_request_ends_and_the_model_goes_on(model: Served, grpc: Any) -> None:
    model.needs("one answer")  # leaving a decoupled stream early keeps release 24.10 from ever unloading the model
    ended: list[Any] = []
    call = grpc.async_infer(
        model.name, model.tensors(model.requests[0].inputs), lambda result, error: ended.append(error or result)
    )
    call.cancel()
    limit = time.monotonic() + PATIENCE
    while not ended and time.monotonic() < limit:
        time.sleep(0.01)
    assert ended, "neither an answer nor the cancellation came"
    if isinstance(ended[0], InferenceServerException):
        assert "CANCELLED" in str(ended[0].status())
    assert model.ask(grpc, model.requests[0].inputs)


def test_queue_limits_and_timeouts_are_answered_as_configured(model: Served, grpc: Any) -> None:
    model.needs("a queue policy")
    row = model.requests[0].inputs

    def outcome(_: int) -> str:
        try:
            return "answered" if model.ask(grpc, row) else "nothing"
        except InferenceServerException as error:
            return str(error)

    with ThreadPoolExecutor(model.flood) as pool:
        outcomes = list(pool.map(outcome, range(model.flood)))
    allowed = model.policy_words()
    strangers = [text for text in outcomes if text != "answered" and not any(word in text for word in allowed)]
    assert strangers == []
    assert "answered" in outcomes
    assert model.ask(grpc, row)


def test_loading_again_and_again_leaves_nothing_behind(
    model: Served, grpc: Any, triton_server: Server, triton_repository: Path
) -> None:
    others = [other for other in asked.names(triton_repository) if model.name in asked.members(grpc, other)]
    if others:
        pytest.skip(f"it is a part of {', '.join(others)}, which would go with it")
    _reload(grpc, model.name)
    before = triton_server.left()
    for _ in range(3):
        _reload(grpc, model.name)
    assert model.ask(grpc, model.requests[0].inputs)
    assert _settled(lambda: triton_server.left() <= before), f"{triton_server.left()} instead of {before} (processes, regions)"


def _ask_again(model: Served, grpc: Any, row: Any) -> list[Any]:
    """Ask until the queue has room: a full one is an answer that the config allows."""
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            return model.ask(grpc, row)
        except InferenceServerException as error:
            if "Exceeds maximum queue size" not in str(error) or time.monotonic() > limit:
                raise
            time.sleep(0.05)


def _reload(grpc: Any, name: str) -> None:
    grpc.unload_model(name)
    _settled(lambda: not grpc.is_model_ready(name))
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            grpc.load_model(name)
        except InferenceServerException:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)  # the old instances are still on their way out
        else:
            return


def _settled(condition: Callable[[], bool]) -> bool:
    limit = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True
