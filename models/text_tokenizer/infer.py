"""Strings -> token ids of all-MiniLM-L6-v2, padded to the least of a few lengths so that requests join into batches."""

import numpy as np
from tokenizers import Tokenizer

MAX_CHARACTERS = 10_000

tokenizer: Tokenizer
buckets: np.ndarray


def setup(context) -> None:
    global buckets, tokenizer
    buckets = np.array([int(length) for length in context.parameters["buckets"].split(",")])
    tokenizer = Tokenizer.from_file(str(context.folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(int(buckets[-1]))


def infer(*, text: np.ndarray) -> dict[str, np.ndarray]:
    """Text [n, 1] UTF-8 -> input_ids, attention_mask [n, bucket] int64; what is beyond the last bucket is cut off."""
    encoded = tokenizer.encode_batch_fast([_checked(row, data) for row, data in enumerate(text[:, 0])])
    lengths = np.array([len(row.ids) for row in encoded])
    bucket = buckets[np.searchsorted(buckets, lengths.max())]
    input_ids = np.zeros((len(encoded), bucket), np.int64)
    for row, tokens in zip(input_ids, encoded, strict=True):
        row[: len(tokens.ids)] = tokens.ids
    attention_mask = (np.arange(bucket) < lengths[:, None]).astype(np.int64)
    return {"input_ids": input_ids, "attention_mask": attention_mask}


def _checked(row: int, data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"text: row {row} is not UTF-8 ({error.reason} at byte {error.start})") from None
    if not text.strip():
        raise ValueError(f"text: row {row} is empty; expected 1 to {MAX_CHARACTERS} characters")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"text: row {row} has {len(text)} characters; expected 1 to {MAX_CHARACTERS}")
    return text
