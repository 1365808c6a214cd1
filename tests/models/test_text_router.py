from types import SimpleNamespace

import numpy as np
import pytest

from trireme.errors import CallError
from trireme.sources import load_module

EASY, HARD = b"What a wonderful, friendly hotel.", b"The parcel was lost twice."


def router(sources, threshold, calls):
    """The router under a threshold of its own; `calls` notes what it sends on, and each is answered «negative»."""
    folder = sources.root / "models/text_router"
    source = load_module(folder / "infer.py")

    def call(model, inputs, outputs):
        calls.append((model, inputs["text"][:, 0].tolist(), outputs))
        shape = inputs["text"].shape
        return {"label": np.full(shape, b"negative", object), "confidence": np.full(shape, 0.99, np.float32)}

    source.setup(SimpleNamespace(folder=folder, parameters={"escalate_below": str(threshold)}, call=call))
    return source.infer


@pytest.mark.parametrize(
    ("text", "sentence"), [(b" ", "is empty"), (b"x" * 10_001, "has 10001 characters"), (b"\xff", "is not UTF-8")]
)
def test_text_that_cannot_be_read_is_refused_before_anything_is_sent_on(sources, text, sentence):
    calls = []
    with pytest.raises(ValueError, match=f"^text: row 1 {sentence}"):
        router(sources, 0.85, calls)(text=np.array([[HARD], [text]], object))
    assert calls == []


def test_all_hard_texts_of_a_batch_are_sent_on_in_one_call(sources):
    calls = []
    found = router(sources, 0.85, calls)(text=np.array([[HARD], [EASY], [HARD]], object))
    assert calls == [("text_classification", [HARD, HARD], ("label", "confidence"))]
    assert found["path"][:, 0].tolist() == [b"full", b"fast", b"full"]
    assert found["label"][:, 0].tolist() == [b"negative", b"positive", b"negative"]


@pytest.mark.parametrize(("threshold", "path"), [(0, b"fast"), (1.1, b"full")])
def test_the_threshold_decides(sources, threshold, path):
    found = router(sources, threshold, [])(text=np.array([[HARD], [EASY]], object))
    assert set(found["path"][:, 0]) == {path}


def test_what_is_sent_on_is_answered_as_the_full_pipeline_answers(client):
    routed, full = client.infer("text_router", {"text": [HARD]}), client.infer("text_classification", {"text": [HARD]})
    assert routed["path"].item() == b"full"
    assert routed["label"].item() == full["label"].item()
    assert routed["confidence"].item() == pytest.approx(full["confidence"].item(), abs=1e-5)


def test_the_refusal_of_the_full_pipeline_is_the_routers(client):
    with pytest.raises(CallError, match="text: row 0 has 10001 characters; expected 1 to 10000"):
        client.infer("text_router", {"text": [b"x" * 10_001]})
