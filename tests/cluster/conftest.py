"""Overlays as kustomize renders them, to be broken."""

import copy
from pathlib import Path

import pytest

from trireme.cluster import kustomize
from trireme.cluster.objects import Object, Objects

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def render():
    """Return an overlay's objects; each is rendered once."""
    known = {}

    def rendered(folder: str) -> Objects:
        if folder not in known:
            known[folder] = kustomize.render(ROOT, ROOT / folder)
        return known[folder]

    return rendered


@pytest.fixture
def broken(render):
    """Return an overlay's objects after a change to a copy of them; change gets the table of one object."""

    def made(folder: str, kind: str, name: str, change) -> Objects:
        tables = [copy.deepcopy(dict(one.table)) for one in render(folder).every]
        table = next(one for one in tables if one["kind"] == kind and one["metadata"]["name"] == name)
        change(table)
        return Objects(tuple(Object(one) for one in tables))

    return made
