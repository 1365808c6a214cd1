import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trireme.lint.text import Places, SyntaxProblemError, parse

TEXT = """name: "a"
input [
  { name: "x" dims: [1, 2] },
  { name: "y" dims: 3 dims: 4 }
]
parameters { key: "k" value { string_value: "v" 'w' } }
parameters: < key: "q" value: < string_value: "v2" > >
model_warmup { inputs { key: "x" value { dims: [ 7 ] } } } # the end
"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("name", '"a"'),
        ("input[0].dims[1]", "2"),
        ("input[1].dims[1]", "4"),
        ("input[0]", '{ name: "x" dims: [1, 2] }'),
        ("parameters['k'].string_value", "\"v\" 'w'"),
        ("parameters['q'].string_value", '"v2"'),
        ("model_warmup[0].inputs['x'].dims[0]", "7"),
        ("parameters['k']", 'parameters { key: "k" value { string_value: "v" \'w\' } }'),
    ],
)
def test_a_field_is_found_by_its_path(path, found):
    start, end = Places(TEXT).span(path)
    assert TEXT[start:end] == found


@pytest.mark.parametrize(
    ("path", "place"), [("input[1].reshape", (4, 3)), ("nothing", (1, 1)), ("parameters['k'].int", (6, 23))]
)
def test_what_is_not_stated_stands_where_it_would(path, place):
    assert Places(TEXT).at(path) == place
    assert Places(TEXT).span(path) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [('name: "a"\nfoo: 1', (2, 1)), ("max_batch_size: 99999999999", (1, 17)), ('name: "a', (1, 7)), ("input {", (1, 7))],
)
def test_an_error_has_line_and_column(text, place):
    with pytest.raises(SyntaxProblemError) as problem:
        parse(text)
    assert (problem.value.line, problem.value.column) == place


def test_deep_nesting_is_a_problem_not_a_crash():
    for text in ("input { " * 100_000, "[" * 100_000, "input: [" * 50_000):
        with pytest.raises(SyntaxProblemError):
            parse(text)


@given(st.text(max_size=200))
@settings(max_examples=400)
def test_any_text_parses_or_is_a_problem(text):
    with contextlib.suppress(SyntaxProblemError):
        parse(text)


TOKENS = ["input", "{", "}", "[", "]", ":", '"x"', "dims", "1", "key", "value", "<", ">", ",", "#", "\n"]


@given(st.lists(st.sampled_from(TOKENS)))
@settings(max_examples=400)
def test_any_tokens_have_places(tokens):
    Places(" ".join(tokens)).at("input[0].dims[1]")
