"""The bill of materials, read back."""

import json

import pytest

from trireme.delivery import sbom
from trireme.lock import Lock


@pytest.fixture(scope="module")
def bill(sources):
    tree = sources.root / "model_repository"
    return json.loads(sbom.text(sources, tree, Lock.read(tree / "repo.lock")))


def test_every_version_that_is_served_is_a_component_with_a_licence(bill, sources):
    models = [row for row in bill["components"] if row["type"] == "machine-learning-model"]
    assert {row["name"] for row in models} == set(sources.names)
    assert {(row["name"], row["version"]) for row in models} >= {("credit_risk", "1"), ("credit_risk", "2")}
    assert all(row["licenses"] for row in models)


def test_measures_of_a_published_version_are_in_it(bill):
    (row,) = [one for one in bill["components"] if one["name"] == "text_encoder"]
    measures = {one["name"]: float(one["value"]) for one in row["properties"] if one["name"].startswith("trireme:measure:")}
    assert measures["trireme:measure:cosine"] == 1.0
    assert measures["trireme:measure:mean_cosine_int8"] >= 0.99


def test_packages_are_named_by_their_urls_and_models_depend_on_them(bill):
    packages = [row for row in bill["components"] if row["type"] == "library"]
    assert all(row["purl"].startswith("pkg:pypi/") for row in packages)
    needs = {row["ref"]: row.get("dependsOn", []) for row in bill["dependencies"]}
    assert any(ref.startswith("pkg:pypi/") for ref in needs["model:credit_risk:2"])
    assert "model:credit_risk:2" in needs["repository"]


@pytest.mark.parametrize(
    ("text", "found"),
    (
        ("- **Licence** Apache-2.0, as", "Apache-2.0"),
        ("**License** MIT.", "MIT"),
        ("**Licence**: BSD-3-Clause", "BSD-3-Clause"),
    ),
)
def test_a_licence_is_read_from_a_readme(text, found):
    assert sbom.LICENCE.search(text)[1].rstrip(".") == found
