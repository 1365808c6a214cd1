import subprocess
import sys
from pathlib import Path

import pytest

TRIREME = Path(sys.prefix) / "bin" / "trireme"


def run(*arguments, cwd):
    return subprocess.run([TRIREME, *arguments], cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (("max_batch_size", "max_batchsize"), "unknown key 'max_batchsize'; did you mean 'max_batch_size'?"),
        (("TYPE_FP32", "TYPE_FP31"), "'TYPE_FP31' is refused; did you mean 'TYPE_FP32'?"),
        (("version = 1", "version ="), "mend the TOML"),
    ],
)
def test_bad_sources_are_one_line_without_a_traceback_and_exit_2(project, edit, sentence):
    toml = project / "models/double/model.toml"
    toml.write_text(toml.read_text().replace(*edit, 1))
    done = run("build", cwd=project)
    assert done.returncode == 2
    assert done.stderr.startswith("error: models/double/model.toml")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_build_says_what_it_wrote_and_then_that_there_is_nothing_to_do(project):
    assert "model_repository/: 4 files written" in run("build", cwd=project).stdout
    assert run("build", cwd=project).stdout == "model_repository/: up to date\n"


def test_check_finds_with_exit_1_and_is_content_with_exit_0(project):
    assert run("check", cwd=project).returncode == 1
    run("build", cwd=project)
    assert run("check", cwd=project).returncode == 0


def test_outside_a_repository_the_root_is_asked_for(tmp_path):
    done = run("list", cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "name it with --root" in done.stderr


def test_a_misspelt_verb_gets_the_nearest_and_exit_2(tmp_path):
    done = run("bild", cwd=tmp_path)
    assert done.returncode == 2
    assert "Did you mean 'build'?" in done.stderr


def test_new_says_what_to_do_next(project):
    done = run("new", "fresh", cwd=project)
    assert "wrote models/fresh/infer.py" in done.stdout
    assert "make call M=fresh" in done.stdout


def test_calling_where_nobody_listens_says_how_to_start_the_server(project):
    run("build", cwd=project)
    done = run("call", "double", "--address", "grpc://127.0.0.1:9", cwd=project)
    assert done.returncode == 2
    assert "nobody listens at grpc://127.0.0.1:9; `make serve` starts the server" in done.stderr


def test_help_does_not_wait_for_heavy_libraries():
    code = "import sys, trireme.cli; print([name for name in ('onnx', 'torch', 'grpc', 'numpy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
