"""A pipeline in one process beside the ensemble that it is: laid out, tuned both ways, and written where it is the faster."""

import json
from dataclasses import replace

import pytest

from trireme import built
from trireme.build import build
from trireme.discover import discover
from trireme.errors import GoalError, ServerError, TuneError, WiringError
from trireme.lint.repository import Options
from trireme.lint.run import Choice, lint
from trireme.machine import Machine
from trireme.tune import edges, explain, run, together, ways
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
MEMBERS = (("sleeper", 1),)
LENGTHS = (("sleeper", "4,8"),)


@pytest.fixture
def tuned(costed):
    """A tuning as it would be found, of the sleeper for the ensemble, or of the pipeline in one process."""

    def found(name, members=(), throughput=50.0, **more):
        expected = Expected(50.0, 50.0, 30.0, 40.0, 1.0)
        chosen = Measured({name: KNOBS}, Point(50.0, throughput, 30.0, 40.0, 0, kept=True), expected, held=True)
        asked = run.Asked("pipe", 300.0, "here")
        now = {name: Knobs(1, 0, (8,), 0)}
        tables = {name: {"instance_group": [{"count": 2}], "dynamic_batching": {"preferred_batch_size": [8]}}}
        costs = costed(30_000.0, 1_000.0, name=name)
        return run.Tuned(asked, Machine.here(), chosen, (chosen,), (), now, costs, 1, tables, members, **more)

    return found


def written(root, tuned):
    done = run.write(discover(root), tuned)
    build(discover(root))
    return done, (root / "ensembles/pipe/ensemble.toml").read_text()


