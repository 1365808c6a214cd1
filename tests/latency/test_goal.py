import pytest

from trireme.errors import SourceError
from trireme.latency.goal import Goal, parse


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"rate": 1, "p99": 5}, "latency: unknown key 'p99'; did you mean 'p99_ms'?"),
        ({"p99_ms": 5}, "latency: rate is missing"),
        ({"rate": 5}, "latency: p99_ms is missing"),
        ({"rate": 0, "p99_ms": 5}, "latency.rate: 0 is refused; it is a number above 0"),
        ({"rate": True, "p99_ms": 5}, "latency.rate: True is refused"),
        ({"rate": 1, "p99_ms": "5ms"}, "latency.p99_ms: '5ms' is refused"),
        ({"rate": 1, "p99_ms": 5, "p50_ms": 6}, "half of the requests cannot take longer than p99_ms = 5"),
    ],
)
def test_what_it_refuses(table, sentence):
    with pytest.raises(SourceError) as refusal:
        parse(table, "latency")
    assert sentence in str(refusal.value)


def test_a_p50_need_not_be_stated():
    assert parse({"rate": 10, "p99_ms": 5}, "latency") == Goal(10, 5, float("inf"))
