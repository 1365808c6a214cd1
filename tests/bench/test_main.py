"""The command line of the benchmarks."""

from pathlib import Path

from click.testing import CliRunner

from trireme.bench.__main__ import ALWAYS, NAMED, main

FOLDER = Path(__file__).parents[2] / "src/trireme/bench"


def test_help_helps_and_measures_nothing():
    done = CliRunner().invoke(main, ["--help"])
    assert done.exit_code == 0
    assert "measured" not in done.output
    assert all(name in done.output for name in ALWAYS + NAMED)


def test_a_name_that_is_none_is_refused_with_those_that_are():
    done = CliRunner().invoke(main, ["peer"])
    assert done.exit_code == 2
    assert "'peers'" in done.output


def test_every_benchmark_has_its_name():
    assert {path.stem for path in FOLDER.glob("*.py") if "def measure(sources" in path.read_text()} == set(ALWAYS + NAMED)
