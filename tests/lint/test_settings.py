import pytest

from trireme.errors import SourceError
from trireme.lint import settings
from trireme.lint.repository import Options
from trireme.lint.run import lint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[lint", "cannot be read"),
        ("[other]", r"unknown key 'other'"),
        ("[lint]\nignored = 1", r"unknown key 'ignored'; did you mean 'ignore'"),
        ('[lint]\nignore = { TR999 = "x" }', r"unknown key 'TR999'"),
        ('[lint]\nignore = { TR702 = "" }', r"TR702: '' is refused; say why"),
        ("[lint]\nignore = [1]", r"it is a table"),
        ("[lint]\nlatency_goal_ms = -1", r"it is a time in milliseconds"),
        ("[lint]\nlatency_goal_ms = true", r"it is a time in milliseconds"),
    ],
)
def test_what_cannot_be_set_is_refused_with_its_place(tmp_path, text, message):
    (tmp_path / "lint.toml").write_text(text)
    with pytest.raises(SourceError, match=message) as refusal:
        settings.read(tmp_path)
    assert "lint.toml" in str(refusal.value)


def test_settings_survive_the_way_to_text_and_back(tmp_path):
    one = settings.Settings({"TR702": 'the "notebooks" are read'}, 12.5)
    (tmp_path / "lint.toml").write_text(settings.to_text(one, "# from a test"))
    assert settings.read(tmp_path) == one


def test_an_ignored_rule_is_silent_in_its_model_alone(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name / "1").mkdir(parents=True)
        (tmp_path / name / "1" / "model.py").write_text("class TritonPythonModel:\n    def execute(self, r): return []\n")
        (tmp_path / name / "config.pbtxt").write_text('backend: "python"\ndynamic_batching { }\n')
    (tmp_path / "a" / "lint.toml").write_text('[lint]\nignore = { TR308 = "a queue is all it wants" }')
    assert [finding.model for finding in lint(tmp_path, Options())] == ["b"]
    (tmp_path / "lint.toml").write_text('[lint]\nignore = { TR308 = "everywhere" }')
    assert lint(tmp_path, Options()) == []


def test_a_folder_that_cannot_be_looked_into_sets_nothing(tmp_path):
    assert settings.read(tmp_path / ("x" * 300)) == settings.Settings()
