"""The pre-commit hook and the GitHub Action that ship: what they run is run here as they would run it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "models" / "m" / "1").mkdir(parents=True)
    (tmp_path / "models" / "m" / "1" / "model.py").write_text("class TritonPythonModel:\n    def execute(self, r): return []\n")
    (tmp_path / "models" / "m" / "config.pbtxt").write_text('backend: "python"\nmax_batch_size: -1\n')
    return tmp_path


def shell(command, folder, **environment):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(  # noqa: S603 - the files of this repository
        ["bash", "-ec", command],  # noqa: S607 - as both of them do
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hook_runs_for_what_the_linter_reads_and_fails_on_findings(repository):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] == "trireme-lint"
    for path in ("m/config.pbtxt", "m/1/model.py", "m/1/model.onnx", "m/1/model.plan", "m/lint.toml"):
        assert re.search(hook["files"], path)
    assert not re.search(hook["files"], "README.md")
    done = shell(f"{hook['entry']} models/", repository)
    assert done.returncode == 1
    assert "models/m/config.pbtxt:2:17: error TR113" in done.stdout


def test_the_action_speaks_to_github_and_fails_on_findings(repository):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    install, lint = action["runs"]["steps"]
    assert install["run"].startswith("python -m pip install")
    given = {"inputs.repository": "models", "inputs.triton": "24.10", "inputs.args": "--gpus 0"}
    environment = {
        name: re.sub(r"\$\{\{ (.+?) \}\}", lambda match: given[match[1]], value) for name, value in lint["env"].items()
    }
    done = shell(lint["run"], repository, **environment)
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=models/m/config.pbtxt,line=2,col=17,title=TR113::")
    (repository / "models" / "m" / "config.pbtxt").write_text('backend: "python"\n')
    assert shell(lint["run"], repository, **environment).returncode == 0
