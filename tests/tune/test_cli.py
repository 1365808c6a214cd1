"""`trireme tune` and `trireme why` from the command line, on the real server."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tritonclient.grpc as grpcclient

from trireme.build import build
from trireme.discover import discover
from trireme.lint.repository import Options
from trireme.lint.run import Choice, lint
from trireme.tune.knobs import Knobs
from trireme.tune.live import Live

pytestmark = pytest.mark.alone

TRIREME = str(Path(sys.executable).with_name("trireme"))


def trireme(root, *words):
    line = [TRIREME, "--root", str(root), *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - our own command


def test_a_model_is_tuned_and_says_why(sleepy):
    done = trireme(sleepy, "tune", "sleeper", "--slo-p99", "300ms", "--name", "here", "--points", "4")
    assert done.returncode == 0, done.stderr
    assert "wrote [variants.here] of sleeper" in done.stdout
    assert "<svg" in (sleepy / ".trireme/tune-sleeper.html").read_text()
    evidence = json.loads((sleepy / "models/sleeper/tuning/here.json").read_text())
    assert len(evidence["points"]) <= 4
    assert evidence["chosen"]["p99_ms"] <= 300
    assert discover(sleepy).unit("sleeper").variants["here"]["instance_group"][0]["count"] >= 2  # it sleeps: no core is used
    assert "tuned 20" in trireme(sleepy, "why", "sleeper", "instance_group").stdout
    assert "dynamic_batching" in trireme(sleepy, "why", "sleeper").stdout
    tree = sleepy / "model_repository"
    assert lint(tree, Options(), Choice(("TR712",)), variant="here") == []
    text = (tree / "sleeper/configs/here.toml").read_text()
    (tree / "sleeper/configs/here.toml").write_text(
        text.replace("cores = ", "cores = 1").replace('artefact = "', 'artefact = "0')
    )
    said = [finding.message for finding in lint(tree, Options(), Choice(("TR712",)), variant="here")]
    assert [line.partition(" (")[0] for line in said] == [
        "it was tuned on another machine",
        "it was tuned with other files than version 1 is served from",
    ]


def test_both_ways_are_measured_and_the_faster_is_written(piped):
    done = trireme(piped, "tune", "pipe", "--slo-p99", "300ms", "--name", "here", "--points", "3")
    assert done.returncode == 0, done.stderr
    assert "as an ensemble: calibrating ..." in done.stderr
    assert "in one process: verifying ..." in done.stderr
    together = "pipe in one process: " in done.stdout
    assert f"not taken: {'as an ensemble' if together else 'in one process'}: " in done.stdout
    less, more = map(int, re.search(r"kept the goal to (\d+) requests/s, not (\d+)", done.stdout).groups())
    assert less <= more
    assert ("here" in discover(piped).unit("pipe").variants) is together
    assert ("here" in discover(piped).unit("sleeper").variants) is not together
    assert (piped / "ensembles/pipe/tuning/here.json").is_file() is together
    assert {path.name for path in (piped / ".trireme").glob("tune*") if path.suffix != ".log"} == {"tune-pipe.html"}


def test_a_goal_that_nothing_keeps_says_the_best_there_is(sleepy):
    before = (sleepy / "models/sleeper/model.toml").read_text()
    done = trireme(sleepy, "tune", "sleeper", "--slo-p99", "5ms")
    assert done.returncode == 2
    assert "sleeper: no setting keeps p99 <= 5 ms; the best is 3" in done.stderr
    assert "Traceback" not in done.stderr
    assert (sleepy / "models/sleeper/model.toml").read_text() == before
    assert not (sleepy / "models/sleeper/tuning").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tune", "sleeper"), "Missing option '--slo-p99'"),
        (("tune", "sleeper", "--slo-p99", "fast"), "'fast' is no time; say 50ms or 0.2s"),
        (("tune", "sleeper", "--slo-p99", "-5ms"), "'-5ms' is refused; a goal is above 0"),
        (("tune", "sleper", "--slo-p99", "50ms"), "did you mean 'sleeper'?"),
        (("tune", "sleeper", "--slo-p99", "50ms", "--arrivals", "models/sleeper/infer.py"), "does not exist"),
        (("tune", "sleeper", "--slo-p99", "50ms", "--name", "CPU"), "--name: 'CPU' is refused; a name is a small letter"),
        (("why", "sleper"), "did you mean 'sleeper'?"),
        (("why", "sleeper", "instance_groups"), "did you mean 'instance_group'?"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(sleepy, words, said):
    done = trireme(sleepy, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1\nsoon\n", "arrivals:2: 'soon' is refused"),
        ("1\n", "1 arrivals"),
        ("2\n1\n", "in order"),
        ("1\n1\n", "not all at once"),
    ],
)
def test_recorded_arrivals_that_are_none_are_refused(sleepy, text, said):
    path = sleepy / "arrivals"
    path.write_text(text)
    done = trireme(sleepy, "tune", "sleeper", "--slo-p99", "50ms", "--arrivals", str(path))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "texts: 'no line' is refused"),
        (b"a\n\xff\n", "texts: 'byte 2' is refused"),
        (b"a text\n", "sleeper: it does not take one input of strings; leave the texts out: its examples are asked"),
    ],
)
def test_texts_that_cannot_be_asked_are_refused(sleepy, body, said):
    path = sleepy / "texts"
    path.write_bytes(body)
    done = trireme(sleepy, "tune", "sleeper", "--slo-p99", "50ms", "--texts", str(path))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


@pytest.mark.chaos  # it measures for three minutes
def test_a_pipeline_whose_model_has_two_versions_is_loaded_and_measured(sources):
    done = trireme(sources.root, "tune", "credit_scoring", "--slo-p99", "2s", "--points", "2", "--dry-run")
    chosen = done.stdout.startswith(("credit_scoring in one process: ", "credit_features: "))
    missed = (
        "error: credit_scoring: as an ensemble: credit_scoring: no setting keeps p99 <= 2000 ms" in done.stderr
    )  # a busy machine
    assert chosen or missed, done.stderr


def test_a_variant_that_says_more_is_measured_as_it_is_served(sleepy):
    path = sleepy / "models/sleeper/model.toml"
    path.write_text(path.read_text() + '\n[variants.other]\nparameters = { tuned = { string_value = "yes" } }\n')
    build(discover(sleepy))
    with Live(sleepy / "model_repository", "sleeper", sleepy / "tune.log", "other") as live:
        live.load({"sleeper": Knobs(2, 0, (4,), 0)})
        client = grpcclient.InferenceServerClient(live.address.removeprefix("grpc://"))
        config = client.get_model_config("sleeper").config
        client.close()
    assert (config.parameters["tuned"].string_value, config.instance_group[0].count) == ("yes", 2)


def test_why_of_what_was_never_tuned_says_so(sleepy):
    done = trireme(sleepy, "why", "sleeper", "dynamic_batching")
    assert done.returncode == 0
    assert "it was not tuned" in done.stdout
