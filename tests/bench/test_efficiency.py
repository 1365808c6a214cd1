from trireme.bench import efficiency


def test_a_row_a_load_states_the_ratio_its_spread_and_the_target(sources):
    rows = list(efficiency.measure(sources, quick=True))
    assert len(rows) == len(efficiency.LOADS)
    for _, value, spread, target in rows:
        assert float(value) > 0
        assert "pairs" in spread
        assert target


def test_the_bare_pipeline_is_the_served_one(sources, client):
    text = efficiency.np.array([[b"What a wonderful, friendly hotel."]], object)
    bare = efficiency.bare_pipeline(sources.root / "model_repository")(text)
    assert bare["label"].item() == client.infer("text_classification", {"text": text})["label"].item()
