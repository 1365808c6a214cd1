import numpy as np
import pytest

from trireme.sources import load_infer

NAMES = ("age_years", "income_eur", "employment_years", "loan_eur", "term_months", "interest_rate_pct")


@pytest.fixture
def infer(sources):
    return load_infer("credit_features", sources.root)


def applicants(infer, count):
    order = infer.__globals__["ORDER"]
    return {name: np.full((count, 1), number, np.float32) for number, name in enumerate(order)}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_by_name_and_row(infer, bad):
    features = applicants(infer, 3)
    features["savings_eur"][1] = bad
    with pytest.raises(ValueError, match=rf"^savings_eur: row 1 is {bad}; expected a finite number$"):
        infer(**features)


def test_features_are_put_in_the_order_the_model_was_trained_with(infer, sources):
    data = (sources.root / "models/credit_risk/data.py").read_text()
    assert infer(**applicants(infer, 2))["features"].tolist() == [list(range(16))] * 2
    positions = [data.index(f'"{name}"') for name in infer.__globals__["ORDER"]]
    assert positions == sorted(positions)
