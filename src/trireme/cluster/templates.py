"""What helm makes of a chart as plain as ours: `if`, `else if`, `else` and `end` on lines of their own, and holes.

The language is that of https://helm.sh/docs/chart_template_guide, as far as k8s/chart uses it; a test
holds one against the other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import jsonschema
import yaml

from trireme.cluster.objects import Objects
from trireme.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

CONTROL = re.compile(r"\{\{- (if|else if|else|end)(?: (.+))? \}\}")
HOLE = re.compile(r"\{\{ (.+?) \}\}")
TOKEN = re.compile(r'"[^"]*"|[()]|[^\s()]+')
SCHEMA = "values.schema.json"


def render(folder: Path, file: Path, *, namespace: str) -> Objects:
    """Return the objects of a chart for a file of values that stand over its own.

    Raises:
        ClusterError: the file is no table; a value is missing or none that the chart takes, in the chart's words.

    """
    try:
        given = yaml.safe_load(file.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ClusterError(str(file), "it is no YAML", "`helm show values` prints what it may hold") from error
    if not isinstance(given, dict):
        raise ClusterError(str(file), "it is no table of values", "`helm show values` prints what it may hold")
    values = _over(yaml.safe_load((folder / "values.yaml").read_text("utf-8")), given)
    schema = yaml.safe_load((folder / SCHEMA).read_text("utf-8"))
    for problem in jsonschema.Draft7Validator(schema).iter_errors(values):
        place = ".".join(str(one) for one in problem.absolute_path)
        raise ClusterError(f"{file}: {place or 'values'}", problem.message, "`helm show values` prints what there is")
    names = {"Values": values, "Release": {"Namespace": namespace, "Revision": 1}}
    files = sorted((folder / "templates").glob("*.yaml"))
    return Objects.parse("\n---\n".join("\n".join(filled(path.read_text("utf-8").splitlines(), names)) for path in files))


def filled(template: Iterable[str], names: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that hold, with their holes filled.

    Raises:
        ClusterError: a value is missing, the template fails, or it says what no template of ours does.

    """
    live: list[bool] = []  # of each `if` that is open: whether its lines hold now
    over: list[bool] = []  # and whether one of its branches has held
    for line in template:
        found = CONTROL.fullmatch(line)
        if found is None:
            if all(live):
                yield HOLE.sub(lambda hole: str(_value(hole[1], names)), line)
            continue
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
    if words[0] in FUNCTIONS:
        return FUNCTIONS[words[0]](*words[1:])
    return _operand(words[0], names)


def _operand(word: str, names: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if word.startswith('"'):
        return word[1:-1]
    found: Any = names
    for key in word.removeprefix(".").split("."):
        if not isinstance(found, dict) or key not in found:
            raise ClusterError(word, "no template of ours says this", "`helm template` may know it")
        found = found[key]
    return found


def _required(said: str, value: object) -> object:
    if value in (None, ""):
        raise ClusterError("values", said, "set it")
    return value


def _fail(said: str) -> NoReturn:
    raise ClusterError("values", said, "change one of them")


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "eq": lambda one, *others: one in others,
    "ne": lambda one, other: one != other,
    "not": lambda one: not one,
    "and": lambda *every: all(every),
    "or": lambda *every: any(every),
    "default": lambda other, value: value or other,
    "required": _required,
    "fail": _fail,
}
