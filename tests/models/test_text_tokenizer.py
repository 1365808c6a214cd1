import numpy as np
import pytest

from trireme import built
from trireme.sources import load_module


@pytest.fixture(scope="module")
def infer(sources):
    return built.infer(sources.root / "model_repository", "text_tokenizer")


def texts(*items):
    return np.array([[item] for item in items], object)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "text: row 1 is empty; expected 1 to 10000 characters"),
        (b" \n\t", "text: row 1 is empty"),
        (b"x" * 10_001, "text: row 1 has 10001 characters; expected 1 to 10000"),
        (b"caf\xe9", r"text: row 1 is not UTF-8 \(unexpected end of data at byte 3\)"),
    ],
)
def test_text_that_cannot_be_read_is_refused_by_row(infer, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        infer(text=texts(b"good", text))


@pytest.mark.parametrize(("words", "bucket"), [(1, 16), (14, 16), (15, 32), (100, 128), (1000, 256)])
def test_a_batch_is_padded_to_the_least_bucket_that_holds_it(infer, words, bucket):
    found = infer(text=texts(b"good", b"word " * words))
    assert found["input_ids"].shape == found["attention_mask"].shape == (2, bucket)
    assert found["attention_mask"].sum(axis=1).tolist() == [3, min(words + 2, 256)]


def test_tokens_are_the_reference_tokenizers(infer, sources):
    from transformers import AutoTokenizer  # noqa: PLC0415 - slow to import

    folder = load_module(sources.root / "models/text_encoder/encoder.py").model_folder()
    text = "The ferry was punctual; Füße & naïve 東京!"
    ids = AutoTokenizer.from_pretrained(folder)(text)["input_ids"]
    found = infer(text=texts(text.encode()))
    assert found["input_ids"][0, : len(ids)].tolist() == ids
