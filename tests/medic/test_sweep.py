"""What a dead server left in shared memory is taken back, and what its successor made is not."""

import os
import time

from trireme.medic.sweep import sweep


def test_only_regions_of_the_prefix_that_are_older_than_the_moment_go(tmp_path):
    for name in ("trireme-pod-old", "trireme-pod-new", "others-old"):
        (tmp_path / name).touch()
    past = time.time() - 100
    for name in ("trireme-pod-old", "others-old"):
        os.utime(tmp_path / name, (past, past))
    assert sweep(tmp_path, "trireme-pod-", time.time() - 50) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["others-old", "trireme-pod-new"]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert sweep(tmp_path / "none", "x", time.time()) == 0
