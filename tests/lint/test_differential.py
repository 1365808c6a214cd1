"""The linter and the real server agree on repositories that nobody wrote by hand."""

import pytest
from proof import run


@pytest.fixture(scope="module")
def tally(tmp_path_factory, request):
    seed, count = request.config.getoption("--lint-seed"), request.config.getoption("--lint-cases")
    return run(seed, count, tmp_path_factory.mktemp("proof"))


def test_no_model_that_loads_is_called_an_error(tally):
    assert tally.false_alarms == []


def test_the_refused_are_caught(tally):
    assert tally.refused > 0
    assert tally.caught >= 0.99, tally.missed


def test_the_reason_of_the_server_is_among_ours(tally):
    assert tally.recognised >= 0.99, tally.unrecognised
