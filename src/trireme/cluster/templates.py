"""What helm makes of a chart as plain as ours: `if`, `else if`, `else` and `end` on lines of their own, and holes.

The language is that of https://helm.sh/docs/chart_template_guide, as far as k8s/chart uses it; a test holds one against the
other.
Values are read by PyYAML, helm's by Go: they differ on plain words such as `y`, dates and numbers such as 1e3; quote those.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from trireme.cluster.objects import Objects
from trireme.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

CONTROL = re.compile(r"\{\{- (if|else if|else|end)(?: (.+))? \}\}")
HOLE = re.compile(r"\{\{ (.+?) \}\}")
TOKEN = re.compile(r'"[^"]*"|[()]|[^\s()]+')
SCHEMA = "values.schema.json"
REMEDY = "`helm show values` prints what there is"
UNKNOWN = "no template of ours says this"


def render(folder: Path, file: Path, *, namespace: str) -> Objects:
    """Return the objects of a chart for a file of values that stand over its own.

    Raises:
        ClusterError: the file is no table; a value is missing or none that the chart takes, in the chart's words.

    """
    values = _over(yaml.safe_load((folder / "values.yaml").read_text("utf-8")), _given(file))
    schema = yaml.safe_load((folder / SCHEMA).read_text("utf-8"))
    if (problem := best_match(Draft7Validator(schema).iter_errors(values))) is not None:
        place = ".".join(str(one) for one in problem.absolute_path)
        raise ClusterError(f"{file}: {place or 'values'}", problem.message, REMEDY)
    names = {"Values": values, "Release": {"Namespace": namespace}, "File": str(file)}
    files = sorted((folder / "templates").glob("*.yaml"))
    try:
        return Objects.parse("\n---\n".join("\n".join(filled(path.read_text("utf-8").splitlines(), names)) for path in files))
    except yaml.YAMLError as error:
        raise ClusterError(str(file), f"a value breaks the YAML: {str(error).splitlines()[0]}", REMEDY) from None


def filled(template: Iterable[str], names: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that hold, with their holes filled.

    Raises:
        ClusterError: a value is missing, the template fails, or it says what none of ours does.

    """
    live: list[bool] = []  # of each `if` that is open: whether its lines hold now
    over: list[bool] = []  # and whether one of its branches has held
    for line in template:
        found = CONTROL.fullmatch(line)
        if found is None:
            if "{{" in HOLE.sub("", line):
                raise ClusterError(line.strip(), UNKNOWN, "`helm template` may know it")
            if all(live):
                yield HOLE.sub(lambda hole: str(_value(hole[1], names)), line)
            continue
        if found[1] != "if" and not live:
            raise ClusterError(line, "it closes no `if`", "`helm template` may know it")
        word, condition = found.groups()
        if word == "end":
            live.pop()
            over.pop()
            continue
        if word == "if":
            live.append(False)
            over.append(False)
        reached = all(live[:-1]) and not over[-1]
        live[-1] = reached and (word == "else" or bool(_value(condition, names)))
        over[-1] = over[-1] or live[-1]
    if live:
        raise ClusterError("the template's end", "an `if` is open", "`helm template` may know it")


def _given(file: Path) -> dict[str, Any]:
    """Return a file's values."""
    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ClusterError(str(file), "it is no YAML document", REMEDY) from None
    if found is not None and not isinstance(found, dict):
        raise ClusterError(str(file), "it is no table of values", REMEDY)
    return found or {}


def _over(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with others over them, tables by their keys, as helm does."""
    merged = dict(own)
    for key, value in given.items():
        merged[key] = _over(own[key], value) if isinstance(value, dict) and isinstance(own.get(key), dict) else value
    return merged


def _value(text: str, names: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what YAML holds
    return _called(TOKEN.findall(text), names)


def _called(tokens: list[str], names: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return what a function makes of its arguments, up to the end or a closing bracket; or a value that stands alone."""
    words: list[Any] = []
    while tokens and (word := tokens.pop(0)) != ")":
        words.append(_called(tokens, names) if word == "(" else word if not words else _operand(word, names))
    if words[0] in REFUSALS:
        return REFUSALS[words[0]](names["File"], *words[1:])
    if words[0] in FUNCTIONS:
        return FUNCTIONS[words[0]](*words[1:])
    return _operand(words[0], names)


def _operand(word: str, names: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if word.startswith('"'):
        return word[1:-1]
    if word.isdigit():
        return int(word)
    found: Any = names
    for key in word.removeprefix(".").split("."):
        if not isinstance(found, dict) or key not in found:
            raise ClusterError(word, UNKNOWN, "`helm template` may know it")
        found = found[key]
    return found


def _required(file: str, said: str, value: object) -> object:
    if not value:
        _fail(file, said)
    return value


def _fail(file: str, said: str) -> NoReturn:
    raise ClusterError(file, said, "set it there")


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "eq": lambda one, *others: one in others,
    "ne": lambda one, other: one != other,
    "not": lambda one: not one,
    "and": lambda *every: all(every),
    "default": lambda other, value: value or other,
    "printf": lambda form, *every: form % every,
    "sha256sum": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "trunc": lambda count, text: text[:count],
}
REFUSALS: Mapping[str, Callable[..., Any]] = {"required": _required, "fail": _fail}
