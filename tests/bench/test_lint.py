from trireme.bench import lint


def test_it_measures_one_model_and_many(monkeypatch):
    monkeypatch.setattr(lint, "MODELS", 3)
    monkeypatch.setattr(lint, "ENSEMBLES", 2)
    rows = list(lint.measure(None, quick=True))
    assert [row[0] for row in rows] == [
        "lint of one model, Python's start included",
        "lint of 3 models and 2 ensembles",
        "memory of lint, one model",
        "memory of lint, 5 models",
    ]
    assert all(float(row[1].split()[0]) > 0 for row in rows)
