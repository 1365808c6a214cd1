from trireme.bench import gateway


def test_the_time_added_two_loads_and_the_shares_of_its_own_time_are_measured(sources):
    added, rows, singles, *layers = gateway.measure(sources, quick=True)
    assert added[1].endswith(" ms")
    assert float(rows[1].replace(",", "")) > 0
    assert float(singles[1].replace(",", "")) > 0
    assert "5 rounds" in singles[2]
    shares = [int(layer[1].removesuffix("%")) for layer in layers]
    assert all(shares)
    assert 95 <= sum(shares) <= 105
