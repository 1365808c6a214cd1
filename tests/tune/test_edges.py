"""The lengths that a tuning tries beside those of now."""

import pytest

from trireme.errors import MissingSourceError
from trireme.plan import TREE
from trireme.tune import edges


def test_nearly_exact_lengths_are_four_apart_or_an_eighth():
    assert edges.exact(100) == [*range(4, 65, 4), 72, 80, 88, 96, 100]
    assert all(b - a <= max(4, a / 8) for a, b in zip(edges.exact(512), edges.exact(512)[1:], strict=False))
    assert edges.exact(3) == [3]


def test_beside_what_is_padded_to_nearly_exact_lengths_are_tried(sources):
    models = ["text_tokenizer", "text_encoder", "sentiment_head"]
    nearly = ",".join(map(str, edges.exact(256)))
    assert list(edges.others(sources.root / TREE, models, "elsewhere")) == [(("text_tokenizer", nearly),)]


def test_beside_a_variants_lengths_those_without_it_are_tried_as_well(sources):
    found = list(edges.others(sources.root / TREE, ["text_tokenizer"], "cpu-2"))
    assert found[1:] == [(("text_tokenizer", "16,32,64,128,256"),)]
    assert [len(lengths[0][1].split(",")) for lengths in found] == [len(edges.exact(256)), 5]


def test_a_pipeline_that_pads_nothing_has_no_others(sources):
    assert list(edges.others(sources.root / TREE, ["image_preprocess", "shape_detector"], "cpu-2")) == []
    with pytest.raises(MissingSourceError):
        list(edges.others(sources.root / TREE, ["none"], "cpu-2"))


def test_lengths_are_told_in_few_words():
    assert (
        edges.told((("a", "16,32"), ("b", "4,8,12,16,20,24,28"))) == "a pads to 16, 32; b pads to 4, 8, 12 ... 28 (7 lengths)"
    )
