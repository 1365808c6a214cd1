"""Real k6 and Locust against the real server: short, each with what it is judged by."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.alone


def load(sources, *words):
    program = str(Path(sys.executable).with_name("trireme"))
    line = [program, "--root", str(sources.root), "load", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=240)  # noqa: S603 - our own


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("text_clasification",), "did you mean 'text_classification'?"),
        (("credit_risk", "--scenario", "lode"), "'lode' is not one of"),
        (
            ("credit_risk", "--scenario", "drain", "--address", "grpc://127.0.0.1:1"),
            "drain: it ends the server under load; leave",
        ),
        (("credit_risk", "--protocol", "grpc", "--address", "http://127.0.0.1:1"), "it is no address of --protocol grpc"),
        (("credit_risk", "--protocol", "http", "--address", "http://127.0.0.1:1"), "say --rate for an HTTP address"),
        (("credit_risk", "--tool", "locust", "--scenario", "spike"), "locust runs the scenario load over grpc"),
    ],
)
def test_what_it_refuses(sources, words, sentence):
    done = load(sources, *words)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("model", ["text_classification", "credit_risk"])
def test_the_examples_are_answered_as_they_say(sources, server, model, protocol):
    address = server.grpc if protocol == "grpc" else server.http
    done = load(sources, model, "--scenario", "smoke", "--protocol", protocol, "--address", address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "refused 0, lost 0, wrong 0, never sent 0" in done.stdout


def test_an_answer_that_is_not_the_examples_fails_the_run(sources, server, tmp_path):
    for name in ("models", "ensembles", "model_repository", "loadtests", ".trireme"):
        (tmp_path / name).symlink_to(sources.root / name)
    (tmp_path / "models").unlink()
    (tmp_path / "models").mkdir()
    for path in (sources.root / "models").iterdir():
        (tmp_path / "models" / path.name).symlink_to(path)
    (tmp_path / "models/credit_risk").unlink()
    copied = tmp_path / "models/credit_risk"
    copied.mkdir()
    for path in (sources.root / "models/credit_risk").iterdir():
        (copied / path.name).symlink_to(path)
    (copied / "examples.json").unlink()
    rows = json.loads((sources.root / "models/credit_risk/examples.json").read_text())
    rows[0]["outputs"] = {"probability_of_default": [0.123]}
    (copied / "examples.json").write_text(json.dumps(rows[:1]))
    program = str(Path(sys.executable).with_name("trireme"))
    line = [program, "--root", str(tmp_path), "load", "credit_risk", "--scenario", "smoke", "--address", server.grpc]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 1, done.stdout + done.stderr
    assert "wrong 5" in done.stdout
    assert "did not hold: failed: rate==0" in done.stdout


def test_nobody_at_the_address_is_no_success(sources):
    done = load(sources, "credit_risk", "--scenario", "smoke", "--address", "grpc://127.0.0.1:9")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "answered 0" in done.stdout


@pytest.mark.parametrize(
    ("scenario", "seconds", "said"),
    [
        ("load", "3", "answered "),
        ("soak", "3", "answered "),
        ("spike", "6", "answered "),
        ("stress", "1", "the knee: 40 a second is the last that held"),
        ("overload", "2", "wrong 0"),
    ],
)
def test_a_scenario_holds_at_a_rate_that_is_low_enough(sources, server, scenario, seconds, said):
    words = ("--scenario", scenario, "--rate", "40", "--seconds", seconds, "--p99", "2s", "--address", server.grpc)
    done = load(sources, "credit_risk", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout


def test_a_stress_that_no_step_holds_finds_no_knee(sources, server):
    words = ("--scenario", "stress", "--rate", "40", "--seconds", "1", "--p99", "0.001ms", "--address", server.grpc)
    done = load(sources, "credit_risk", *words)
    assert (done.returncode, "no step held its goal" in done.stdout) == (1, True), done.stdout + done.stderr


def test_a_server_that_is_stopped_under_load_loses_nothing_over_grpc(sources):
    done = load(sources, "credit_risk", "--scenario", "drain", "--rate", "50", "--seconds", "4")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost 0, wrong 0" in done.stdout


def test_locust_sends_at_its_rate_and_its_thresholds_set_the_exit_code(sources, server):
    words = ("credit_risk", "--tool", "locust", "--rate", "20", "--seconds", "3", "--address", server.grpc)
    done = load(sources, *words, "--p99", "5s")
    assert done.returncode == 0, done.stdout + done.stderr
    done = load(sources, *words, "--p99", "0.001ms")
    assert (done.returncode, "ms against 0.001 ms" in done.stderr) == (2, True), done.stdout + done.stderr
