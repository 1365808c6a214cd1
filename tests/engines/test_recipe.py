import pytest

from trireme.engines.recipe import Recipe, parse
from trireme.errors import SourceError


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"sorce": "model.onnx"}, "engine: unknown key 'sorce'; did you mean 'source'?"),
        ({"source": 3}, "engine.source: 3 is refused; it is a name"),
        ({"source": "model.pt"}, "engine.source: 'model.pt' is refused; it is an ONNX file of the version folder"),
        ({"source": "../other/model.onnx"}, "it is an ONNX file of the version folder"),
        ({"strongly_typed": "no"}, "engine.strongly_typed: 'no' is refused; it is true or false"),
        ({"strongly_typed": False, "precisions": ["fp61"]}, "engine.precisions: 'fp61' is refused; did you mean 'fp16'?"),
        ({"precisions": ["fp16"]}, "a strongly typed engine has the types of its graph"),
        ({"precisions": "fp16"}, "engine.precisions: 'fp16' is refused; it is a list"),
        ({"lengths": [16, 0]}, "engine.lengths: [16, 0] is refused; they are whole numbers from 1, each once"),
        ({"lengths": [16, 16]}, "they are whole numbers from 1, each once"),
        ({"lengths": [16], "buckets": "tokenizer"}, "engine.buckets: 'tokenizer' is refused; lengths are stated as well"),
    ],
)
def test_what_it_refuses(table, sentence):
    with pytest.raises(SourceError) as refusal:
        parse(table, "engine")
    assert sentence in str(refusal.value)


def test_an_empty_table_is_the_plain_graph_in_its_own_types():
    assert parse({}, "engine") == Recipe("model.onnx", strongly_typed=True, precisions=(), lengths=(), buckets="")
