"""Triton's ModelConfig: from TOML tables to protobuf, and from protobuf to text.

There is no private configuration language: a table is ModelConfig in JSON form, parsed by the protobuf that tritonclient ships
(https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import json_format, text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from trireme import kinds
from trireme.errors import UnknownKeyError, UnreadableError, ValueRefusedError, suggestion
from trireme.lint import releases
from trireme.lint import text as pbtxt
from trireme.lint.tokens import SyntaxProblemError
from trireme.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

    Table = Mapping[str, Any]

HEADER = "# Built from "
"""How each text that a build writes begins."""


def parse(table: Table, place: str, *, allow_newer: bool = False) -> ModelConfig:
    """Return the table as ModelConfig.

    Raises:
        UnknownKeyError: a key is not a field of Triton's.
        ValueRefusedError: a value is not of the field's type, or the field is newer than `config.pbtxt` may use.

    """
    _check_keys(table, ModelConfig.DESCRIPTOR, place, allow_newer=allow_newer)
    try:
        return json_format.ParseDict(dict(table), ModelConfig())
    except json_format.ParseError as error:
        raise ValueRefusedError(place, _short(error), "see Triton's model_config.proto for the field's type") from None


def to_text(config: ModelConfig, source: str) -> str:
    """Return `config.pbtxt`: the message in protobuf's text format, under a line that says where it came from."""
    body = text_format.MessageToString(config, use_short_repeated_primitives=True)
    return f"{HEADER}{source} by `make repo`: edit that, not this.\n{body}"


def from_text(text: str) -> ModelConfig:
    """Return the message of a config.pbtxt.

    Raises:
        UnreadableError: it is none.

    """
    try:
        return pbtxt.parse(text)
    except SyntaxProblemError as error:
        place = f"config.pbtxt:{error.line}:{error.column}"
        raise UnreadableError(place, str(error), "run `make repo`: it is built, never edited") from None


def inputs(config: ModelConfig) -> tuple[Tensor, ...]:
    """Return the inputs a config states."""
    return tuple(_tensor(field, optional=field.optional) for field in config.input)


def outputs(config: ModelConfig) -> tuple[Tensor, ...]:
    """Return the outputs a config states."""
    return tuple(_tensor(field) for field in config.output)


def overlay(base: Table, over: Table) -> dict[str, Any]:
    """Return base with over laid on it: tables are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        both_tables = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = overlay(merged[key], value) if both_tables else value
    return merged


def _tensor(field: Any, *, optional: bool = False) -> Tensor:  # noqa: ANN401 - ModelInput or ModelOutput, untyped upstream
    data_type = type(field).DESCRIPTOR.fields_by_name["data_type"].enum_type.values_by_number[field.data_type].name
    return Tensor(field.name, data_type, tuple(field.dims), optional)


def _check_keys(table: object, message: Descriptor, place: str, *, allow_newer: bool) -> None:
    for key, value in kinds.table(table, place).items():
        field = message.fields_by_name.get(key)
        if field is None:
            raise UnknownKeyError(place, key, message.fields_by_name)
        since = releases.since(field.full_name)
        if since > releases.EMBEDDED and not allow_newer:
            remedy = f"the field is newer than {releases.EMBEDDED} (since {since}); put it under [variants.<machine>]"
            raise ValueRefusedError(f"{place}.{key}", value, remedy)
        _check_value(value, field, f"{place}.{key}", allow_newer=allow_newer)


def _check_value(value: object, field: FieldDescriptor, place: str, *, allow_newer: bool) -> None:
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        for key, item in kinds.table(value, place).items():
            _check_one(item, message.fields_by_name["value"], f"{place}.{key}", allow_newer=allow_newer)
    elif field.is_repeated:
        for number, item in enumerate(kinds.items(value, place)):
            _check_one(item, field, f"{place}[{number}]", allow_newer=allow_newer)
    else:
        _check_one(value, field, place, allow_newer=allow_newer)


def _check_one(value: object, field: FieldDescriptor, place: str, *, allow_newer: bool) -> None:
    if field.message_type is not None:
        _check_keys(value, field.message_type, place, allow_newer=allow_newer)
    elif field.enum_type is not None and isinstance(value, str) and value not in field.enum_type.values_by_name:
        raise ValueRefusedError(place, value, suggestion(value, field.enum_type.values_by_name))


def _short(error: Exception) -> str:
    """Return the last cause of protobuf's nested message."""
    return str(error).rstrip(".").rsplit(": ", 1)[-1]
