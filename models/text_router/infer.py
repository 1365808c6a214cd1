"""Easy texts are answered by a linear classifier on hashed n-grams; the rest are sent to text_classification."""

import itertools
import re
from zlib import crc32

import numpy as np
from safetensors.numpy import load_file

BINS = 1 << 14
MAX_CHARACTERS = 10_000
LABELS = np.array([b"negative", b"positive"], object)
FULL_MODEL = "text_classification"
WORD = re.compile(r"[^\W_]+")

weights: dict[str, np.ndarray]
escalate_below: float
call = None


def setup(context) -> None:
    """Take the threshold from the parameter `escalate_below`: 0 never escalates, above 1 always does."""
    global weights, escalate_below, call
    weights = load_file(context.folder / "weights.safetensors")
    escalate_below = float(context.parameters["escalate_below"])
    call = context.call


def infer(*, text: np.ndarray) -> dict[str, np.ndarray]:
    """Text [n, 1] UTF-8 -> label, path (fast or full) [n, 1] bytes, confidence [n, 1] in 0.5..1."""
    positive = score([_checked(row, data) for row, data in enumerate(text[:, 0])])
    confidence = np.maximum(positive, 1 - positive).astype(np.float32)[:, None]
    answer = {
        "label": LABELS[(positive > 0.5).astype(int)][:, None],
        "confidence": confidence,
        "path": np.full(text.shape, b"fast", object),
    }
    hard = confidence[:, 0] < escalate_below
    if hard.any():
        full = call(FULL_MODEL, {"text": text[hard]}, ("label", "confidence"))
        answer["path"][hard] = b"full"
        for name, rows in full.items():
            answer[name][hard] = rows
    return answer


def score(texts: list[str]) -> np.ndarray:
    """Return the linear classifier's probability of positive, [n]."""
    return 1 / (1 + np.exp(-(np.array([weights["coefficients"][bins(text)].sum() for text in texts]) + weights["intercept"])))


def bins(text: str) -> np.ndarray:
    """Return the hashed words, pairs of words and word stems of a text, each once."""
    words = WORD.findall(text.lower())
    grams = [*words, *(f"{first} {second}" for first, second in itertools.pairwise(words))]
    grams += [f"{word[:5]}*" for word in words if len(word) > 5]
    return np.unique([crc32(gram.encode()) % BINS for gram in grams]).astype(np.int64)


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
