import json

import pytest

from trireme.errors import UnreadableError
from trireme.tune import evidence

TABLE = {
    "format": 1, "model": "m", "unit": "pipeline", "goal_p99_ms": 50.0, "date": "2026-11-22", "version": 2, "artefact": "abc",
    "machine": {"processor": 'A "fast" one', "cores": 2}, "simulated": 456, "calibrated": 10,
    "chosen": {"knobs": "2 instances", "throughput": 727.3, "p99_ms": 45.1},
    "points": [
        {"knobs": "2 instances", "offered": 730.0, "p50_ms": 9.0, "p99_ms": None, "kept_rate": True, "simulated_p99_ms": 40.0},
    ],
    "rejected": [{"knobs": "1 instance", "why": "measured: it missed the goal at each rate"}],
}  # fmt: skip


def test_it_tells_what_was_chosen_what_was_measured_and_what_was_rejected():
    assert list(evidence.Evidence("cpu-2", TABLE).lines()) == [
        'tuned 2026-11-22 as part of pipeline on A "fast" one, 2 cores, for p99 <= 50 ms',
        "chosen    2 instances: 727 requests/s with p99 45.1 ms",
        "measured  730/s: not all were answered (simulated p99 40.0)  2 instances",
        "rejected  1 instance: measured: it missed the goal at each rate",
        "simulated 456 settings from 10 calibrated batch times",
    ]


def test_the_summary_is_toml_under_its_header():
    lines = evidence.summary(evidence.Evidence("cpu-2", TABLE), "# Built").splitlines()
    assert lines[0] == "# Built"
    assert 'processor = "A \\"fast\\" one"' in lines
    assert "version = 2" in lines


@pytest.mark.parametrize(
    ("text", "reason"), [("{", "Expecting"), (json.dumps({"format": 9}), "another format"), ("[]", "another")]
)
def test_what_is_no_evidence_is_refused(tmp_path, text, reason):
    path = evidence.path_of(tmp_path, "cpu-2")
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(UnreadableError, match=reason):
        evidence.read(tmp_path)
