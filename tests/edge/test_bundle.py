"""Bundles: what they hold, what they refuse, and that they answer as the server does, in an environment of their own."""

import json
import shutil
import subprocess
import sys
import venv

import numpy as np
import pytest

from trireme import modelconfig
from trireme.build import build
from trireme.discover import discover
from trireme.edge import bundle
from trireme.errors import EdgeError, ForeignFileError, MissingSourceError
from trireme.examples import read_examples


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A Python of its own, with what a bundle's requirements name and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv/bin/python"

    def run(out, *words):
        install = [python, "-m", "pip", "install", "--quiet", "-r", out / "requirements.txt"]
        subprocess.run(install, check=True, timeout=300)  # noqa: S603 - our own command
        done = subprocess.run([python, out / "run.py", *words], capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_detector_answers_from_onnxruntime_and_numpy_alone(sources, clean, tmp_path):
    bundle.write(sources, "shape_detector", tmp_path / "edge")
    names = [line.partition("==")[0] for line in (tmp_path / "edge/requirements.txt").read_text().splitlines()]
    assert names == ["numpy", "onnxruntime"]
    assert (tmp_path / "edge/shape_detector/model.int8.onnx").is_file()
    config = modelconfig.from_text((sources.root / "model_repository/shape_detector/config.pbtxt").read_text())
    example = read_examples(sources.root / "models/shape_detector", config)[0]
    np.save(tmp_path / "pixels.npy", example.inputs["pixels"][None])
    found = clean(tmp_path / "edge", json.dumps({"pixels": {"file": str(tmp_path / "pixels.npy")}}))
    assert example.mismatch({name: np.array(rows[0], np.float32) for name, rows in found.items()}) is None


def test_a_pipeline_answers_as_the_server_does(sources, clean, client, tmp_path):
    bundle.write(sources, "image_detection", tmp_path / "edge")
    scene = sources.root / "ensembles/image_detection/examples/scene.jpg"
    found = clean(tmp_path / "edge", json.dumps({"image": [[{"file": str(scene)}]]}))
    served = client.infer("image_detection", {"image": [scene.read_bytes()]})
    assert found["detection_labels"][0] == [label.decode() for label in served["detection_labels"][0]]
    assert found["detection_scores"][0] == pytest.approx(served["detection_scores"][0].tolist(), abs=1e-4)


def test_the_runner_is_small():
    lines = bundle.RUNNER.read_text().splitlines()
    assert len([line for line in lines if line.strip() and not line.startswith(("import", "from"))]) <= 20


def test_writing_again_replaces_a_bundle_and_nothing_else(sources, tmp_path):
    out = tmp_path / "edge"
    first = bundle.write(sources, "credit_features", out)
    assert bundle.write(sources, "credit_features", out) == first
    (out / "result.csv").write_text("1")
    with pytest.raises(ForeignFileError, match=r"result\.csv"):
        bundle.write(sources, "credit_features", out)
    assert (out / "result.csv").read_text() == "1"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("years of work")
    with pytest.raises(ForeignFileError, match=r"thesis\.tex"):
        bundle.write(sources, "credit_features", tmp_path / "mine")
    assert (tmp_path / "mine/thesis.tex").read_text() == "years of work"


def test_what_only_triton_can_run_is_refused(sources, project, tmp_path):
    with pytest.raises(EdgeError, match="text_embedder is run by the backend 'pytorch'; export it as ONNX"):
        bundle.write(sources, "text_embedder", tmp_path / "edge")
    with pytest.raises(EdgeError, match="text_router asks other models"):
        bundle.write(sources, "text_router", tmp_path / "edge")
    assert not (tmp_path / "edge").exists()
    with pytest.raises(MissingSourceError, match=r"double: config\.pbtxt is missing; run `make repo` first"):
        bundle.write(discover(project), "double", tmp_path / "edge")


def test_a_python_model_is_bundled_without_the_adapter(project, tmp_path):
    build(discover(project))
    files = [str(path) for path in bundle.write(discover(project), "double", tmp_path / "edge")]
    assert files == ["bundle.json", "double/infer.py", "infer.py", "requirements.txt", "run.py"]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, tmp_path / "edge/run.py", '{"x": [[2], [3]]}'], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {"y": [[4.0], [6.0]]}


def test_outputs_are_cast_and_neighbours_of_steps_are_kept_apart(tmp_path):
    steps = []
    for name, factor, given, made in (("one", 2, "x", "middle"), ("two", 5, "middle", "y")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "factor.py").write_text(f"FACTOR = {factor}\n")
        (tmp_path / name / "infer.py").write_text(
            "import numpy as np\nfrom factor import FACTOR\n\n\ndef infer(*, x):\n"
            "    assert x.dtype == np.float32\n    return {'y': x.astype(np.float64) * FACTOR}\n"
        )
        maps = {"input_map": {"x": given}, "output_map": {"y": made}, "types": {"y": "FP32"}}
        own = {"name": name, "kind": "python", "folder": name, "file": "infer.py", "parameters": {}, "alone": False}
        steps.append(own | maps)
    table = {"unit": "u", "inputs": {"x": "FP32"}, "outputs": ["y"], "batched": True, "steps": steps}
    (tmp_path / "bundle.json").write_text(json.dumps(table))
    for path in (bundle.RUNNER, bundle.table.RUNNER):
        shutil.copyfile(path, tmp_path / path.name)
    line = [sys.executable, tmp_path / "run.py", '{"x": [[3]]}']
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert (done.stdout, done.stderr) == ('{"y": [[30.0]]}\n', "")
