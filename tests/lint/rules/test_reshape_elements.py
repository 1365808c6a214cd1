import pytest

CONFIG = """\
backend: "python"
max_batch_size: 8
input {{ name: "x" data_type: TYPE_FP32 dims: [ {} ] reshape {{ shape: [ {} ] }} }}
"""


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR210") == [
        (
            "example/config.pbtxt:3:52: error TR210 'x' has dims [4] and is reshaped to [2,3]; both hold the same "
            "number of elements"
        ),
        (
            "example/config.pbtxt:3:56: error TR210 'x' has dims [-1,4] and is reshaped to [4,-1]; both hold the "
            "same number of elements"
        ),
    ]


@pytest.mark.parametrize("pair", [("2, 4, -1, 6", "8, -1, 1, 6"), ("1", ""), ("-1", "-1, 1"), ("2, 3", "6")])
def test_the_same_elements_in_another_shape_fit(codes, pair):
    assert codes(CONFIG.format(*pair)) == []


@pytest.mark.parametrize("pair", [("2", ""), ("-1", "-1, -1"), ("-1, 2", "-1"), ("4", "-1")])
def test_others_do_not(codes, pair):
    assert codes(CONFIG.format(*pair)) == ["TR210"]
