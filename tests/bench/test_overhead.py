import statistics

from trireme.bench import overhead


def test_the_adapter_and_the_twin_are_each_measured_against_doing_nothing(sources):
    rows = list(overhead.measure(sources, quick=True))
    assert [row[0] for row in rows] == ["added by the adapter to a batch of one", "added by the twin to a batch of one"]
    assert all(row[1].endswith("µs") for row in rows)


def test_the_spread_is_over_fifths_of_the_run():
    assert [statistics.median(part) for part in overhead._fifths(list(range(10)))] == [0.5, 2.5, 4.5, 6.5, 8.5]  # noqa: SLF001
