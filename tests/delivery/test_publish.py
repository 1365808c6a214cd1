"""What is published: a Triton repository as it stands, whole or not at all."""

import json

import pytest

from trireme.delivery import sbom
from trireme.delivery.publish import publish
from trireme.delivery.signing import Signer
from trireme.errors import DeliveryError
from trireme.server.process import Server


def test_it_holds_the_built_tree_examples_a_bill_and_a_signature(published):
    files = {path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()}
    assert {"repo.lock", "sbom.cdx.json", "model.sig", "double/examples.json", "double/1/model.py", "twice/1/.keep"} <= files


def test_the_real_server_serves_it(published, tmp_path):
    with Server(published, tmp_path / "log") as server:
        assert server.running()


def test_engines_that_were_put_into_the_tree_are_signed_with_it(built, keys, trust, tmp_path):
    folder = built.root / "model_repository/double/1"
    plans = [folder / "model.sm89.plan", folder / "model.sm89.plan.json"]
    try:
        for path in plans:
            path.write_text("{}")
        publish(built, str(tmp_path / "out"), Signer(keys[0]))
    finally:
        for path in plans:
            path.unlink()
    trust.verify(tmp_path / "out")
    assert {path.name for path in plans} <= {path.name for path in (tmp_path / "out/double/1").iterdir()}
    (tmp_path / "out/double/1/model.sm89.plan").write_text("another")
    with pytest.raises(DeliveryError, match=r"double/1/model.sm89.plan"):
        trust.verify(tmp_path / "out")


def test_a_tree_that_is_not_what_the_sources_say_is_not_published(built, keys, tmp_path):
    path = built.root / "model_repository/double/1/infer.py"
    text = path.read_text()
    path.write_text(text + "# changed\n")
    try:
        with pytest.raises(DeliveryError, match="was changed after it was built"):
            publish(built, str(tmp_path / "out"), Signer(keys[0]))
    finally:
        path.write_text(text)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_else_is_refused_and_stays(built, keys, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DeliveryError, match="it holds something else"):
        publish(built, str(tmp_path), Signer(keys[0]))
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_published_folder_is_replaced_whole(built, keys, published, trust):
    (published / "double/1/extra.bin").write_text("x")
    publish(built, str(published), Signer(keys[0]))
    trust.verify(published)


def test_a_readme_without_a_licence_is_refused(built, keys, tmp_path):
    path = built.root / "models/double/README.md"
    text = path.read_text()
    path.write_text("# double\n")
    try:
        with pytest.raises(DeliveryError, match=r"models/double/README.md: it states no licence"):
            publish(built, str(tmp_path / "out"), Signer(keys[0]))
    finally:
        path.write_text(text)
    assert not (tmp_path / "out").exists()


def test_the_bill_names_models_licences_digests(published):
    bill = json.loads((published / sbom.NAME).read_text())
    rows = {row["name"]: row for row in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert rows["double"]["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    assert rows["twice"]["licenses"] == [{"license": {"id": "MIT"}}]
    names = {one["name"] for one in rows["double"]["properties"]}
    assert "trireme:file:infer.py" in names


def test_every_shipped_model_states_its_licence(sources):
    assert {sbom.licence(unit) for unit in sources.units} == {"Apache-2.0"}
