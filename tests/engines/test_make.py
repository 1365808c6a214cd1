"""Real engines of TensorRT-RTX, for GPUs that are not here: what is built, recorded, kept and refused."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from trireme import digest, tree
from trireme.build import build
from trireme.discover import discover
from trireme.gpu import Gpu
from trireme.lint import planfile

AFFINE = """
<ir_version: 8, opset_import: ["": 17]>
g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }
"""
STRANGE = """
<ir_version: 8, opset_import: ["": 17, "com.example": 1]>
g (float[n, 3] x) => (float[n, 3] y) { h = Add(x, x)  y = com.example.Wonder(h) }
"""
MODEL = """
version = 1
[engine]
[config]
max_batch_size = 8
[variants.gpu]
platform = "tensorrt_plan"
default_model_filename = "model.plan"
"""
EXPORT = """
import shutil
from pathlib import Path
def export(out):
    shutil.copy(Path(__file__).with_name("graph"), out / "model.onnx")
"""


def trireme(root, *words):
    program = str(Path(sys.executable).with_name("trireme"))
    return subprocess.run([program, "--root", str(root), *words], capture_output=True, text=True, check=False)  # noqa: S603 - our own


def write(root, graph=AFFINE, text=MODEL):
    folder = root / "models/affine"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.toml").write_text(text)
    (folder / "export.py").write_text(EXPORT)
    onnx.save(onnx.parser.parse_model(graph), folder / "graph")
    (folder / "examples.json").write_text('[{"inputs": {"x": [1, 2, 3]}}]')
    return root


@pytest.fixture
def affine(tmp_path):
    write(tmp_path)
    build(discover(tmp_path))
    return tmp_path


def built(root, *words):
    done = trireme(root, "engines", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--for", "sm99"), "--for: 'sm99' is refused; did you mean 'sm89'?"),
        (("afine", "--for", "sm89"), "a model with an [engine] table: 'afine' is refused; did you mean 'affine'?"),
        (("--runtime", "tensorrt"), "tensorrt cannot be loaded (No module named 'tensorrt'); build it inside the Triton image"),
    ],
)
def test_what_the_command_refuses(affine, words, sentence):
    done = trireme(affine, "engines", *words)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr


@pytest.mark.skipif(Gpu.here() is not None, reason="asks what is said where no GPU is")
def test_without_a_gpu_one_has_to_be_named(affine):
    done = trireme(affine, "engines")
    assert done.returncode == 2
    assert "no GPU is here, and none is named; name some: --for sm121; known are sm75, sm80, sm86, sm89" in done.stderr


def test_a_graph_that_tensorrt_cannot_parse_names_its_node(tmp_path):
    write(tmp_path)
    build(discover(tmp_path))
    onnx.save(onnx.parser.parse_model(STRANGE), tmp_path / "model_repository/affine/1/model.onnx")
    done = trireme(tmp_path, "engines", "--for", "sm89")
    assert done.returncode == 2
    assert "error: affine/model.onnx: TensorRT's parser refuses node 1 '" in done.stderr
    assert "(Wonder): it has no such operator; export it without that operator, or name another source" in done.stderr
    assert list((tmp_path / "model_repository/affine/1").glob("*.plan*")) == []


def test_a_source_that_is_not_there_is_named_with_those_that_are(affine):
    write(affine, text=MODEL.replace("[engine]", '[engine]\nsource = "model.fp16.onnx"'))
    done = trireme(affine, "engines", "--for", "sm89")
    assert "engine.source: model.fp16.onnx is missing; did you mean 'model.onnx'?" in done.stderr


def test_precisions_need_a_builder_that_is_not_strongly_typed(affine):
    write(affine, text=MODEL.replace("[engine]", '[engine]\nstrongly_typed = false\nprecisions = ["fp16"]'))
    done = trireme(affine, "engines", "--for", "sm89")
    assert "builds strongly typed networks only; name a source in the precision that is wanted" in done.stderr


def test_a_model_without_a_config_that_serves_engines_says_what_to_write(affine):
    shutil.rmtree(affine / "model_repository/affine/configs")
    done = trireme(affine, "engines", "--for", "sm89")
    assert 'no config of it serves an engine; write [variants.gpu] with platform = "tensorrt_plan"' in done.stderr


def test_buckets_of_a_model_without_any_are_refused(affine):
    write(affine, text=MODEL.replace("[engine]", '[engine]\nbuckets = "affine"'))
    assert "engine.buckets: 'affine' is refused; there is none" in trireme(affine, "engines").stderr


def test_an_engine_has_a_record_that_the_linter_believes(affine):
    built(affine, "--for", "sm89")
    plan = affine / "model_repository/affine/1/model.sm89.plan"
    record = json.loads(plan.with_name("model.sm89.plan.json").read_text())
    kept = {key: record[key] for key in ("runtime", "capability", "gpu", "source", "sha256", "source_sha256", "strongly_typed")}
    assert kept == {
        "runtime": "tensorrt-rtx",
        "capability": "8.9",
        "gpu": "",
        "source": "model.onnx",
        "sha256": digest.of_file(plan),
        "source_sha256": digest.of_file(plan.with_name("model.onnx")),
        "strongly_typed": True,
    }
    known = planfile.read(plan)
    assert (known.problem, known.runtime) == ("", "tensorrt-rtx")
    assert known.profiles[0].covers({"x": (8, 3)})
    assert known.tensors == {"x": ("input", "TYPE_FP32", (-1, 3)), "y": ("output", "TYPE_FP32", (-1, 3))}


def test_triton_is_told_which_file_each_gpu_loads(affine):
    config = (affine / "model_repository/affine/configs/gpu.pbtxt").read_text()
    assert 'cc_model_filenames {\n  key: "8.9"\n  value: "model.sm89.plan"\n}' in config


def test_an_engine_that_is_there_is_kept_and_one_that_was_changed_is_not(affine):
    assert built(affine, "--for", "sm89")[0].split()[-2] == "s"
    assert built(affine, "--for", "sm89")[0].split()[-2] == "kept"
    plan = affine / "model_repository/affine/1/model.sm89.plan"
    plan.write_bytes(plan.read_bytes()[:-1] + b"x")
    assert built(affine, "--for", "sm89")[0].split()[-2] == "s"
    assert planfile.read(plan).problem == ""


def test_a_build_carries_engines_over_and_drops_those_of_another_source(affine):
    built(affine, "--for", "sm86,sm89")
    folder = affine / "model_repository/affine/1"
    other = affine / "models/other"
    shutil.copytree(affine / "models/affine", other)
    build(discover(affine))
    assert sorted(path.name for path in folder.glob("*.plan*")) == [
        "model.sm86.plan", "model.sm86.plan.json", "model.sm89.plan", "model.sm89.plan.json",
    ]  # fmt: skip
    assert list(tree.unplanned(affine / "model_repository", build(discover(affine)).plan)) == []
    write(affine, AFFINE.replace("Add", "Mul"))
    build(discover(affine), relock=("affine",))
    assert list(folder.glob("*.plan*")) == []


@pytest.fixture(scope="module")
def shipped(sources, tmp_path_factory):
    """The two shipped models that have engines, with links to what is built: nothing is added to the served tree."""
    root = tmp_path_factory.mktemp("shipped")
    shutil.copytree(sources.root / "models", root / "models")
    for name in ("shape_detector", "text_encoder"):
        shutil.copytree(sources.root / "model_repository" / name, root / "model_repository" / name, copy_function=os.link)
    return root


@pytest.mark.parametrize("target", ["sm86", "sm89", "sm120"])
@pytest.mark.parametrize(
    ("model", "profiles", "inputs"),
    [
        ("shape_detector", 1, {"pixels": (16, 3, 128, 128)}),
        ("text_encoder", 5, {"input_ids": (64, 128), "attention_mask": (64, 128)}),
    ],
)
def test_the_shipped_models_have_engines_for_rtx_gpus(shipped, model, profiles, inputs, target):
    built(shipped, model, "--for", target)
    plan = planfile.read(max((shipped / "model_repository" / model).glob("[0-9]*")) / f"model.{target}.plan")
    assert (plan.problem, plan.runtime, len(plan.profiles)) == ("", "tensorrt-rtx", profiles)
    assert any(profile.covers(inputs) for profile in plan.profiles)
    assert not any(profile.covers({name: (1024, *shape[1:]) for name, shape in inputs.items()}) for profile in plan.profiles)
    assert {name for name, tensor in plan.tensors.items() if tensor.side == "input"} == set(inputs)
