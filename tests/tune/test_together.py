"""A pipeline in one process beside the ensemble that it is: laid out, tuned both ways, and written where it is the faster."""

import json
from dataclasses import replace

import pytest

from trireme import built
from trireme.build import build
from trireme.discover import discover
from trireme.errors import WiringError
from trireme.lint.repository import Options
from trireme.lint.run import Choice, lint
from trireme.machine import Machine
from trireme.tune import explain, run, together
from trireme.tune.knobs import Knobs
from trireme.tune.openloop import Point
from trireme.tune.search import Expected
from trireme.tune.verify import Measured

VARIANT = """
[variants.here]
one_process = true
instance_group = [{ count = 3 }]
"""
ASKS = """
def setup(context):
    context.call("m", {}, [])


def infer(*, x):
    return {"y": x}
"""
KNOBS = Knobs(2, 0, (8,), 100)


@pytest.fixture
def tuned(costed):
    """A tuning as it would be found, of the sleeper for the ensemble, or of the pipeline in one process."""

    def found(name, versions=()):
        expected = Expected(50.0, 50.0, 30.0, 40.0, 1.0)
        chosen = Measured({name: KNOBS}, Point(50.0, 50.0, 30.0, 40.0, 0, kept=True), expected, held=True)
        asked = run.Asked("pipe", 300.0, "here")
        now = {name: Knobs(1, 0, (8,), 0)}
        costs = costed(30_000.0, 1_000.0, name=name)
        return run.Tuned(asked, Machine.here(), chosen, (chosen,), (), now, costs, 1, together=dict(versions))

    return found


def written(root, tuned):
    done = list(run.write(discover(root), tuned))
    build(discover(root))
    return done, (root / "ensembles/pipe/ensemble.toml").read_text()


def test_a_tree_holds_the_pipeline_in_one_process_beside_the_models_that_are_built(piped, tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    sources = discover(piped)
    assert together.lay_out(sources, sources.unit("pipe"), "here", tree) == {"sleeper": "1"}
    config = built.config(tree, "pipe")
    assert (config.backend, config.instance_group[0].count, config.HasField("dynamic_batching")) == ("python", 1, True)
    assert (tree / "pipe/1" / "../../sleeper/1/infer.py").is_file()
    assert {path.name for path in (tree / "pipe/1").iterdir()} == {"model.py", "infer.py", "steps.here.json"}


def test_it_begins_with_the_variant_that_is_there(piped, tmp_path_factory):
    with (piped / "ensembles/pipe/ensemble.toml").open("a") as file:
        file.write(VARIANT)
    tree = tmp_path_factory.mktemp("tree")
    sources = discover(piped)
    together.lay_out(sources, sources.unit("pipe"), "here", tree)
    assert built.config(tree, "pipe").instance_group[0].count == 3


def test_a_pipeline_that_needs_triton_says_why(piped, tmp_path_factory):
    (piped / "models/sleeper/infer.py").write_text(
        "def setup(context):\n    context.call('m', {}, [])\n\n\ndef infer(*, x):\n    return {'y': x}\n"
    )
    sources = discover(piped)
    with pytest.raises(WiringError, match="sleeper asks other models"):
        together.lay_out(sources, sources.unit("pipe"), "here", tmp_path_factory.mktemp("tree"))


def test_in_one_process_the_variant_and_its_evidence_stand_with_the_pipeline(piped, tuned):
    before = (piped / "ensembles/pipe/ensemble.toml").read_text()
    done, text = written(piped, tuned("pipe", {"sleeper": "1"}))
    assert done == ["wrote [variants.here] of pipe; serve it: --model-config-name=here"]
    assert text.startswith(before)
    assert discover(piped).unit("pipe").variants["here"] == {
        "instance_group": [{"count": 2}],
        "dynamic_batching": {"preferred_batch_size": [8], "max_queue_delay_microseconds": 100},
    }
    assert discover(piped).unit("sleeper").variants == {}
    assert built.config(piped / "model_repository", "pipe", "here").backend == "python"
    lines = list(explain.lines(piped, discover(piped).unit("pipe"), None))
    assert "  chosen    2 instances, preferred [8], delay 100 us: 50 requests/s with p99 40.0 ms" in lines
    assert lint(piped / "model_repository", Options(), Choice(("TR712",)), variant="here") == []


def test_what_was_tuned_in_one_process_is_stale_when_a_member_has_a_new_version(piped, tuned):
    written(piped, tuned("pipe", {"sleeper": "1"}))
    lock = piped / "model_repository/repo.lock"
    table = json.loads(lock.read_text())
    table["versions"]["sleeper"]["1"]["files"]["infer.py"] = "another"
    lock.write_text(json.dumps(table))
    said = [finding.message for finding in lint(piped / "model_repository", Options(), Choice(("TR712",)), variant="here")]
    assert [line.partition(" (")[0] for line in said] == ["it was tuned for another artefact than version 1 holds"]


def test_as_an_ensemble_the_models_have_the_variant_and_the_pipeline_none(piped, tuned):
    before = (piped / "ensembles/pipe/ensemble.toml").read_text()
    written(piped, tuned("pipe", {"sleeper": "1"}))
    done, text = written(piped, tuned("sleeper"))
    assert done == [
        "took [variants.here] out of ensembles/pipe/ensemble.toml: as an ensemble it takes more requests",
        "wrote [variants.here] of sleeper; serve it: --model-config-name=here",
    ]
    assert text.rstrip() == before.rstrip()
    assert list(discover(piped).unit("sleeper").variants) == ["here"]
    assert not (piped / "ensembles/pipe/tuning/here.json").exists()
    assert not (piped / "model_repository/pipe/configs/here.pbtxt").exists()


def test_the_way_that_was_not_taken_is_told_first(tuned):
    row = {"knobs": "as an ensemble: 1 instance", "why": "it kept the goal to 20 requests/s, not 50"}
    assert run.rejected(replace(tuned("pipe", {"sleeper": "1"}), beside=(row,)))[0] == row
