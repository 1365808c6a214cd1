import hashlib
import json

import pytest

from trireme.lint import planfile


def written(folder, record):
    (folder / "model.plan").write_bytes(b"plan")
    (folder / "model.plan.json").write_text(record if isinstance(record, str) else json.dumps(record))
    return planfile.read(folder / "model.plan")


@pytest.mark.parametrize(
    "record", ["{", "[]", '{"profiles": 3}', '{"profiles": [{"x": {"min": [1]}}]}', '{"profiles": [{"x": 3}]}']
)
def test_a_record_that_is_none_is_a_problem(tmp_path, record):
    assert written(tmp_path, record).problem.startswith("it cannot be read")


def test_a_record_of_the_plan_has_its_profiles(tmp_path):
    digest = hashlib.sha256(b"plan").hexdigest()
    plan = written(tmp_path, {"sha256": digest, "profiles": [{"x": {"min": [1, 3], "opt": [4, 3], "max": [8, 3]}}]})
    assert plan.problem == ""
    assert plan.profiles[0].covers({"x": [8, 3]})
    assert not plan.profiles[0].covers({"x": [9, 3]})
    assert not plan.profiles[0].covers({"x": [8]})


def test_without_a_record_nothing_is_known(tmp_path):
    (tmp_path / "model.plan").write_bytes(b"plan")
    assert planfile.read(tmp_path / "model.plan") == planfile.Plan()
