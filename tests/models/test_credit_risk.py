import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from trireme.sources import load_module


@pytest.fixture(scope="module")
def held_out(sources):
    data = load_module(sources.root / "models/credit_risk/data.py")
    return data.applicants(4000, data.HELD_OUT_SEED)


def test_the_second_version_is_better_than_the_baseline_as_served(client, held_out):
    features, defaults = held_out
    scores = []
    for version in ("1", "2"):
        batches = [client.infer("credit_risk", {"features": part}, version=version) for part in np.split(features, 4)]
        scores.append(roc_auc_score(defaults, np.concatenate([found["probability_of_default"] for found in batches])[:, 0]))
    assert 0.72 < scores[0] < scores[1]


def test_the_data_is_the_same_for_the_same_seed(sources, held_out):
    data = load_module(sources.root / "models/credit_risk/data.py")
    np.testing.assert_array_equal(data.applicants(4000, data.HELD_OUT_SEED)[0], held_out[0])
