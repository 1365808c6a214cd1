"""Sentences of 5 to 60 words, put together from those that the classifier was trained on; the same ones everywhere."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "models/sentiment_head/data/train.tsv"
SHORTEST, LONGEST = 5, 60


def sentences(root: Path, count: int = 400, seed: int = 1) -> list[str]:
    """Return so many texts, their number of words drawn evenly."""
    rows = [line.split("\t")[1] for line in (root / SOURCE).read_text(encoding="utf-8").splitlines()]
    draw = random.Random(seed)  # noqa: S311 - a corpus, no secret
    found = []
    for _ in range(count):
        wanted, words = draw.randint(SHORTEST, LONGEST), list[str]()
        while len(words) < wanted:
            words += draw.choice(rows).split()
        found.append(" ".join(words[:wanted]))
    return found
