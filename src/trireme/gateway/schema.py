"""What a model takes and gives, as JSON: types generated from its config, arrays from items, items from arrays.

An item is one row, without the batch; where a tensor's dims are [1], its value is written as itself, not as a list. Bytes that
are no text are `{"b64": "..."}`.
"""

from __future__ import annotations

import base64
import sys
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, StringConstraints, ValidationError, create_model

from trireme.arrays import NUMPY
from trireme.gateway.bounds import check_depth, check_pixels
from trireme.gateway.problems import ProblemError
from trireme.gateway.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trireme.arrays import Array
    from trireme.gateway.endpoint import Served
    from trireme.gateway.settings import Limits
    from trireme.tensors import Tensor

BRANCHES = {"constrained-str", "str", "Bytes"}
"""What pydantic adds to the path of a value of two types."""
MOST_SHOWN = 4096
"""Bytes of an example on the API's page."""
LARGE = 256 * 1024
"""Bytes of a body of which only the first item that is wrong is told: to find all takes seconds and gigabytes."""
OTHER_COMMAS = 1000
"""Of a body, that are neither between numbers nor between an item's fields: those of KServe's v2 protocol."""
MOST_COUNTED = 1000
"""Faults that are looked at; to write down a million takes longer than to answer a thousand others."""
MOST_PROBLEMS = 20
"""Fields named in one refusal."""


def _decoded(value: object) -> bytes:
    """Return base64 as bytes; pydantic's own type steps over what is none."""
    if not isinstance(value, str):
        message = "it is base64 in a string"
        raise ValueError(message)  # noqa: TRY004 - pydantic takes a TypeError for a fault of ours
    return base64.b64decode(value, validate=True)


class Bytes(BaseModel):
    """Bytes that are no text, such as an image."""

    model_config = ConfigDict(extra="forbid")
    b64: Annotated[bytes, BeforeValidator(_decoded, json_schema_input_type=str)]


