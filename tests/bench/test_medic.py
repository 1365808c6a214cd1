"""The benchmark runs, and says what happened."""

from trireme.bench import medic


def test_a_killed_model_is_back_and_the_other_loses_nothing(sources):
    rows = {name: value for name, value, _, _ in medic.measure(sources, quick=True)}
    assert rows.keys() == {
        f"the medic's rounds over {len(sources.units)} idle models",
        "sentiment_head answers again after",
        "credit_risk's p99 over the 5 s around a kill of sentiment_head",
        "credit_risk's p99 over the 5 s in which it happens",
        "credit_risk's requests lost meanwhile",
    }
    assert rows["credit_risk's requests lost meanwhile"] == "0"
