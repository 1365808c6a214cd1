"""Pipelines in one process: what is refused, what is written, and that the real server answers as the ensemble does."""

import json

import numpy as np
import pytest

from trireme import built
from trireme.asking import ask
from trireme.build import build
from trireme.check import check
from trireme.client import Client
from trireme.discover import discover
from trireme.errors import TriremeError
from trireme.examples import read_examples
from trireme.serve import machine_flags
from trireme.server.process import AS_WRITTEN, Server

PIPELINE = """
inputs = ["x"]
outputs = ["y"]
[[step]]
model = "double"
[variants.cpu-2]
one_process = true
instance_group = [{ count = 3 }]
"""
ALONE = """
def setup(context):
    context.call("double", {}, [])
def infer(*, x):
    return {"y": x}
"""


@pytest.fixture
def pipeline(project):
    folder = project / "ensembles/twice"
    folder.mkdir(parents=True)
    (folder / "ensemble.toml").write_text(PIPELINE)
    (folder / "examples.json").write_text('[{"inputs": {"x": [1]}}]')
    return project


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("one_process = true", "", "say one_process = true, and its steps run in one"),
        ("one_process = true", "one_process = 1", "say one_process = true"),
        ("count = 3", "cuont = 3", "variants.cpu-2.instance_group[0]: unknown key 'cuont'; did you mean 'count'?"),
        (
            "[variants.cpu-2]",
            "[variants.cpu-2]\nbackend = 'x'",
            "cpu-2.backend: 'x' is refused; it follows",
        ),
        ("one_process = true", "one_process = true\nmax_batch_size = 0", "cpu-2.max_batch_size: 0 is refused; it follows"),
        ("[variants.cpu-2]", "[variants.CPU]", "variants: 'CPU' is refused; a name is a small letter"),
    ],
)
def test_what_a_variant_of_a_pipeline_cannot_say(pipeline, before, after, sentence):
    path = pipeline / "ensembles/twice/ensemble.toml"
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(TriremeError) as refusal:
        build(discover(pipeline))
    assert sentence in str(refusal.value)


def test_a_step_that_asks_other_models_is_refused(pipeline):
    (pipeline / "models/double/infer.py").write_text(ALONE)
    with pytest.raises(TriremeError, match=r"variants.cpu-2: double asks other models of the server \(context.call\)"):
        build(discover(pipeline))


def test_a_step_of_another_backend_is_refused(pipeline):
    path = pipeline / "models/double/model.toml"
    path.write_text(path.read_text() + '\n[variants.cpu-2]\nbackend = "pytorch"\n')
    with pytest.raises(TriremeError, match="double is run by the backend 'pytorch'; export it as ONNX"):
        build(discover(pipeline))


def test_the_table_names_each_steps_folder_beside_the_pipelines(pipeline):
    build(discover(pipeline))
    table = json.loads((pipeline / "model_repository/twice/1/steps.cpu-2.json").read_text())
    assert (pipeline / "model_repository/twice/1" / table["steps"][0]["folder"] / "infer.py").is_file()
    assert "count: 3" in (pipeline / "model_repository/twice/configs/cpu-2.pbtxt").read_text()


def test_a_build_with_nothing_to_do_writes_nothing(sources):
    before = [path.stat().st_mtime_ns for path in sources.root.glob("model_repository/*/1/steps.*.json")]
    for _ in range(3):
        assert build(discover(sources.root)).changed == ()
    assert before == [path.stat().st_mtime_ns for path in sources.root.glob("model_repository/*/1/steps.*.json")]


def test_a_changed_file_of_it_is_found_by_the_check(pipeline):
    build(discover(pipeline))
    (pipeline / "model_repository/twice/1/infer.py").write_text("")
    assert check(discover(pipeline)) == ["model_repository/twice/1/infer.py is not what its source is; run `make repo`"]


def test_another_file_of_a_tables_name_is_not_taken_for_one(pipeline):
    build(discover(pipeline))
    (pipeline / "model_repository/double/1/steps.notes.json").write_text("{}")
    with pytest.raises(TriremeError, match=r"double/1/steps.notes.json was not built here and would be lost"):
        build(discover(pipeline))


def test_without_its_variants_nothing_of_it_stays(pipeline):
    build(discover(pipeline))
    path = pipeline / "ensembles/twice/ensemble.toml"
    path.write_text(PIPELINE.partition("[variants")[0])
    build(discover(pipeline))
    assert list((pipeline / "model_repository/twice/1").iterdir()) == []


@pytest.fixture(scope="module")
def in_one(sources, tmp_path_factory):
    """The shipped repository as two cores serve it."""
    log = tmp_path_factory.mktemp("one") / "server.log"
    with (
        Server(sources.root / "model_repository", log, flags=("--model-config-name=cpu-2",)) as server,
        Client(server.grpc) as client,
    ):
        yield client


def test_texts_of_many_lengths_are_answered_as_the_ensemble_answers_them(in_one, client):
    texts = [
        "fine",
        "a dull film of two hours that I want back",
        "We loved it.",
        "Rude staff and cold, bland food. " * 6,
    ]
    ours, theirs = (one.infer("text_classification", {"text": texts}) for one in (in_one, client))
    assert ours["label"].tolist() == theirs["label"].tolist()
    alone = [in_one.infer("text_classification", {"text": [text]})["confidence"][0, 0] for text in texts]
    np.testing.assert_allclose(ours["confidence"][:, 0], alone, rtol=1e-5)  # no text is padded to another


def test_every_example_of_every_unit_holds_under_the_variant(in_one, sources):
    for unit in sources.units:
        config = built.config(sources.root / "model_repository", unit.name)
        for number, example in enumerate(read_examples(unit.folder, config)):
            assert example.mismatch(ask(in_one, config, example)) is None, f"{unit.name}[{number}]"


def test_numbers_are_answered_to_the_last_bit(in_one, client, sources):
    rows = json.loads((sources.root / "ensembles/credit_scoring/examples.json").read_text())
    inputs = {name: [value] for name, value in rows[0]["inputs"].items()}
    ours, theirs = (one.infer("credit_scoring", inputs) for one in (in_one, client))
    np.testing.assert_array_equal(ours["probability_of_default"], theirs["probability_of_default"])


def test_an_empty_text_is_refused_by_its_row(in_one):
    with pytest.raises(TriremeError, match="text: row 1 is empty"):
        in_one.infer("text_classification", {"text": ["fine", ""]})


def test_a_machine_takes_its_variant_where_some_model_has_one(tmp_path, monkeypatch):
    assert machine_flags(tmp_path) == (AS_WRITTEN,)
    monkeypatch.setattr("trireme.machine._cores", lambda: 2)
    (tmp_path / "m/configs").mkdir(parents=True)
    (tmp_path / "m/configs/cpu-2.pbtxt").write_text("")
    assert machine_flags(tmp_path) == (AS_WRITTEN, "--model-config-name=cpu-2")
