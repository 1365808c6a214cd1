"""A config.pbtxt as text: read into a ModelConfig by the rules of Triton's own parser, with the place of every field.

https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/text_format.cc; why not protobuf's Python parser: see
`tokens`, and it forgets where a value stood. The places are kept only for a config that has findings, by a second reading.
"""

from __future__ import annotations

import bisect
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from google.protobuf import message_factory

from trireme.lint.tokens import MOST_SHOWN, SyntaxProblemError, Token, tokens, value_of

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

PART = re.compile(r"(\w+)(\[\d+\])?(?:\['(.*?)'\](?=[.\[]|$))?", re.DOTALL)
OPEN = {"{": "}", "<": ">"}
TRUE, FALSE = {"true", "True", "t"}, {"false", "False", "f"}
OCTAL = "01234567"
INTEGER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")
PREFIXED = re.compile(r"0[xX0-7]")
"""A hexadecimal or octal number, which is no decimal one."""
MOST_DIGITS = 64
"""More make no 64-bit number, leading zeros or not; Python takes its time with thousands of them."""


@cache
def model_config() -> type[Message]:
    """Return Triton's ModelConfig from tritonclient, without importing gRPC (which takes a fifth of a second)."""
    spec = importlib.util.find_spec("tritonclient")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("tritonclient")
    path = Path(spec.submodule_search_locations[0]) / "grpc" / "model_config_pb2.py"
    generated = importlib.util.spec_from_file_location("trireme_model_config_pb2", path)
    if generated is None or generated.loader is None:
        raise ImportError(str(path))
    module: Any = importlib.util.module_from_spec(generated)
    generated.loader.exec_module(module)
    return module.ModelConfig  # type: ignore[no-any-return]


def parse(text: str) -> Any:  # noqa: ANN401 - ModelConfig, whose class is made at run time
    """Return the ModelConfig that a text is; in strings, what is not UTF-8 becomes U+FFFD.

    Raises:
        SyntaxProblemError: it is none.

    """
    return _Reader(text).read()


