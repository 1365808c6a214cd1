"""Each object against its schema: Kubernetes' own of the three newest releases known, and those of CRDs in k8s/schemas/."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
from kubernetes_validate import utils

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from trireme.cluster.objects import Object, Objects

FOLDER = "k8s/schemas"
RELEASES = 3
"""How many of Kubernetes' releases are held against: those that the project supports at a time."""


def releases() -> list[str]:
    """Return the releases that objects are held against, as 1.37.0."""
    return sorted(set(utils.all_versions()), key=utils.Version)[-RELEASES:]


def problems(root: Path, objects: Objects) -> Iterator[str]:
    """Yield what a schema refuses, a line each: object, path, reason. A kind without a schema is a problem."""
    for one in objects.every:
        own = _own(root / FOLDER, one.kind.lower(), str(one.table.get("apiVersion", "")))
        if own is not None:
            yield from _against(own, one, "its CRD")
            continue
        for release in releases():
            try:
                utils.validate(dict(one.table), release, strict=True)
            except utils.ValidationError as error:
                yield _sentence(one, error, release)
            except utils.SchemaNotFoundError:
                version = one.table.get("apiVersion")
                yield f"{one.place}: {release} knows no {version} {one.kind}; write its schema into {FOLDER}"


@cache
def _own(folder: Path, kind: str, version: str) -> Mapping[str, Any] | None:
    group, _, number = version.rpartition("/")
    path = folder / f"{kind}.{group}.{number}.json"
    if not path.is_file():
        return None
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _against(schema: Mapping[str, Any], one: Object, name: str) -> Iterator[str]:
    validator = jsonschema.validators.validator_for(schema)(schema)
    for error in sorted(validator.iter_errors(one.table), key=lambda error: list(map(str, error.path))):
        yield _sentence(one, error, name)


def _sentence(one: Object, error: jsonschema.ValidationError, name: str) -> str:
    deepest = jsonschema.exceptions.best_match([error]) or error
    path = ".".join(str(part) for part in deepest.absolute_path)
    return f"{one.place}: {path}: {deepest.message} ({name})"
