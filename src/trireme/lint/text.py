"""A config.pbtxt as text: parsed by protobuf, and searched for the place of a field.

protobuf's parser gives line and column of an error but forgets where a value stood. The places are found by a second walk,
made only for a config that has findings.
"""

from __future__ import annotations

import bisect
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf import text_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

TOKEN = re.compile(
    r"""(?P<space>[\s]+|\#[^\n]*)|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<word>[\w.+-]+)|(?P<mark>.)""",
    re.DOTALL,
)
NO_FIELD = re.compile(r'Message type "(?P<message>[^"]+)" has no field named "(?P<name>[^"]+)"')
NO_VALUE = re.compile(r'Enum type "(?P<enum>[^"]+)" has no value named (?P<name>\w+)')
PART = re.compile(r"([\w-]+)(\[\d+\])?(?:\['([^']*)'\])?")
OPEN = {"{": "}", "<": ">"}


class SyntaxProblemError(Exception):
    """The text is no ModelConfig; line and column count from 1.

    unknown is the name that Triton does not have, where that is the problem, and known are those it has at the place.
    """

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.unknown, self.known = _unknown(message)


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
    """Return the ModelConfig that a text is.

    Raises:
        SyntaxProblemError: it is none.

    """
    try:
        return text_format.Parse(text, model_config()())
    except text_format.ParseError as error:
        message = re.sub(r"^\d+:\d+ : ('.*'(?=: [A-Z])(?:: )?)?", "", str(error)).rstrip(".")
        raise SyntaxProblemError(message, error.GetLine() or 1, error.GetColumn() or 1) from None
    except (RecursionError, ValueError, UnicodeError) as error:
        raise SyntaxProblemError(str(error).splitlines()[0] or type(error).__name__, 1, 1) from None


def _unknown(message: str) -> tuple[str, tuple[str, ...]]:
    """Return the unknown name of protobuf's message, and the known ones."""
    descriptor = model_config().DESCRIPTOR
    if match := NO_FIELD.search(message):
        names = _messages(descriptor).get(match["message"])
        return match["name"], tuple(names.fields_by_name) if names else ()
    if match := NO_VALUE.search(message):
        enums = {
            field.enum_type.full_name: field.enum_type
            for kind in _messages(descriptor).values()
            for field in kind.fields
            if field.enum_type
        }
        return match["name"], tuple(enums[match["enum"]].values_by_name) if match["enum"] in enums else ()
    return "", ()


@cache
def _messages(root: Descriptor) -> Mapping[str, Descriptor]:
    """Return a message's type and all that it is made of, by full name."""
    found = {root.full_name: root}
    for field in root.fields:
        if field.message_type is not None:
            found.update(_messages(field.message_type))
    return found


class Places:
    """Where each field of a text stands, by path: `input[0].dims[1]`, `parameters['key'].string_value`."""

    def __init__(self, text: str) -> None:
        self._found: dict[str, tuple[int, int]] = {}
        self._keys: dict[str, str] = {}
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._tokens = [match for match in TOKEN.finditer(text) if match.lastgroup != "space"]
        self._next = 0
        self._message("", "")

    def span(self, path: str) -> tuple[int, int] | None:
        """Return the offsets of the field at a path; None when the text does not state it."""
        resolved, rest = self._resolve(path)
        return None if rest else self._found.get(resolved)

    def at(self, path: str) -> tuple[int, int]:
        """Return line and column of a path, or of the nearest part of it that the text states."""
        resolved, _ = self._resolve(path)
        offset = self._found[resolved][0] if resolved else 0
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

    def _message(self, place: str, end: str) -> None:
        """Read fields until the closing mark."""
        counts: dict[str, int] = {}
        while (token := self._take()) and token.group() != end:
            if token.lastgroup != "word":
                continue
            name = token.group()
            if self._peek() == ":":
                self._take()
            path = f"{place}.{name}".lstrip(".")
            if name == "key" and self._peek()[:1] in {'"', "'"}:
                self._keys[f"{place[: place.rindex('[')]}['{self._peek()[1:-1]}']" if place else ""] = place
            listed = self._peek() == "["
            for value in self._values():
                number = counts.get(name, 0)
                counts[name] = number + 1
                self._field(value.start() if listed else token.start(), f"{path}[{number}]", value)

    def _field(self, start: int, path: str, value: re.Match[str]) -> None:
        """Note where one value of a field stands, and what stands inside it."""
        if value.group() in OPEN:
            self._found[path] = start, start
            self._message(path, OPEN[value.group()])
            self._found[path] = start, self._tokens[min(self._next, len(self._tokens)) - 1].end()
        else:
            self._found[path] = value.start(), self._tokens[self._next - 1].end()

    def _values(self) -> Iterator[re.Match[str]]:
        """Yield the token that each value of a field begins with; the caller reads a message before the next."""
        first = self._take()
        if first is None:
            return
        if first.group() != "[":
            while first.lastgroup == "string" and self._peek()[:1] in {'"', "'"}:  # neighbouring strings are one
                self._take()
            yield first
            return
        while (token := self._take()) and token.group() != "]":
            if token.group() != ",":
                yield token

    def _take(self) -> re.Match[str] | None:
        self._next += 1
        return self._tokens[self._next - 1] if self._next <= len(self._tokens) else None

    def _peek(self) -> str:
        return self._tokens[self._next].group() if self._next < len(self._tokens) else ""
