from trireme.bench import gateway


def test_the_time_added_and_two_loads_are_measured(sources):
    added, rows, singles = gateway.measure(sources, quick=True)
    assert added[1].endswith(" ms")
    assert float(rows[1].replace(",", "")) > 0
    assert float(singles[1].replace(",", "")) > 0
    assert "5 rounds" in singles[2]
