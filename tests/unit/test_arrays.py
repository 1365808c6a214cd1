import numpy as np
import pytest

from trireme.arrays import read_value, to_array
from trireme.errors import ValueRefusedError
from trireme.tensors import Tensor

FLOATS = Tensor("x", "TYPE_FP32", (2,))
TEXT = Tensor("text", "TYPE_STRING", (1,))
WHOLE = Tensor("n", "TYPE_INT64", (-1,))


def test_text_in_a_float_tensor_is_refused_by_its_type():
    with pytest.raises(ValueRefusedError, match=r"here: 'text' is refused; x FP32\[2\] takes FP32"):
        to_array(["a", "b"], FLOATS, "here")


def test_floats_in_a_whole_number_tensor_are_refused():
    with pytest.raises(ValueRefusedError, match="float64 values"):
        to_array([1.5], WHOLE, "here")


def test_a_ragged_list_is_refused():
    with pytest.raises(ValueRefusedError, match="a ragged list"):
        to_array([[1.0], [1.0, 2.0]], FLOATS, "here")


def test_a_type_that_numpy_lacks_is_refused():
    with pytest.raises(ValueRefusedError, match="numpy has no such type"):
        to_array([1.0], Tensor("x", "TYPE_BF16", (1,)), "here")


@pytest.mark.parametrize(("kind", "value"), [("INT8", 300), ("INT32", 2**40), ("UINT8", -1), ("UINT64", -1)])
def test_a_whole_number_outside_the_range_is_refused_by_value(kind, value):
    with pytest.raises(ValueRefusedError, match=f"here: {value} is refused; n {kind}"):
        to_array([1, value], Tensor("n", f"TYPE_{kind}", (2,)), "here")


@pytest.mark.parametrize("kind", ["UINT8", "UINT32", "UINT64", "INT8", "FP16"])
def test_a_python_integer_that_fits_is_taken_whatever_the_sign_of_the_type(kind):
    assert to_array([7], Tensor("n", f"TYPE_{kind}", (1,)), "here").tolist() == [7]


def test_half_a_character_is_refused():
    with pytest.raises(ValueRefusedError, match="UTF-8 cannot write"):
        to_array(["\ud800"], TEXT, "here")


def test_text_becomes_utf8_bytes():
    assert to_array(["Füße"], TEXT, "here").tolist() == ["Füße".encode()]


def test_whole_numbers_flow_into_floats():
    assert to_array([1, 2], FLOATS, "here").dtype == np.float32


@pytest.mark.parametrize(("dims", "fits"), [((2,), True), ((-1,), True), ((3,), False), ((2, 1), False)])
def test_dims_agree_when_each_size_is_equal_or_unknown(dims, fits):
    assert FLOATS.accepts(dims) is fits


def test_a_tensor_writes_itself_as_people_do():
    assert str(WHOLE) == "n INT64[-1]"


def test_a_file_value_is_the_bytes_of_the_file_or_the_array_in_it(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8")
    np.save(tmp_path / "a.npy", np.arange(3))
    assert read_value({"file": "a.jpg"}, tmp_path) == [b"\xff\xd8"]
    assert read_value({"file": "a.npy"}, tmp_path).tolist() == [0, 1, 2]
    assert read_value([1], tmp_path) == [1]


def test_an_array_file_that_would_be_unpickled_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_value({"file": "a.npy"}, tmp_path)
