import subprocess
import sys
from pathlib import Path

import pytest

from trireme.errors import SourceError
from trireme.lint import command
from trireme.lint.command import Asked


@pytest.fixture
def repository(tmp_path):
    for name, text in {"good": 'backend: "python"', "bad": 'backend: "python"\nmax_batch_size: -1'}.items():
        (tmp_path / name / "1").mkdir(parents=True)
        (tmp_path / name / "1" / "model.py").write_text("class TritonPythonModel:\n    def execute(self, r): return []\n")
        (tmp_path / name / "config.pbtxt").write_text(text)
    return tmp_path


def trireme(*words, cwd):
    command_line = [str(Path(sys.executable).with_name("trireme")), *words]
    return subprocess.run(command_line, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - our own


def test_findings_exit_with_1_and_none_with_0(repository):
    assert command.run(Asked(repository))[1] == 1
    assert command.run(Asked(repository / "good")) == ("nothing found", 0)
    assert command.run(Asked(repository, ignore="TR1")) == ("nothing found", 0)


def test_a_model_is_checked_alone_with_its_neighbours_known(repository):
    text, code = command.run(Asked(repository / "bad"))
    assert code == 1
    assert "bad/config.pbtxt:2:17: error TR113 max_batch_size is -1; write 0 for a model that does not batch" in text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"select": "XX1"}, "--select: unknown key 'XX1'"),
        ({"ignore": "TR99"}, "--ignore: unknown key 'TR99'"),
        ({"releases": ("1.0",)}, "--triton: '1.0' is refused"),
        ({"shm_size": "much"}, "--shm-size: 'much' is refused; write a number of bytes"),
    ],
)
def test_options_that_cannot_be_are_refused(repository, given, message):
    with pytest.raises(SourceError, match=message):
        command.run(Asked(repository, **given))


def test_a_path_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SourceError, match="nowhere: the repository is missing"):
        command.run(Asked(tmp_path / "nowhere"))


def test_sizes_are_read_as_docker_writes_them(repository):
    sizes = [command.options(Asked(repository, shm_size=size)).shm_bytes for size in ("64", "64k", "1m", "2g", "1GiB")]
    assert sizes == [64, 64 << 10, 1 << 20, 2 << 30, 1 << 30]


def test_fix_shows_what_it_mended(repository):
    text, code = command.run(Asked(repository), fix=True)
    assert "-max_batch_size: -1\n+max_batch_size: 0" in text
    assert (text.splitlines()[-1], code) == ("nothing found", 0)


def test_a_page_is_explained_whatever_the_case():
    assert command.page("tr302").startswith("TR302 (error): A preferred batch size above the largest batch\n")
    with pytest.raises(SourceError, match="--explain: unknown key 'TR9'"):
        command.page("TR9")


def test_the_command_line_exits_with_0_1_and_2(repository):
    assert trireme("lint", str(repository / "good"), cwd=repository).returncode == 0
    assert trireme("lint", str(repository), cwd=repository).returncode == 1
    done = trireme("lint", "nowhere", cwd=repository)
    assert (done.returncode, done.stderr) == (
        2, "error: nowhere: the repository is missing; name a folder of models, or run `make repo` first\n"
    )  # fmt: skip


def test_nothing_heavy_is_imported(repository):
    code = (
        "import sys; from pathlib import Path; from trireme.lint.command import Asked, run; "
        f"run(Asked(Path({str(repository)!r}))); "
        "print(sorted({'torch', 'onnx', 'onnxruntime', 'numpy', 'grpc', 'tritonclient.grpc', 'pytriton'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert done.stdout.strip() == "[]"


def places(text):
    return [line.split(": ", 1)[0] for line in text.splitlines() if " TR" in line]


def test_a_place_is_written_from_here(repository, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(repository / "bad")
    assert places(command.run(Asked(Path()))[0]) == ["config.pbtxt:2:17"]
    assert places(command.run(Asked(Path("..")))[0]) == ["config.pbtxt:2:17"]
    monkeypatch.chdir(repository)
    assert places(command.run(Asked(Path("bad")))[0]) == ["bad/config.pbtxt:2:17"]
    assert places(command.run(Asked(repository / "bad"))[0]) == ["bad/config.pbtxt:2:17"]
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert places(command.run(Asked(repository))[0]) == [f"{repository}/bad/config.pbtxt:2:17"]


def test_a_link_to_a_model_is_a_model_of_the_links_name(repository, tmp_path_factory, monkeypatch):
    here = tmp_path_factory.mktemp("here")
    (here / "linked").symlink_to(repository / "bad")
    monkeypatch.chdir(here)
    assert places(command.run(Asked(Path("linked")))[0]) == ["linked/config.pbtxt:2:17"]


def test_a_model_without_a_config_is_a_model_by_its_versions(repository):
    (repository / "good" / "config.pbtxt").unlink()
    assert command.run(Asked(repository / "good")) == ("nothing found", 0)


def test_names_that_would_break_a_line_are_escaped(repository):
    strange = repository / "a\nb\udcff"
    strange.mkdir()
    for style in ("text", "json", "sarif", "github"):
        text, code = command.run(Asked(repository), style)
        assert code == 1
        assert "a\nb" not in text
        text.encode()
    assert "a%0Ab%FF" in command.run(Asked(repository), "sarif")[0]


def test_members_of_other_repositories_are_named(repository):
    (repository / "e" / "1").mkdir(parents=True)
    tensors = 'input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] } output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }'
    maps = 'input_map { key: "a" value: "x" } output_map { key: "b" value: "y" }'
    step = f'step {{ model_name: "far" model_version: -1 {maps} }}'
    (repository / "e" / "config.pbtxt").write_text(f'platform: "ensemble" {tensors} ensemble_scheduling {{ {step} }}')
    assert "TR508" in command.run(Asked(repository / "e"))[0]
    assert command.run(Asked(repository / "e", elsewhere="far,other")) == ("nothing found", 0)


def test_a_variant_that_no_model_has_is_refused(repository):
    with pytest.raises(SourceError, match="--model-config-name: unknown key 'gpu'"):
        command.run(Asked(repository, variant="gpu"))


def test_a_mended_repository_is_checked_again_in_every_style(repository):
    text, code = command.run(Asked(repository), "json", fix=True)
    assert (text, code) == ("[]", 0)
    assert (repository / "bad" / "config.pbtxt").read_text() == 'backend: "python"\nmax_batch_size: 0'


def test_a_path_that_no_file_system_takes_is_refused(tmp_path):
    with pytest.raises(SourceError, match="is missing"):
        command.run(Asked(tmp_path / ("x" * 300)))
