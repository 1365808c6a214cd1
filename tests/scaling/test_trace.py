"""Load traces: three that ship, and CSV of anybody's."""

import numpy as np
import pytest

from trireme.errors import TriremeError
from trireme.scaling import trace


@pytest.mark.parametrize("name", ["diurnal", "ramp", "spike"])
def test_the_shipped_ones_reach_their_peak(name):
    one = trace.read(name)
    assert one.each_second(100.0).max() == pytest.approx(100, rel=0.01)
    assert one.seconds >= 3600


def test_arrivals_rise_and_are_as_many_as_the_rates_say():
    one = trace.read("ramp")
    arrivals = one.arrivals(50.0)
    assert (np.diff(arrivals) >= 0).all()
    assert len(arrivals) == pytest.approx(one.each_second(50.0).sum(), rel=0.02)


def test_a_csv_is_read_and_keeps_its_rates(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("# a comment\nseconds,rate\n0,5\n60,10\n")
    assert trace.read(str(path)).each_second(None)[[0, 30]].tolist() == [5.0, 7.5]


@pytest.mark.parametrize(
    ("text", "said"),
    (
        ("time,rps\n0,1\n", "its first line is not seconds,rate"),
        ("", "its first line is not seconds,rate"),
        ("seconds,rate\n0,1\nsoon,2\n", "'soon,2' is no pair of numbers"),
        ("seconds,rate\n0\n", "'0' is no pair of numbers"),
        ("seconds,rate\n0,1\n", "there are two at least"),
        ("seconds,rate\n5,1\n6,1\n", "they begin at 0 and rise"),
        ("seconds,rate\n0,1\n9,1\n8,1\n", "they begin at 0 and rise"),
        ("seconds,rate\n0,1\n9,-1\n", "rates are from 0"),
        ("seconds,rate\n0,0\n9,0\n", "rates are from 0, and one is more"),
    ),
)
def test_a_csv_that_is_none_is_refused(text, said, tmp_path):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(TriremeError, match=said):
        trace.read(str(tmp_path / "bad.csv"))


def test_a_name_that_is_none_lists_the_shipped():
    with pytest.raises(TriremeError, match=r"did you mean 'spike'.*or give a CSV"):
        trace.read("spyke")
