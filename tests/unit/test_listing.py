from trireme.build import build
from trireme.discover import discover
from trireme.listing import rows


def test_a_model_is_listed_with_its_versions_backend_and_tensors(project):
    build(discover(project))
    assert list(rows(discover(project))) == ["double                   v1       python       x FP32[1] -> y FP32[1]"]


def test_a_model_that_is_not_built_is_said_to_be(project):
    assert list(rows(discover(project))) == ["double                   v1       not built"]


def test_many_tensors_are_counted(sources):
    (row,) = [row for row in rows(sources) if row.startswith("credit_features ")]
    assert "and 12 more -> features FP32[16]" in row
