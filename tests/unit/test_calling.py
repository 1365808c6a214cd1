import pytest

from trireme import calling
from trireme.errors import InputRefusedError


@pytest.mark.parametrize(
    ("text", "value"),
    [("x=1.5", [1.5]), ("x=[1, 2]", [1, 2]), ("x=plain words", ["plain words"]), ("x=a=b", ["a=b"]), ("x=[half", ["[half"])],
)
def test_a_value_is_json_or_the_text_itself(text, value):
    assert calling._parse("m", text) == ("x", value)  # noqa: SLF001


def test_a_value_that_names_a_file_is_its_bytes(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    assert calling._parse("m", f"image=@{tmp_path}/a.png") == ("image", [b"\x89PNG"])  # noqa: SLF001


def test_an_input_without_a_name_is_refused():
    with pytest.raises(InputRefusedError, match="m: input 'positive': write it as NAME=VALUE"):
        calling._parse("m", "positive")  # noqa: SLF001


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(InputRefusedError, match=r"m: input 'image': there is no file gone\.png"):
        calling._parse("m", "image=@gone.png")  # noqa: SLF001


def test_the_examples_are_asked_and_answered_in_lines(server, sources):
    lines = list(calling.example_lines(sources.root, sources.unit("text_router"), calling.Target(server.grpc, "", 10)))
    assert lines[0] == "  text                 What a wonderful, friendly hotel."
    assert lines[1:3] == ["->", "  label                positive"]
    assert "  path                 full" in lines
