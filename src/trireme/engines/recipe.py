"""`[engine]` in model.toml: from which ONNX file of the version folder an engine is built, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trireme import kinds
from trireme.errors import UnknownKeyError, ValueRefusedError, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

PRECISIONS = ("fp16", "bf16", "int8")


@dataclass(frozen=True)
class Recipe:
    """What an engine is made from; a strongly typed one has the types of its graph.

    lengths are what the graph's open sizes are padded to, one optimisation profile each; buckets names the model whose
    `buckets` parameter says them.
    """

    source: str = "model.onnx"
    strongly_typed: bool = True
    precisions: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    buckets: str = ""


def parse(table: Mapping[str, Any], place: str) -> Recipe:
    """Return the recipe that a table states.

    Raises:
        UnknownKeyError: a key is not one of a recipe's.
        ValueRefusedError: a value cannot be, or two of them contradict each other.

    """
    for key in table:
        if key not in Recipe.__dataclass_fields__:
            raise UnknownKeyError(place, key, Recipe.__dataclass_fields__)
    lists = {key: tuple(kinds.items(table[key], f"{place}.{key}")) for key in table.keys() & LISTS}
    recipe = Recipe(**{**table, **lists})
    _check_kinds(recipe, place)
    if recipe.precisions and recipe.strongly_typed:
        remedy = "a strongly typed engine has the types of its graph; name another source, or set strongly_typed = false"
        raise ValueRefusedError(f"{place}.precisions", list(recipe.precisions), remedy)
    if recipe.lengths and recipe.buckets:
        raise ValueRefusedError(f"{place}.buckets", recipe.buckets, "lengths are stated as well; leave one of them out")
    return recipe


LISTS = frozenset({"precisions", "lengths"})


def _check_kinds(recipe: Recipe, place: str) -> None:
    """Refuse a value that is not of its field's kind."""
    for key in ("source", "buckets"):
        if not isinstance(getattr(recipe, key), str):
            raise ValueRefusedError(f"{place}.{key}", getattr(recipe, key), "it is a name")
    if not recipe.source.endswith(".onnx") or "/" in recipe.source:
        raise ValueRefusedError(f"{place}.source", recipe.source, "it is an ONNX file of the version folder")
    if type(recipe.strongly_typed) is not bool:
        raise ValueRefusedError(f"{place}.strongly_typed", recipe.strongly_typed, "it is true or false")
    for precision in recipe.precisions:
        if precision not in PRECISIONS:
            raise ValueRefusedError(f"{place}.precisions", precision, suggestion(str(precision), PRECISIONS))
    lengths = recipe.lengths
    if any(type(length) is not int or length < 1 for length in lengths) or len(set(lengths)) < len(lengths):
        raise ValueRefusedError(f"{place}.lengths", list(lengths), "they are whole numbers from 1, each once")
