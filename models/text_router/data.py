"""Sentences for the fast path: the written ones of sentiment_head, and ones composed from plain words of praise and complaint."""

from pathlib import Path

import numpy as np

from trireme.sources import load_module

WRITTEN = Path(__file__).parents[1] / "sentiment_head" / "data.py"

PRAISE = """good great excellent wonderful superb fantastic lovely delightful perfect brilliant amazing beautiful pleasant
friendly fast quick reliable comfortable clean fresh tasty delicious helpful honest kind polite gentle patient clear smooth quiet
bright warm soft solid sturdy elegant stylish impressive outstanding charming cosy fair generous clever funny moving inspiring
creative thoughtful cheerful welcoming spotless crisp sharp flawless effortless easy practical professional punctual relaxing
satisfying gorgeous stunning magical heavenly precise stable affordable safe skilled spacious modern tidy caring""".split()
COMPLAINT = """bad terrible awful horrible poor dreadful disgusting nasty useless worthless broken slow late rude dirty filthy
cold stale bland tasteless noisy loud unbearable uncomfortable cheap flimsy ugly confusing boring dull tedious buggy unreliable
overpriced expensive painful dangerous unsafe unfair dishonest arrogant careless clueless lazy hostile crooked blurry faulty
defective disappointing annoying infuriating frustrating cramped crowded sticky smelly soggy burnt mouldy rotten rusty clumsy
chaotic pointless shameful miserable sloppy greasy sour bitter dim leaky scratched damaged dead wrong outdated""".split()
LOVES = "love enjoyed adored recommend praised treasure".split()
HATES = "hate regret disliked returned avoid despise".split()
THINGS = """room hotel meal soup service staff waiter driver phone battery screen camera book film story concert app update website
delivery parcel shop doctor teacher course chair bed coat shoe bike car train flight garden museum guide repair price sound game
coffee pizza cake wine apartment software printer""".split()
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
        words = PRAISE if positive != (kind == 1) else COMPLAINT
        word, other = rng.choice(words, 2, replace=False)
        verb = rng.choice(LOVES if positive else HATES)
        template = rng.choice((PLAIN, TURNED, SAID)[kind])
        texts.append(template.format(thing=rng.choice(THINGS), word=word, other=other, verb=verb))
        labels.append(int(positive))
    return texts, np.array(labels, np.int64)