class Schema:
    """The JSON of one model: `request` is a pydantic model of a whole request, `response` one of the answer."""

    def __init__(self, served: Served, limits: Limits, examples: Sequence[Mapping[str, Array]] = ()) -> None:
        self.served = served
        self.limits = limits
        title = "".join(part.title() for part in served.name.replace("-", "_").split("_"))
        self._fields = {f"f{number}": tensor for number, tensor in enumerate(served.inputs)}
        fields: dict[str, Any] = {
            key: (_input(tensor, limits) | None if tensor.optional else _input(tensor, limits), _field(tensor))
            for key, tensor in self._fields.items()
        }
        self._is_fixed = all(size > 0 for tensor in served.inputs for size in tensor.dims)
        self._numbers: dict[tuple[str, tuple[int, ...]], list[str]] = {}
        for key, tensor in self._fields.items():
            if tensor.dims in {(), (1,)} and tensor.data_type != "TYPE_STRING" and not tensor.optional:
                self._numbers.setdefault((tensor.data_type, tensor.dims), []).append(key)
        shown = [item for example in examples if len(orjson.dumps(item := self._item(example))) < MOST_SHOWN]
        extra: Any = {"examples": shown} if shown else None
        config = ConfigDict(extra="forbid", strict=True, json_schema_extra=extra)
        item = create_model(f"{title}Item", __config__=config, **fields)
        items = Annotated[list[item], Field(min_length=1, max_length=limits.items)]  # type: ignore[valid-type]
        strict = ConfigDict(extra="forbid")
        self.request: type[BaseModel] = create_model(f"{title}Request", __config__=strict, items=(items, ...))
        first = Annotated[items, FailFast()]
        self._large: type[BaseModel] = create_model(f"{title}Request", __config__=strict, items=(first, ...))
        is_text = any(tensor.data_type == "TYPE_STRING" for tensor in served.inputs)
        self._commas = sys.maxsize if is_text else limits.elements + limits.items * (len(served.inputs) + 1) + OTHER_COMMAS
        made: dict[str, Any] = {
            f"f{number}": (_type(tensor, _answered(tensor.data_type), 0), Field(alias=tensor.name))
            for number, tensor in enumerate(served.outputs)
        }
        result = create_model(f"{title}Result", **made)
        self.response: type[BaseModel] = create_model(
            f"{title}Response",
            model=(str, ...),
            version=(str, ...),
            items=(list[result | Refused], ...),  # type: ignore[valid-type]
        )

    def read(self, body: bytes) -> Rows:
        """Return the items of a JSON body.

        Raises:
            ProblemError: it is not JSON, or a field is not what the model takes; every one is named by its path.

        """
        self.check(body)
        kind = self.request if len(body) < LARGE else self._large
        try:
            request: Any = kind.model_validate_json(body)
        except ValidationError as error:
            raise refused(error) from None
        rows = self._columns(request.items) if self._is_fixed else None
        if rows is None:
            rows = Rows.of([self._arrays(item, f"items.{number}") for number, item in enumerate(request.items)])
            self.check_elements(sum(array.size for row in rows for array in row.values()))
        return rows

    def check(self, body: bytes) -> None:
        """Refuse JSON that is too deep or, by its commas, holds too many numbers, before it is parsed.

        Raises:
            ProblemError: it does.

        """
        check_depth(body, self.limits.depth)
        if body.count(b",") > self._commas:
            raise ProblemError("too-large", f"the request holds more than {self.limits.elements} elements")

    def rows(self, outputs: Mapping[str, Array]) -> Iterator[dict[str, object]]:
        """Yield the items of an answer, one for a model without a batch."""
        names = [tensor for tensor in self.served.outputs if tensor.name in outputs]
        columns = [_column(tensor, outputs[tensor.name], batched=self.served.batched) for tensor in names]
        for values in zip(*columns, strict=True):
            yield {tensor.name: value for tensor, value in zip(names, values, strict=True)}

    def _item(self, arrays: Mapping[str, Array]) -> dict[str, object]:
        """Return an example's arrays as JSON."""
        given = [tensor for tensor in self.served.inputs if tensor.name in arrays]
        return {tensor.name: _plain(_column(tensor, arrays[tensor.name], batched=False)[0]) for tensor in given}

    def _columns(self, items: Sequence[BaseModel]) -> Rows | None:
        """Return items as columns; None when one leaves an optional input out."""
        columns: dict[str, Array] = {}
        for (data_type, dims), keys in self._numbers.items():  # one array of many numbers is made as fast as one of one
            table: Array = np.array([[getattr(item, key) for item in items] for key in keys], NUMPY[data_type])
            names = [self._fields[key].name for key in keys]
            columns.update(zip(names, table.reshape(len(keys), len(items), *dims), strict=True))
        for key, tensor in self._fields.items():
            if tensor.name not in columns:
                values = [getattr(item, key) for item in items]
                if tensor.optional and None in values:
                    return None
                columns[tensor.name] = self._checked(_array(values, tensor, (len(items), *tensor.dims)), tensor, "items")
        self.check_elements(sum(column.size for column in columns.values()))
        return Rows(len(items), columns)

    def _arrays(self, item: BaseModel, place: str) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for key, tensor in self._fields.items():
            value = getattr(item, key)
            if value is not None:
                where = f"{place}.{tensor.name}"
                try:
                    array = _array(value, tensor, tensor.dims if tensor.dims in {(), (1,)} else None)
                except ValueError:
                    array = None
                if array is None or array.ndim != len(tensor.dims):
                    raise ProblemError("invalid-input", "a list is ragged", fields=[(where, "its rows differ in length")])
                found[tensor.name] = self._checked(array, tensor, where)
        return found

    def _checked(self, array: Array, tensor: Tensor, place: str) -> Array:
        if tensor.data_type == "TYPE_STRING":
            for data in array.flat:
                if len(data) > self.limits.string_bytes:
                    raise ProblemError("too-large", f"'{tensor.name}' holds more than {self.limits.string_bytes} bytes")
                check_pixels(data, self.limits.pixels, f"{place}.{tensor.name}" if place == "items" else place)
        return array

    def check_elements(self, held: int) -> None:
        """Refuse a request of more elements than the limit.

        Raises:
            ProblemError: it holds more.

        """
        if held > self.limits.elements:
            raise ProblemError("too-large", f"the request holds {held} elements, and the limit is {self.limits.elements}")


class Refused(BaseModel):
    """An item that the model refused, as a problem."""

    error: dict[str, Any]


def _input(tensor: Tensor, limits: Limits) -> Any:  # noqa: ANN401 - a type
    return _type(tensor, _scalar(tensor.data_type, limits), 1, limits.elements)


