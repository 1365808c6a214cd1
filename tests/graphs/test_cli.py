import json
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from trireme import modelconfig
from trireme.build import build
from trireme.discover import discover

BATCHES = [{"batch": 1, "count": 100}, {"batch": 3, "count": 20}, {"batch": 4, "count": 300}]
GRAPH = '<ir_version: 8, opset_import: ["": 17]> g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }'
EXPORT = """
import shutil
from pathlib import Path
def export(out):
    shutil.copy(Path(__file__).with_name("graph"), out / "model.onnx")
"""
MODEL = """
version = 1
[config]
max_batch_size = 8
dynamic_batching = {}
[variants.plain]
instance_group = [{ kind = "KIND_AUTO" }]
[variants.gpu]   # kept
platform = "tensorrt_plan"
instance_group = [{ kind = "KIND_AUTO" }]
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "models/m"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(MODEL)
    onnx.save(onnx.parser.parse_model(GRAPH), folder / "graph")
    (folder / "export.py").write_text(EXPORT)
    (folder / "examples.json").write_text('[{"inputs": {"x": [1, 2, 3]}}]')
    build(discover(tmp_path))
    return tmp_path


def run(root, *words, batches=BATCHES):
    (root / "batches.json").write_text(batches if isinstance(batches, str) else json.dumps(batches))
    program = str(Path(sys.executable).with_name("trireme"))
    line = [program, "--root", str(root), "graphs", "m", "--observed", str(root / "batches.json"), *words]
    return subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own


@pytest.mark.parametrize(
    ("words", "batches", "sentence"),
    [
        (("--variant", "plain"), BATCHES, "backend: 'onnxruntime' is refused; CUDA graphs are run by tensorrt and pytorch"),
        (("--variant", "gqu"), BATCHES, "the variant gqu is missing; did you mean 'gpu'?"),
        (("--memory", "much"), BATCHES, "'much' is no amount of memory; write it as 256m or 1g"),
        ((), "[", "it is JSON"),
        ((), [], "it names one batch or more"),
        ((), [{"batch": "4", "count": 1}], 'it is {"batch": 4, "length": 32, "count": 100}'),
        ((), [{"batch": 0, "count": 1}], "batch and count are whole numbers from 1"),
        ((), [{"batch": 9, "count": 1}], "'a batch of 9' is refused; max_batch_size is 8"),
        ((), [{"batch": 4, "length": 16, "count": 1}], "the model's sizes are fixed; leave lengths out"),
        (("--observed", "grpc://127.0.0.1:9"), BATCHES, "name a Triton that serves m, as grpc://127.0.0.1:8001"),
    ],
)
def test_what_it_refuses(project, words, batches, sentence):
    done = run(project, *words, batches=batches)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr


def test_it_says_which_graphs_and_what_they_are_expected_to_hit(project):
    assert run(project).stdout.splitlines() == [
        "420 batches of 3 shapes",
        "  graph of 1: batches of 1 row",
        "  graph of 3: batches of 3 rows",
        "  graph of 4: batches of 4 rows",
        "expected: 100.0% of batches hit, 0.0% rows of padding, 75.5% less time",
        "held: 0.0 MB; preferred_batch_size: [4]",
    ]


def test_it_writes_triton_s_own_fields_into_the_variant(project):
    done = run(project, "--memory", "180", "--write")
    assert done.returncode == 0, done.stderr
    config = modelconfig.from_text((project / "model_repository/m/configs/gpu.pbtxt").read_text())
    rows = [
        (row.graph_lower_bound.batch_size, row.batch_size, list(row.input["x"].dim))
        for row in config.optimization.cuda.graph_spec
    ]
    assert config.optimization.cuda.graphs
    assert rows == [(0, 1, [3]), (3, 4, [3])]
    assert list(config.dynamic_batching.preferred_batch_size) == [4]
    assert "# kept" in (project / "models/m/model.toml").read_text()


def test_batches_come_from_a_live_server_and_lengths_from_texts(sources, server, client, tmp_path):
    client.infer("text_encoder", {"input_ids": [[101, 102]] * 4, "attention_mask": [[1, 1]] * 4})
    texts = tmp_path / "texts.txt"
    texts.write_text("short\n" + "a rather long text of many words that needs more tokens than sixteen of them do\n")
    program = str(Path(sys.executable).with_name("trireme"))
    line = [
        program,
        "--root",
        str(sources.root),
        "graphs",
        "text_encoder",
        "--variant",
        "gpu-plan",
        "--observed",
        server.grpc,
        "--texts",
        str(texts),
    ]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    assert "length 16" in done.stdout
    assert "length 32" in done.stdout
