"""The conformance tests, run as users run them: on the shipped repository, and on three in the style of Triton's examples."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.alone
"""Release 24.10 can die of a cancellation that comes as the answer does, which a busy machine makes likely:
https://github.com/triton-inference-server/server/issues/8034."""
ROOT = Path(__file__).parents[2]
CANCELLED = "test_a_cancelled_request_ends_and_the_model_goes_on"
FOREIGN = ROOT / "tests" / "foreign"


def run(repository, folder, *flags):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "trireme.testing.conformance"]
    command += ["--triton-repository", str(repository), *flags]
    environment = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}
    return subprocess.run(  # noqa: S603 - our own interpreter
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=500
    )


def conforming(repository, folder, *flags):
    """Run them, and once more where the server died: the release does of a cancellation now and then, at it or soon after."""
    done = run(repository, folder, *flags)
    died = f"FAILED {CANCELLED}" in re.sub(r"\S*::", "", done.stdout) or "Connection refused" in done.stdout
    return run(repository, folder, *flags) if done.returncode and died else done


@pytest.mark.parametrize("name", sorted(path.name for path in FOREIGN.iterdir()))
def test_a_foreign_repository_conforms(name, tmp_path):
    done = conforming(FOREIGN / name, tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 10


def test_the_shipped_repository_conforms(tmp_path):
    done = conforming(
        ROOT / "model_repository",
        tmp_path,
        "--triton-examples",
        str(ROOT / "models"),
        "--triton-examples",
        str(ROOT / "ensembles"),
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_model_that_forgets_its_request_does_not_conform(tmp_path):
    """The tests can fail: this model's answer depends on who else is in the batch."""
    version = tmp_path / "repository" / "leaky" / "1"
    version.mkdir(parents=True)
    (version.parent / "config.pbtxt").write_text(
        'backend: "python"\nmax_batch_size: 8\n'
        'input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }\noutput { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }\n'
    )
    (version / "model.py").write_text(
        "import triton_python_backend_utils as pb_utils\n\n\nclass TritonPythonModel:\n    def execute(self, requests):\n"
        "        tensors = [pb_utils.get_input_tensor_by_name(request, 'x').as_numpy() for request in requests]\n"
        "        return [pb_utils.InferenceResponse([pb_utils.Tensor('y', x * len(x))]) for x in tensors]\n"
    )
    done = run(tmp_path / "repository", tmp_path, "-k", "alone or example")
    assert done.returncode == 1
    assert "y of item 0 differs in a batch" in done.stdout
