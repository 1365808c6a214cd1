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
