"""Sentences for the fast path: the written ones of sentiment_head, and composed ones of plain praise and complaint."""

from functools import cache
from pathlib import Path

import numpy as np

from trireme.sources import load_module

FOLDER = Path(__file__).parent / "data"
WRITTEN = Path(__file__).parents[1] / "sentiment_head" / "data.py"

PLAIN = ("The {thing} was {word}.", "A {word} {thing}.", "What a {word} {thing}!", "The {thing} is {word} and {other}.",
         "I found the {thing} {word}.", "It was a really {word} {thing}, so {other}.")  # fmt: skip
TURNED = ("The {thing} was not {word}.", "Not a {word} {thing}.", "The {thing} is not {word} at all.")
SAID = ("I {verb} this {thing}.", "We {verb} the {thing}.", "Everybody will {verb} the {thing}.")


def read(part: str) -> tuple[list[str], np.ndarray]:
    """Return the written sentences of `train` or `held_out`, and 1 for each that is positive."""
    return load_module(WRITTEN).read(part)


def compose(count: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Return composed sentences, and 1 for each that is positive; a few turn a word round with «not»."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        positive = bool(rng.integers(2))
        kind = rng.choice(3, p=[0.75, 0.15, 0.1])
        word, other = rng.choice(words("praise" if positive != (kind == 1) else "complaint"), 2, replace=False)
        verb = rng.choice(words("loves" if positive else "hates"))
        template = rng.choice((PLAIN, TURNED, SAID)[kind])
        texts.append(template.format(thing=rng.choice(words("things")), word=word, other=other, verb=verb))
        labels.append(int(positive))
    return texts, np.array(labels, np.int64)


@cache
def words(kind: str) -> list[str]:
    """Return the words of data/<kind>.txt."""
    return (FOLDER / f"{kind}.txt").read_text(encoding="utf-8").split()
