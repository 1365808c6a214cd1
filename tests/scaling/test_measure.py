"""What one replica is worth, measured on the running repository."""

import pytest

from trireme.scaling.measure import measure

pytestmark = pytest.mark.alone


def test_a_replica_is_measured_on_the_real_server(sources):
    found = measure(sources, "credit_risk", placing=20.0, seconds=0.2)
    assert found.capacity > 1 / found.latency  # many clients are answered more than one is
    assert 20.5 < found.cold_start < 80.0
