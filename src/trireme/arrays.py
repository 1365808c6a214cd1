"""Values of Python and JSON as numpy arrays of a tensor's type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trireme.errors import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from trireme.tensors import Tensor

    Array = npt.NDArray[Any]

NUMPY: Mapping[str, type] = {
    "TYPE_BOOL": np.bool_,
    "TYPE_UINT8": np.uint8,
    "TYPE_UINT16": np.uint16,
    "TYPE_UINT32": np.uint32,
    "TYPE_UINT64": np.uint64,
    "TYPE_INT8": np.int8,
    "TYPE_INT16": np.int16,
    "TYPE_INT32": np.int32,
    "TYPE_INT64": np.int64,
    "TYPE_FP16": np.float16,
    "TYPE_FP32": np.float32,
    "TYPE_FP64": np.float64,
    "TYPE_STRING": np.object_,
}
"""Triton's data types that numpy has; TYPE_BF16 it has not."""


def to_array(value: object, tensor: Tensor, place: str) -> Array:
    """Return a value (JSON or numpy) as an array of the tensor's type, or say what is wrong with it.

    Text becomes UTF-8 bytes; a nested list must be rectangular.
    """
    dtype = NUMPY.get(tensor.data_type)
    if dtype is None:
        raise ValueRefusedError(place, tensor.data_type, "numpy has no such type; use another for this tensor")
    if dtype is np.object_:
        return _to_bytes(np.array(value, dtype=object), tensor, place)
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueRefusedError(place, "a ragged list", f"{tensor} takes a rectangular one") from None
    whole = array.dtype.kind in "iu" and np.issubdtype(dtype, np.integer)
    if whole and array.size:
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        for worst in (int(array.min()), int(array.max())):
            if not least <= worst <= most:
                raise ValueRefusedError(place, worst, f"{tensor} takes {least} to {most}")
    if not whole and array.size and not np.can_cast(array.dtype, dtype, "same_kind"):
        kind = "text" if array.dtype.kind in "US" else f"{array.dtype} values"
        raise ValueRefusedError(place, kind, f"{tensor} takes {tensor.data_type.removeprefix('TYPE_')}")
    return array.astype(dtype, copy=False)


def read_value(value: object, folder: Path) -> object:
    """Return an example's value; `{"file": "x.npy"}` is an array of its own, another file its bytes."""
    if not (isinstance(value, dict) and set(value) == {"file"}):
        return value
    path = (folder / str(value["file"])).resolve()
    if not path.is_relative_to(folder.resolve()) or path.is_dir():
        message = "it is the path of a file inside the model's folder"
        raise ValueError(message)
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    return [path.read_bytes()]


def _to_bytes(array: Array, tensor: Tensor, place: str) -> Array:
    for item in array.flat:
        if not isinstance(item, (str, bytes)):
            raise ValueRefusedError(place, item, f"{tensor} takes text or bytes")
    try:
        encoded = [item.encode() if isinstance(item, str) else item for item in array.flat]
    except UnicodeEncodeError as error:
        raise ValueRefusedError(place, error.object, "it holds half a character that UTF-8 cannot write") from None
    return np.array(encoded, dtype=object).reshape(array.shape)
