"""What is said where an extra is missing."""

import importlib

import click
import pytest

from trireme.extra import extra


def test_a_missing_import_names_the_extras_to_install():
    said = r"this needs `pip install 'trireme\[cluster,tune\]'` \(No module named 'nothing'"
    with pytest.raises(click.ClickException, match=said), extra("cluster", "tune"):
        importlib.import_module("nothing")


def test_what_can_be_imported_is():
    with extra("gateway"):
        found = importlib.import_module("json")
    assert found.loads("1") == 1
