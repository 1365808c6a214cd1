import os

import pytest

from trireme.lint import fix
from trireme.lint.repository import Options
from trireme.lint.run import lint


@pytest.fixture
def mended(tmp_path):
    def run(text):
        folder = tmp_path / "m" / "1"
        folder.mkdir(parents=True)
        (folder / "model.py").write_text("class TritonPythonModel:\n    def execute(self, r): return []\n")
        (tmp_path / "m" / "config.pbtxt").write_text(text)
        found = lint(tmp_path, Options(gpus=0))
        ((path, after, diff),) = fix.diffs(tmp_path, found)
        fix.write(path, after)
        return path.read_text(), diff

    return run


def test_a_value_is_replaced_in_its_place(mended):
    text, diff = mended('# mine\nname: "other"   # kept\nbackend: "python"\n')
    assert text == '# mine\nname: "m"   # kept\nbackend: "python"\n'
    assert diff == (
        '--- a/m/config.pbtxt\n+++ b/m/config.pbtxt\n@@ -1,3 +1,3 @@\n # mine\n-name: "other"   # kept\n+name: "m"   # kept\n'
        ' backend: "python"\n'
    )


def test_a_field_that_has_to_go_takes_its_line_along(mended):
    text, _ = mended('backend: "python"\nmax_batch_size: 4\nresponse_cache { enable: true }\nsequence_batching { }\n')
    assert text == 'backend: "python"\nmax_batch_size: 4\nsequence_batching { }\n'


def test_a_field_among_others_leaves_them(mended):
    text, _ = mended('backend: "python"; response_cache { enable: true }, sequence_batching { }\n')
    assert text == 'backend: "python";  sequence_batching { }\n'


def test_what_was_mended_has_nothing_left_to_mend(mended, tmp_path):
    mended('name: "x"\nbackend: "python"\nmax_batch_size: -3\ninstance_group { kind: KIND_GPU count: -1 }\n')
    assert [finding for finding in lint(tmp_path, Options(gpus=0)) if finding.fix is not None] == []


def test_a_write_that_fails_leaves_the_file(tmp_path, monkeypatch):
    path = tmp_path / "config.pbtxt"
    path.write_text("before")
    monkeypatch.setattr(os, "fdopen", lambda *_, **__: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        fix.write(path, "after")
    assert [file.name for file in tmp_path.iterdir()] == ["config.pbtxt"]
    assert path.read_text() == "before"


def test_line_ends_and_links_are_kept(tmp_path):
    folder, kept = tmp_path / "repository" / "m", tmp_path / "kept.pbtxt"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.py").write_text("class TritonPythonModel:\n    def execute(self, r): return []\n")
    kept.write_bytes(b'name: "x"\r\nbackend: "python"\r\n')
    (folder / "config.pbtxt").symlink_to(kept)
    ((path, text, _),) = fix.diffs(tmp_path / "repository", lint(tmp_path / "repository"))
    fix.write(path, text)
    assert (folder / "config.pbtxt").is_symlink()
    assert kept.read_bytes() == b'name: "m"\r\nbackend: "python"\r\n'


def test_every_element_of_a_list_goes_at_once(tmp_path):
    io = 'input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }\noutput { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }\n'
    for name, text in {
        "e": f'platform: "ensemble"\n{io}ensemble_scheduling {{ step {{ model_name: "m" model_version: -1 '
        'input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }\n'
        "instance_group { count: 1 }\ninstance_group { count: 2 }\n",
        "m": f'backend: "python"\n{io}',
    }.items():
        (tmp_path / name / "1").mkdir(parents=True)
        (tmp_path / name / "config.pbtxt").write_text(text)
    (tmp_path / "m" / "1" / "model.py").write_text("class TritonPythonModel:\n    def execute(self, r): return []\n")
    ((path, text, _),) = fix.diffs(tmp_path, lint(tmp_path))
    assert "instance_group" not in text
    fix.write(path, text)
    assert lint(tmp_path) == []


def test_an_ensembles_batch_is_its_smallest_members_and_no_variants(tmp_path):
    io = 'input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }\noutput { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }\n'
    steps = [
        f'step {{ model_name: "{name}" model_version: -1 input_map {{ key: "x" value: "{one}" }} output_map {{ key: "y" value: '
        f'"{two}" }} }}'
        for name, one, two in (("a", "x", "t"), ("b", "t", "y"))
    ]
    files = {
        "e/config.pbtxt": f'platform: "ensemble"\nmax_batch_size: 8\n{io}ensemble_scheduling {{ {" ".join(steps)} }}\n',
        "a/config.pbtxt": f'backend: "python"\nmax_batch_size: 4\n{io}',
        "b/config.pbtxt": f'backend: "python"\nmax_batch_size: 2\n{io}',
        "b/configs/small.pbtxt": f'backend: "python"\nmax_batch_size: 1\n{io}',
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for name in ("a", "b"):
        (tmp_path / name / "1").mkdir()
        (tmp_path / name / "1" / "model.py").write_text("class TritonPythonModel:\n    def execute(self, r): return []\n")
    (tmp_path / "e" / "1").mkdir()
    ((_, text, _),) = fix.diffs(tmp_path, lint(tmp_path))
    assert "max_batch_size: 2\n" in text
