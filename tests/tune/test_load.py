import pytest

from trireme.tune import load
from trireme.tune.knobs import Knobs

pytestmark = pytest.mark.alone


def test_clients_that_ask_again_are_counted(live):
    live.load({"sleeper": Knobs(1, 0, (8,), 0)})
    rate = load.answered(live.address, [load.body("sleeper", live.samples[0])], 4, 1.5)
    assert 40 < rate < 4 / 0.034  # 31 ms for one at a time, at best four in 34
