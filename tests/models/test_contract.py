"""What every model and pipeline keeps, found by looking: a new one is tested without a line here."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from trireme import artefacts, modelconfig
from trireme.asking import ask
from trireme.client import AsyncClient
from trireme.discover import discover
from trireme.examples import read_examples
from trireme.plan import CACHE

SOURCES = discover(Path(__file__).parents[2])
UNITS = pytest.mark.parametrize("unit", SOURCES.units, ids=lambda unit: unit.name)
VERSIONS = pytest.mark.parametrize(
    ("model", "version"),
    [(model, version) for model in SOURCES.models for version in model.versions],
    ids=lambda value: getattr(value, "name", None) or str(value.number),
)


def built_config(unit):
    return modelconfig.from_text((SOURCES.root / "model_repository" / unit.name / "config.pbtxt").read_text())


def decoupled(unit):
    return built_config(unit).model_transaction_policy.decoupled


JOINABLE = pytest.mark.parametrize(
    "unit",
    [unit for unit in SOURCES.units if built_config(unit).max_batch_size and not decoupled(unit)],
    ids=lambda unit: unit.name,
)
ANSWERS_ONCE = pytest.mark.parametrize(
    "unit", [unit for unit in SOURCES.units if not decoupled(unit)], ids=lambda unit: unit.name
)


def asked(unit):
    """Each example as a request of one row, with what is expected."""
    config = built_config(unit)
    for example in read_examples(unit.folder, config):
        batched = config.max_batch_size > 0
        yield example, {name: array[None] if batched else array for name, array in example.inputs.items()}, batched


@UNITS
def test_the_examples_are_answered_as_they_say_over_both_protocols(unit, client, http_client):
    for example, _, _ in asked(unit):
        for caller in (client, http_client):
            if caller is client or not decoupled(unit):
                assert example.mismatch(ask(caller, built_config(unit), example)) is None


@JOINABLE
def test_the_examples_joined_into_one_request_are_answered_alike(unit, client):
    rows = [(example, inputs) for example, inputs, batched in asked(unit) if batched]
    shapes = {tuple(array.shape for array in inputs.values()) for _, inputs in rows}
    if len(shapes) > 1:  # rows of unlike shapes cannot be one tensor
        rows = rows[:1]
    joined = {name: np.concatenate([inputs[name] for _, inputs in rows * 2]) for name in rows[0][1]}
    found = client.infer(unit.name, joined)
    for number, (example, _) in enumerate(rows * 2):
        assert example.mismatch({name: array[number] for name, array in found.items()}) is None


@ANSWERS_ONCE
def test_requests_that_arrive_together_are_answered_alike(unit, server):
    rows = list(asked(unit))

    async def together():
        async with AsyncClient(server.grpc) as caller:
            await caller.metadata(unit.name)
            return await asyncio.gather(*(caller.infer(unit.name, inputs) for _, inputs, _ in rows * 4))

    for (example, _, batched), found in zip(rows * 4, asyncio.run(together()), strict=True):
        assert example.mismatch({name: array[0] if batched else array for name, array in found.items()}) is None


@UNITS
def test_what_the_server_says_of_itself_is_the_config(unit, client):
    metadata, config = client.metadata(unit.name), built_config(unit)
    batch = (-1,) if config.max_batch_size else ()
    for served, stated in ((metadata.inputs, modelconfig.inputs(config)), (metadata.outputs, modelconfig.outputs(config))):
        assert [str(tensor) for tensor in served] == [
            str(type(tensor)(tensor.name, tensor.data_type, (*batch, *tensor.dims))) for tensor in stated
        ]


@UNITS
def test_the_readme_says_what_it_is_in_25_lines(unit):
    lines = (unit.folder / "README.md").read_text().splitlines()
    assert lines[0] == f"# {unit.name}"
    assert len(lines) <= 25


@VERSIONS
def test_the_gate_of_every_version_was_measured_and_holds(model, version):
    artefact = artefacts.find(model, version, SOURCES.root / CACHE)
    assert artefact is not None
    for measure, least in version.gate.items():
        assert artefact.measures[measure] >= least


def test_every_version_that_is_kept_is_served(client, sources):
    served = {(row["name"], row["version"]) for row in client.models() if row["state"] == "READY"}
    wanted = {(model.name, str(version.number)) for model in sources.models for version in model.versions}
    assert wanted <= served
