import contextlib

import protoc
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
    [('name: "a"\nfoo: 1', (2, 1)), ("max_batch_size: 99999999999", (1, 17)), ('name: "a', (1, 7)), ("input {", (1, 8))],
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


TEXTS = [
    b"dims: 1",
    b"input { dims: [ - 1 ] }",
    b'name: "\\377"',
    b'name: "\\ud800"',
    b"max_batch_size: 1_0",
    b"max_batch_size: +8",
    b"max_batch_size:\xc2\xa08",
    b"max_batch_size: 0b1",
    b"max_batch_size: 0o10",
    b"max_batch_size: 010",
    b"max_batch_size: 0x1F",
    b"max_batch_size: \xd9\xa3",
    b'name: "C:\\models"',
    b'name: "a\nb"',
    b"name: 'a'\"b\"",
    b"input []",
    b"input [{},{}]",
    b"input [{},]",
    b"input: <>",
    b"input {};;",
    b"input {};",
    b"max_batch_size: 0 max_batch_size: 8",
    b"max_batch_size: 8 max_batch_size: 8",
    b"dynamic_batching{} sequence_batching{}",
    b"dynamic_batching{} dynamic_batching{}",
    b'metric_tags {key:"a" value:"b"} metric_tags{key:"a" value:"c"}',
    b'parameters{key:"a"}',
    b'\xef\xbb\xbfname: "a"',
    b'name: "\\x4"',
    b'name: "\\400"',
    b'name: "\\?"',
    b'name: "\\ud83d\\ude00"',
    b'name: "\\U0010ffff"',
    b'name: "\\U00110000"',
    b'name:"a" # \x00',
    b'name:"\x00"',
    b'name "a"',
    b"name: a",
    b"input { optional: 1 }",
    b"input { optional: 01 }",
    b"input { optional: t }",
    b"input { optional: 2}",
    b"input { optional: TRUE}",
    b"input { format: 7 }",
    b"input { format: -7 }",
    b"input { data_type: TYPE_FP3 }",
    b"input { format: 99999999999 }",
    b"model_metrics { metric_control { histogram_options { buckets: [1, 1.5, .5, 1e3, 1f, inf, -inf, nan, 1.e2] } } }",
    b"model_metrics { metric_control { histogram_options { buckets: [01] } } }",
    b"model_metrics { metric_control { histogram_options { buckets: [0x1] } } }",
    b"model_metrics { metric_control { histogram_options { buckets: [1e] } } }",
    b"model_metrics { metric_control { histogram_options { buckets: [08] } } }",
    b"model_metrics { metric_control { histogram_options { buckets: [0] } } }",
    b"model_metrics { metric_control { histogram_options { buckets: [- inf, 1e999, 1e-999, 12345678901234567890123] } } }",
    b"max_batch_size: - # c\n 8",
    b"max_batch_size: 2147483647",
    b"max_batch_size: -2147483648",
    b"max_batch_size: 2147483648",
    b"}",
    b"{",
    b"[a.b]: 1",
    b"1: 2",
    b'name: "\xc3\xa9"',
    b"\xc3\xa9: 1",
    b'name: "\\\xc3\xa9"',
    b"max_batch_size: 8input{}",
    b"max_batch_size: 8 input{}",
    b"max_batch_size: 8,input{}",
    b'name: "a" "',
    b"name: ",
    b'input { name: "x" ',
    b'input < name: "x" }',
    b'input { name: "x" >',
    b'name: ["a"]',
    b"max_batch_size: 1.0",
    b"max_batch_size: 1.",
    b"max_batch_size: .",
    b"a.1: 3",
    b'name: "a\\',
    b'name: "a\\"',
    b'name: "\\u12"',
    b'name: "\\8"',
    b'name: "\\\n"',
    b"version_policy: {latest { num_versions: -1 }}",
    b"version_policy: {latest { num_versions: 4294967295 }}",
    b"input: { dims: 9223372036854775808 }",
    b"input: { dims: -9223372036854775808 }",
    b'platform: "a" , ; ',
    b'NAME: "a"',
    b'name:"\x01"',
    b"\x01",
    b'name: "\x7f"',
    b"\x7f",
    b'name: "\xff"',
    b'# \xff\nname:"a"',
    b'\xffname:"a"',
    b'parameters { key: "a" value { string_value: "x" } value { string_value: "y" } }',
    b'parameters { value { string_value: "x" } }',
    b"max_batch_size: 1e2",
    b"max_batch_size: 0x",
    b"max_batch_size: 0x1g",
    b"max_batch_size: 0xe",
    b"model_metrics { metric_control { histogram_options { buckets: [1E+3F, 1e-, infinity, INF, -NaN,1inf] } } }",
    b"max_batch_size: 1.2.3",
]


def same_as_the_judge(text: bytes) -> bool:
    """Say whether our reader and the C++ parser agree: both refuse, or both read the same message."""
    taken, message = protoc.read(text)
    try:
        config = parse(text.decode(errors="surrogateescape"))
    except SyntaxProblemError:
        return not taken
    return taken and (message is None or str(message) == str(config))  # as text, where nan equals nan


@pytest.mark.parametrize("text", TEXTS)
def test_every_token_is_read_as_tritons_parser_reads_it(text):
    assert same_as_the_judge(text)


TOKENS = (
    "input", "{", "}", "[", "]", ":", '"x"', "dims", "1", "-", "name", "key", "value", "<", ">", ",", ";", "#", "\n", "0x1F",
    "017", "08", "1_0", "+8", "1.5", "1e3", "inf", "true", "t", "parameters", "string_value", "data_type", "TYPE_FP32", "7",
    "max_batch_size", "'y'", '"\\377"', '"\\m"', "\xa0", "optional", "dynamic_batching", "sequence_batching",
)  # fmt: skip
FIELDS = (
    "max_batch_size: {}",
    "input {{ dims: {} }}",
    "input {{ dims: [ {} ] }}",
    "name: {}",
    "input {{ optional: {} }}",
    "input {{ data_type: {} }}",
    "parameters {{ key: {} value {{ string_value: {} }} }}",
    "dynamic_batching {{ {} }}",
    "model_metrics {{ metric_control {{ histogram_options {{ buckets: [ {} ] }} }} }}",
    "version_policy {{ latest {{ num_versions: {} }} }}",
)


@given(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3), st.lists(st.sampled_from(TOKENS), min_size=1, max_size=2))
@settings(max_examples=150, deadline=None)
def test_drawn_texts_are_read_as_tritons_parser_reads_them(fields, values):
    assert same_as_the_judge("\n".join(field.format(*[" ".join(values)] * 2) for field in fields).encode())


@given(st.lists(st.sampled_from(TOKENS)))
@settings(max_examples=400)
def test_any_tokens_have_places_or_are_a_problem(tokens):
    with contextlib.suppress(SyntaxProblemError):
        Places(" ".join(tokens)).at("input[0].dims[1]")


def test_a_number_of_thousands_of_digits_and_a_name_of_megabytes_are_refused_in_a_line():
    for text in (
        f"max_batch_size: {'9' * 5000}",
        f"max_batch_size: 0x{'f' * 5000}",
        "x" * 3_000_000,
        f"max_batch_size: 0{'8' * 99999}",
    ):
        with pytest.raises(SyntaxProblemError) as problem:
            parse(text)
        assert len(str(problem.value)) < 200


def test_escapes_are_read_in_linear_time():
    assert len(parse(f'name: "{chr(92)}x41{(chr(92) + "x41") * 300_000}"').name) == 300_001
