import pytest

from trireme.engines import record
from trireme.engines.record import Record

MADE = Record("tensorrt-rtx", "1.7", "8.9", "", "model.onnx", "ab", strongly_typed=True, precisions=("fp16",), profiles=[])


def test_what_was_written_is_read(tmp_path):
    plan = tmp_path / "model.plan"
    record.path_of(plan).write_text(MADE.to_text())
    assert record.read(plan) == MADE


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 2}', '{"format": 1}', '{"format": 1, "precisions": [], "more": 1}'])
def test_a_record_of_another_kind_is_none(tmp_path, text):
    record.path_of(tmp_path / "model.plan").write_text(text)
    assert record.read(tmp_path / "model.plan") is None


def test_when_and_where_it_was_built_does_not_decide_the_plan():
    assert "date" not in MADE.asks()
    assert MADE.asks()["capability"] == "8.9"
