"""What follows from the models and from versions.toml."""

import shutil

import pytest
import yaml

from trireme.cluster import generate, gpus
from trireme.discover import Sources


@pytest.fixture
def elsewhere(sources, tmp_path):
    """The sources, generating into a folder of the test's own."""
    (tmp_path / "model_repository").symlink_to(sources.root / "model_repository")
    shutil.copy(sources.root / "versions.toml", tmp_path)
    return Sources(tmp_path, sources.models, sources.ensembles)


def test_a_second_run_writes_nothing_and_what_nothing_stands_behind_goes(elsewhere):
    assert generate.write(elsewhere)
    assert generate.write(elsewhere) == []
    stray = elsewhere.root / generate.FOLDER / "gpus/h9/kustomization.yaml"
    stray.parent.mkdir()
    stray.touch()
    assert generate.write(elsewhere) == ["gpus/h9/kustomization.yaml"]
    assert not stray.parent.exists()


def test_a_text_that_was_edited_is_written_again(elsewhere):
    generate.write(elsewhere)
    path = elsewhere.root / generate.FOLDER / "sizes/kustomization.yaml"
    path.write_text("edited")
    assert generate.write(elsewhere) == ["sizes/kustomization.yaml"]


def test_every_gpu_has_a_component_that_places_pods_on_it(sources):
    found = generate.texts(sources)
    for gpu in gpus.known().values():
        patch = yaml.safe_load(yaml.safe_load(found[f"gpus/{gpu.name}/kustomization.yaml"])["patches"][0]["patch"])
        affinity = patch["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
        (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        assert term["matchExpressions"][0]["values"] == list(gpu.products)


def test_a_gpu_without_a_variant_of_its_own_takes_the_one_for_all(sources):
    assert generate.variant(sources, gpus.find("l4")) == "gpu"


def test_a_digest_in_versions_toml_pins_an_image(elsewhere):
    digest = "sha256:" + "b" * 64
    path = elsewhere.root / "versions.toml"
    path.write_text(path.read_text().replace('tag = "1.29-alpine", digest = ""', f'tag = "1.29-alpine", digest = "{digest}"'))
    rows = yaml.safe_load(generate.texts(elsewhere)["images/kustomization.yaml"])["images"]
    assert {"name": "nginx", "newName": "docker.io/library/nginx", "digest": digest} in rows
