import pytest


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR115") == [
        (
            "example/config.pbtxt:2:1: error TR115 the metric tag 'cost center' ends the server: it is no label's "
            "name; use letters, digits and underscores, and no underscore at the beginning"
        ),
    ]


@pytest.mark.parametrize("tag", ["0", "1a", "team", "TEAM_2", ""])
def test_triton_writes_an_underscore_before_each_tag(codes, tag):
    assert codes(f'backend: "python"\nmetric_tags {{ key: "{tag}" value: "v" }}') == []


@pytest.mark.parametrize("tag", ["_a", "a-b", "a.b", "é"])
def test_a_tag_that_makes_no_label_is_found(codes, tag):
    assert codes(f'backend: "python"\nmetric_tags {{ key: "{tag}" value: "v" }}') == ["TR115"]
