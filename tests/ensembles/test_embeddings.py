import numpy as np
import pytest
import torch

from trireme.sources import load_module

TEXTS = ["A short one.", "The ferry was punctual and the crossing pleasant.", "Füße, naïve and 東京.", "word " * 300]


def test_the_cosine_with_the_transformers_reference_is_at_least_0_9999(client, sources):
    from transformers import AutoTokenizer  # noqa: PLC0415 - slow to import

    encoder = load_module(sources.root / "models/text_encoder/encoder.py")
    tokens = AutoTokenizer.from_pretrained(encoder.model_folder())(
        TEXTS, padding=True, truncation=True, max_length=256, return_tensors="pt"
    )
    with torch.no_grad():
        reference = encoder.SentenceEncoder()(tokens["input_ids"], tokens["attention_mask"]).numpy()
    served = np.concatenate([client.infer("embeddings", {"text": [text]})["embedding"] for text in TEXTS])
    assert (served * reference).sum(axis=1).min() >= 0.9999


def test_a_text_has_the_same_vector_alone_and_in_a_batch(client):
    alone = client.infer("embeddings", {"text": TEXTS[:1]})["embedding"][0]
    batch = client.infer("embeddings", {"text": TEXTS[:3]})["embedding"][0]
    assert float(alone @ batch) == pytest.approx(1, abs=1e-5)