def _type(tensor: Tensor, kind: Any, least: int, most: int | None = None) -> Any:  # noqa: ANN401 - types
    """Return the type of a tensor of values of a kind; a size that varies is from least to most."""
    if tensor.dims in {(1,), ()}:
        return kind
    for size in reversed(tensor.dims):
        low, high = (size, size) if size > 0 else (least, most)
        kind = Annotated[list[kind], Field(min_length=low, max_length=high), FailFast()]
    return kind


def _answered(data_type: str) -> Any:  # noqa: ANN401 - a type
    """Return the type of a value of an answer: what JSON cannot say, such as NaN, is null."""
    if data_type == "TYPE_STRING":
        return str | Bytes
    if data_type == "TYPE_BOOL":
        return bool
    return float | None if np.dtype(NUMPY.get(data_type, np.float32)).kind == "f" else int


def _scalar(data_type: str, limits: Limits) -> Any:  # noqa: ANN401 - a type
    if data_type == "TYPE_STRING":
        return Annotated[str, StringConstraints(max_length=limits.string_bytes)] | Bytes
    if data_type == "TYPE_BOOL":
        return bool
    dtype: np.dtype[Any] = np.dtype(NUMPY.get(data_type, np.float32))
    if dtype.kind == "f":
        most = float(np.finfo(dtype).max)
        return Annotated[float, Field(ge=-most, le=most, allow_inf_nan=False)]
    info = np.iinfo(dtype)
    return Annotated[int, Field(ge=int(info.min), le=int(info.max))]


def _field(tensor: Tensor) -> Any:  # noqa: ANN401 - pydantic's own
    default: Any = None if tensor.optional else ...
    return Field(default, alias=tensor.name, description=str(tensor))


def _array(value: object, tensor: Tensor, shape: tuple[int, ...] | None) -> Array:
    """Return JSON's value as an array, of a shape that is known, or of its own.

    Raises:
        ValueError: lists of different lengths.

    """
    if tensor.data_type == "TYPE_STRING":
        array = np.array(_encoded(value), dtype=object)
    else:
        array = np.array(value, dtype=NUMPY[tensor.data_type])
    return array if shape is None else array.reshape(shape)


def _encoded(value: object) -> object:
    if isinstance(value, list):
        return [_encoded(one) for one in value]
    return value.b64 if isinstance(value, Bytes) else str(value).encode()


def _column(tensor: Tensor, array: Array, *, batched: bool) -> list[Any]:
    """Return the JSON values of a tensor by item."""
    whole = array if batched else array[None]
    if whole.dtype == np.object_:
        flat = [text(item) for item in whole.flat]
        texts = np.array(flat, object).reshape(whole.shape)
        return [row[0] for row in texts] if tensor.dims == (1,) else list(texts.tolist())
    if tensor.dims == (1,):
        return list(whole[:, 0].tolist())
    return list(whole)  # orjson writes arrays by itself


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value


def text(item: bytes) -> str | dict[str, str]:
    """Return bytes as JSON has them: as text where they are UTF-8."""
    try:
        return item.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(item).decode()}


def refused(error: ValidationError) -> ProblemError:
    """Return pydantic's findings as a problem: the path and what is wrong, never the value."""
    if error.error_count() > MOST_COUNTED:
        return ProblemError("invalid-input", f"more than {MOST_COUNTED} fields are not what the model takes")
    rows = error.errors(include_url=False, include_context=False, include_input=False)
    if rows[0]["type"] == "json_invalid":
        return ProblemError("malformed-json", rows[0]["msg"].partition(": ")[2] or "the body is not JSON")
    if any(row["type"] == "string_too_long" for row in rows):
        return ProblemError("too-large", "a text is longer than the limit")
    found: dict[str, str] = {}
    for row in rows:  # a text or bytes: both branches complain, and the first one will do
        place = ".".join(str(part) for part in takewhile(lambda part: part not in BRANCHES, row["loc"]))
        found.setdefault(place, 'Input should be a text, or {"b64": ...}' if BRANCHES & set(row["loc"]) else row["msg"])
    many = "fields are" if len(found) > 1 else "field is"
    more = f", the first {MOST_PROBLEMS} of them named" if len(found) > MOST_PROBLEMS else ""
    fields = list(found.items())[:MOST_PROBLEMS]
    return ProblemError("invalid-input", f"{len(found)} {many} not what the model takes{more}", fields=fields)