def test_a_tree_holds_the_pipeline_in_one_process_beside_the_models_that_are_built(piped, tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    sources = discover(piped)
    assert together.lay_out(sources, sources.unit("pipe"), "here", tree) == MEMBERS
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
    (piped / "models/sleeper/infer.py").write_text(ASKS)
    sources = discover(piped)
    with pytest.raises(WiringError, match="sleeper asks other models"):
        together.lay_out(sources, sources.unit("pipe"), "here", tmp_path_factory.mktemp("tree"))


def test_in_one_process_the_variant_and_its_evidence_stand_with_the_pipeline(piped, tuned):
    before = (piped / "ensembles/pipe/ensemble.toml").read_text()
    done, text = written(piped, tuned("pipe", MEMBERS))
    assert done == ["wrote [variants.here] of pipe; serve it: --model-config-name=here"]
    assert text.startswith(before)
    assert discover(piped).unit("pipe").variants["here"] == {
        "instance_group": [{"count": 2}],
        "dynamic_batching": {"preferred_batch_size": [8]},
    }
    assert discover(piped).unit("sleeper").variants == {}
    assert built.config(piped / "model_repository", "pipe", "here").backend == "python"
    lines = list(explain.lines(piped, discover(piped).unit("pipe"), None))
    assert "  chosen    2 instances, preferred [8], delay 100 us: 50 requests/s with p99 40.0 ms" in lines
    assert lint(piped / "model_repository", Options(), Choice(("TR712",)), variant="here") == []


def test_what_was_tuned_in_one_process_is_stale_when_a_member_has_other_files(piped, tuned):
    written(piped, tuned("pipe", MEMBERS))
    lock = piped / "model_repository/repo.lock"
    table = json.loads(lock.read_text())
    table["versions"]["sleeper"]["1"]["files"]["infer.py"] = "another"
    lock.write_text(json.dumps(table))
    said = [finding.message for finding in lint(piped / "model_repository", Options(), Choice(("TR712",)), variant="here")]
    assert [line.partition(" (")[0] for line in said] == ["it was tuned with other files than version 1 is served from"]


def test_as_an_ensemble_the_models_have_the_variant_and_the_pipeline_none(piped, tuned):
    before = (piped / "ensembles/pipe/ensemble.toml").read_text()
    written(piped, tuned("pipe", MEMBERS))
    done, text = written(piped, tuned("sleeper", outdone=True))
    assert done == [
        "wrote [variants.here] of sleeper; serve it: --model-config-name=here",
        "took [variants.here] out of ensembles/pipe/ensemble.toml: as an ensemble it takes more requests",
    ]
    assert text.rstrip() == before.rstrip()
    assert list(discover(piped).unit("sleeper").variants) == ["here"]
    assert not (piped / "ensembles/pipe/tuning/here.json").exists()
    assert not (piped / "model_repository/pipe/configs/here.pbtxt").exists()


def test_a_variant_in_one_process_that_could_not_be_measured_stays(piped, tuned):
    written(piped, tuned("pipe", MEMBERS))
    done, text = written(piped, tuned("sleeper"))
    assert (
        done[1]
        == "left [variants.here] in ensembles/pipe/ensemble.toml, which serves it in one process: that could not be measured"
    )
    assert "one_process = true" in text


def test_a_member_with_a_new_version_makes_the_evidence_stale(piped, tuned):
    written(piped, tuned("pipe", MEMBERS))
    path = piped / "ensembles/pipe/tuning/here.json"
    path.write_text(path.read_text().replace('"sleeper": 1', '"sleeper": 7'))
    assert "  STALE: of sleeper 7, and 1 is served" in explain.lines(piped, discover(piped).unit("pipe"), None)


def test_the_way_that_takes_more_is_taken_and_the_other_told_first(tuned):
    ensemble, process = (tuned("sleeper"), None), (tuned("pipe", MEMBERS, 60.0), None)
    asked = ensemble[0].asked
    best, _ = ways.best(asked, {ways.ENSEMBLE: ensemble, ways.TOGETHER: process}, {})
    assert (best.together, best.outdone) == (MEMBERS, True)
    assert run.rejected(best)[0] == {
        "knobs": "as an ensemble: 2 instances, preferred [8], delay 100 us",
        "why": "it kept the goal to 50 requests/s, not 60",
    }
    slower = (tuned("pipe", MEMBERS, 40.0), None)
    assert ways.best(asked, {ways.ENSEMBLE: ensemble, ways.TOGETHER: slower}, {})[0].together == ()


def test_other_lengths_are_taken_where_they_gain_clearly(tuned):
    way = f"{ways.ENSEMBLE}, {edges.told(LENGTHS)}"
    now = tuned("sleeper", throughput=96.0)
    asked = replace(now.asked, lengths=LENGTHS)
    hardly, clearly = (replace(tuned("sleeper", throughput=rate), asked=asked) for rate in (100.0, 120.0))
    found = {ways.ENSEMBLE: (now, None), way: (hardly, None)}
    best, _ = ways.best(now.asked, found, {ways.TOGETHER: ServerError("x")})
    assert best.asked.lengths == ()
    assert best.beside[0] == {
        "knobs": "as an ensemble, sleeper pads to 4, 8: 2 instances, preferred [8], delay 100 us",
        "why": "it kept the goal to 100 requests/s, not 96: too little to pad to other lengths for",
    }
    best, _ = ways.best(now.asked, found | {way: (clearly, None)}, {})
    assert best.asked.lengths == LENGTHS
    assert best.outdone is False


def test_lengths_are_written_into_the_model_that_pads_and_told_with_the_pipeline(piped, tuned):
    found = tuned("pipe", MEMBERS)
    done, _ = written(piped, replace(found, asked=replace(found.asked, lengths=LENGTHS)))
    assert done[1] == "wrote buckets into it: sleeper pads to 4, 8"
    assert built.config(piped / "model_repository", "sleeper", "here").parameters["buckets"].string_value == "4,8"
    lines = list(explain.lines(piped, discover(piped).unit("pipe"), None))
    assert "  lengths   sleeper pads to 4, 8" in lines


@pytest.mark.parametrize(
    ("error", "outdone"),
    [
        (GoalError("pipe", "no setting keeps it", "raise it"), True),
        (WiringError("pipe", "a step needs Triton", "leave it"), False),
        (ServerError("pipe: Triton refused it"), False),
    ],
)
def test_a_way_that_fails_does_not_lose_the_other(tuned, error, outdone):
    ensemble = (tuned("sleeper"), None)
    best, _ = ways.best(ensemble[0].asked, {ways.ENSEMBLE: ensemble}, {ways.TOGETHER: error})
    assert best.outdone is outdone
    assert best.beside == ({"knobs": "in one process", "why": str(error)},)


def test_where_neither_keeps_the_goal_both_are_told():
    one, other = GoalError("pipe", "the best is 14 ms", "raise it"), GoalError("pipe", "the best is 11 ms", "raise it")
    asked = run.Asked("pipe", 10.0, "here")
    with pytest.raises(TuneError, match=r"as an ensemble: pipe: the best is 14 ms.*in one process: pipe: the best is 11 ms"):
        ways.best(asked, {}, {ways.ENSEMBLE: one, ways.TOGETHER: other})
    with pytest.raises(TuneError, match=r"^pipe: the best is 14 ms; raise it$"):
        ways.best(asked, {}, {ways.ENSEMBLE: one, ways.TOGETHER: WiringError("pipe", "a step needs Triton", "leave it")})


def test_a_variant_that_is_not_what_is_built_is_not_tuned(piped):
    with (piped / "models/sleeper/model.toml").open("a") as file:
        file.write("\n[variants.here]\ninstance_group = [{ count = 3 }]\n")
    with pytest.raises(
        TuneError, match=r"models/sleeper/model.toml: variants.here is not what is built; run `make repo` first"
    ):
        run.named(discover(piped), run.Asked("pipe", 300.0, "here"))
