import pytest

from trireme.build import build
from trireme.check import check
from trireme.discover import discover
from trireme.errors import DuplicateNameError, ValueRefusedError
from trireme.new import backends, create


@pytest.mark.parametrize("name", ["Big", "1st", "../up", "a b", ""])
def test_a_name_that_cannot_be_a_models_is_refused(project, name):
    with pytest.raises(ValueRefusedError, match="a name is a small letter"):
        create(project, name, "python")


def test_a_name_that_is_taken_is_refused_and_nothing_is_written_over(project):
    before = (project / "models/double/infer.py").read_text()
    with pytest.raises(DuplicateNameError):
        create(project, "double", "onnxruntime")
    assert (project / "models/double/infer.py").read_text() == before


def test_a_backend_without_a_template_is_refused_with_the_nearest(project):
    with pytest.raises(ValueRefusedError, match="did you mean 'onnxruntime'"):
        create(project, "other", "onnxruntim")


@pytest.mark.parametrize("backend", backends())
def test_what_is_written_builds_and_passes_the_check_as_it_stands(project, backend):
    written = create(project, f"fresh-{backend}", backend)
    build(discover(project))
    assert check(discover(project)) == []
    assert sum(len((project / path).read_text().splitlines()) for path in written) <= 40