class Places:
    """Where each field of a text stands, by path: `input[0].dims[1]`, `parameters['key'].string_value`.

    Raises:
        SyntaxProblemError: the text is no ModelConfig.

    """

    def __init__(self, text: str) -> None:
        self._found: dict[str, tuple[int, int]] = {}
        self._keys: dict[str, str] = {}
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self.not_utf8: list[int] = []
        """Offsets of strings that are not UTF-8."""
        _Reader(text, self).read()

    def note(self, path: str, start: int, end: int) -> None:
        """Keep where the field at a path, every part of it with its number, stands."""
        self._found[path] = start, end

    def alias(self, key: str, path: str) -> None:
        """Keep under which key of a map the field at a path is found; of two, the last one counts."""
        self._keys[f"{path[: path.rindex('[')]}['{key}']"] = path

    def span(self, path: str) -> tuple[int, int] | None:
        """Return the offsets of the field at a path; None when the text does not state it."""
        resolved, rest = self._resolve(path)
        return None if rest else self._found.get(resolved)

    def at(self, path: str) -> tuple[int, int]:
        """Return line and column of a path, or of the nearest part of it that the text states."""
        resolved, _ = self._resolve(path)
        return self.position(self._found[resolved][0] if resolved else 0)

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset."""
        line = bisect.bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def _resolve(self, path: str) -> tuple[str, str]:
        """Return the longest part of a path that the text states, every field with its number, and what is left."""
        resolved, parts = "", PART.findall(path)
        for done, (name, number, key) in enumerate(parts):
            place = f"{resolved}.{name}".lstrip(".")
            place = self._keys.get(f"{place}['{key}']", place) if key else f"{place}{number or '[0]'}"
            if place not in self._found:
                return resolved, ".".join(part[0] for part in parts[done:])
            value = f"{place}.value[0]"
            resolved = value if key and value in self._found and done + 1 < len(parts) else place
        return resolved, ""


class _Reader:
    """One pass over a text; it notes places where somebody wants them."""

    def __init__(self, text: str, places: Places | None = None) -> None:
        self._text = text
        self._places = places
        self._tokens = tokens(text)
        self._current = next(self._tokens)
        self._last = self._current

    def read(self) -> Any:  # noqa: ANN401 - ModelConfig
        config, counts = model_config()(), dict[str, int]()
        while self._current.kind != "end":
            self._field(config, "", counts)
        return config

    def _message(self, message: Any, place: str) -> None:  # noqa: ANN401 - any message
        """Read a message and both of its marks."""
        end = OPEN.get(self._current.text, "")
        if not end:
            self._refuse("expected {")
        self._take()
        counts: dict[str, int] = {}
        while self._current.text not in {"}", ">"}:
            self._field(message, place, counts)
        if self._current.text != end:
            self._refuse(f"expected {end}")
        self._take()

    def _field(self, message: Any, place: str, counts: dict[str, int]) -> None:  # noqa: ANN401 - any message
        """Read a name and its value, or values in brackets; counts are how many values each field has so far."""
        name, descriptor = self._current, message.DESCRIPTOR
        if name.kind != "identifier":
            self._refuse("expected a field's name")
        field = descriptor.fields_by_name.get(name.text)
        if field is None:
            says, known = f"{descriptor.name} has no field '{name.text[:MOST_SHOWN]}'", tuple(descriptor.fields_by_name)
            raise SyntaxProblemError(says, self._text, name.start, name.text, known)
        if not field.is_repeated:
            self._once(message, field)
        self._take()
        if self._current.text == ":":
            self._take()
        elif field.message_type is None:
            self._refuse("expected :")
        path = f"{place}.{name.text}".lstrip(".")
        if field.is_repeated and self._current.text == "[":
            self._list(message, field, path, counts)
        else:
            self._value(message, field, path, counts, name.start)
        if self._current.text in {";", ","}:
            self._take()

    def _list(self, message: Any, field: FieldDescriptor, path: str, counts: dict[str, int]) -> None:  # noqa: ANN401
        """Read values in brackets; none is a list too, and a comma wants another."""
        self._take()
        while self._current.text != "]" or self._last.text == ",":
            self._value(message, field, path, counts, self._current.start)
            if self._current.text == ",":
                self._take()
            elif self._current.text != "]":
                self._refuse("expected , or ]")
        self._take()

    def _once(self, message: Any, field: FieldDescriptor) -> None:  # noqa: ANN401 - any message
        """Refuse a second value of a field that has one, and a second member of a oneof."""
        stated = message.HasField(field.name) if field.has_presence else getattr(message, field.name) != field.default_value
        if stated:
            self._refuse(f"'{field.name}' is stated twice", bare=True)
        other = message.WhichOneof(field.containing_oneof.name) if field.containing_oneof is not None else None
        if other:
            self._refuse(f"'{field.name}' is stated beside '{other}', and one of the two has to go", bare=True)

    def _value(self, message: Any, field: FieldDescriptor, path: str, counts: dict[str, int], start: int) -> None:  # noqa: ANN401
        """Read one value into a field; start is where its place begins if it is a message."""
        number = counts.get(field.name, 0)
        counts[field.name] = number + 1
        place = f"{path}[{number}]"
        if field.message_type is None:
            start = self._current.start
            value = self._scalar(field)
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        elif field.message_type.GetOptions().map_entry:
            self._entry(getattr(message, field.name), field, place)
        else:
            inner = getattr(message, field.name)
            if field.is_repeated:
                inner = inner.add()
            inner.SetInParent()
            self._message(inner, place)
        if self._places is not None:
            self._places.note(place, start, self._last.end)

    def _entry(self, table: Any, field: FieldDescriptor, place: str) -> None:  # noqa: ANN401 - a map of the message
        """Read an entry of a map; the last one of a key counts."""
        entry = message_factory.GetMessageClass(field.message_type)()
        self._message(entry, place)
        if field.message_type.fields_by_name["value"].message_type is None:
            table[entry.key] = entry.value
        else:
            table[entry.key].CopyFrom(entry.value)
        if self._places is not None:
            self._places.alias(str(entry.key), place)

    def _scalar(self, field: FieldDescriptor) -> object:
        kind = field.cpp_type
        if kind == field.CPPTYPE_STRING:
            return self._string()
        if kind == field.CPPTYPE_BOOL:
            return self._bool()
        if kind == field.CPPTYPE_ENUM:
            return self._enum(field)
        if kind in {field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT}:
            return self._float()
        signed = kind in {field.CPPTYPE_INT32, field.CPPTYPE_INT64}
        bits = (32 if kind in {field.CPPTYPE_INT32, field.CPPTYPE_UINT32} else 64) - signed
        return self._integer(-(1 << bits) if signed else 0, (1 << bits) - 1)

    def _string(self) -> str:
        """Read neighbouring strings as one."""
        if self._current.kind != "string":
            self._refuse("expected a string in quotes")
        first, parts = self._current, list[bytes]()
        while self._current.kind == "string":
            parts.append(value_of(self._take().text))
        value = b"".join(parts)
        try:
            return value.decode()
        except UnicodeDecodeError:
            if self._places is not None:
                self._places.not_utf8.append(first.start)
            return value.decode(errors="replace")

    def _bool(self) -> bool:
        if self._current.kind == "number":
            return bool(self._integer(0, 1))
        if self._current.text not in TRUE | FALSE:
            self._refuse("expected true or false")
        return self._take().text in TRUE

    def _enum(self, field: FieldDescriptor) -> int:
        values = field.enum_type.values_by_name
        if self._current.kind != "identifier":
            return self._integer(-(1 << 31), (1 << 31) - 1)
        if self._current.text not in values:
            name, start = self._current.text, self._current.start
            says = f"{field.enum_type.name} has no value '{name[:MOST_SHOWN]}'"
            raise SyntaxProblemError(says, self._text, start, name, tuple(values))
        return int(values[self._take().text].number)

    def _integer(self, low: int, high: int) -> int:
        sign = -1 if low < 0 and self._current.text == "-" else 1
        if sign < 0:
            self._take()
        digits = self._current.text
        if self._current.kind != "number" or not INTEGER.fullmatch(digits):
            self._refuse("expected an integer")
        if len(digits) > MOST_DIGITS:
            self._refuse("a number that no field takes")
        octal = len(digits) > 1 and digits[0] == "0" and digits[1] in OCTAL
        value = sign * int(digits, 8 if octal else 0)
        if not low <= value <= high:
            self._refuse(f"{value} is out of range: the field takes {low} to {high}", bare=True)
        self._take()
        return value

    def _float(self) -> float:
        sign = -1 if self._current.text == "-" else 1
        if sign < 0:
            self._take()
        word = self._current.text
        decimal = self._current.kind == "number" and not PREFIXED.match(word)
        if not decimal and not (self._current.kind == "identifier" and word.lower() in {"inf", "infinity", "nan"}):
            self._refuse("expected a decimal number")
        self._take()
        return sign * float(word.rstrip("fF") if decimal else word)

    def _take(self) -> Token:
        """Return the token, and go on to the next."""
        self._last, self._current = self._current, next(self._tokens)
        return self._last

    def _refuse(self, problem: str, *, bare: bool = False) -> NoReturn:
        got = (
            "the end of the file"
            if self._current.kind == "end"
            else self._current.text[:MOST_SHOWN].encode(errors="backslashreplace").decode()
        )
        raise SyntaxProblemError(problem if bare else f"{problem}, got {got}", self._text, self._current.start)
