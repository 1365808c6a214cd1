"""What is published: a Triton repository as it stands, whole or not at all."""

import json
import shutil

import pytest

from trireme.delivery import sbom
from trireme.delivery.publish import publish
from trireme.delivery.signing import Signer, Trust, make_keys
from trireme.discover import discover
from trireme.errors import DeliveryError, LockedVersionError
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


@pytest.fixture
def fetched(built, published, tmp_path):
    """The sources beside the tree that was fetched, as the Job has them that builds engines."""
    shutil.copytree(built.root / "models", tmp_path / "work/models")
    shutil.copytree(built.root / "ensembles", tmp_path / "work/ensembles")
    published.rename(tmp_path / "work/model_repository")
    return discover(tmp_path / "work")


def test_what_was_fetched_is_published_anew_with_the_engines_built_since_and_without_an_export(fetched, trust, tmp_path):
    tree = fetched.root / "model_repository"
    for name in ("model.sm89.plan", "model.sm89.plan.json"):
        (tree / "double/1" / name).write_text("{}")
    other = make_keys(tmp_path / "other.pem")
    publish(fetched, str(tmp_path / "plans"), Signer(tmp_path / "other.pem"), trust)
    Trust(other).verify(tmp_path / "plans")
    assert (tmp_path / "plans/double/1/model.sm89.plan").is_file()
    assert not (fetched.root / ".trireme/artefacts").exists()
    assert (tmp_path / "plans/repo.lock").read_bytes() == (tree / "repo.lock").read_bytes()


def tampered(tree):
    (tree / "double/1/infer.py").write_text("# another\n")


def added(tree):
    (tree / "double/1/more.py").write_text("")


def unsigned(tree):
    (tree / "model.sig").unlink()


FETCHED = {tampered: "changed double/1/infer.py", added: "added double/1/more.py", unsigned: "it is not signed"}


@pytest.mark.parametrize("change", FETCHED)
def test_what_was_fetched_and_is_not_as_it_was_signed_is_not_published(change, fetched, trust, keys, tmp_path):
    change(fetched.root / "model_repository")
    with pytest.raises(DeliveryError, match=FETCHED[change]):
        publish(fetched, str(tmp_path / "plans"), Signer(keys[0]), trust)
    assert not (tmp_path / "plans").exists()


def test_what_was_fetched_and_made_from_other_sources_is_not_published(fetched, trust, keys, tmp_path):
    with (fetched.root / "models/double/infer.py").open("a") as file:
        file.write("# another\n")
    with pytest.raises(LockedVersionError, match="double"):
        publish(fetched, str(tmp_path / "plans"), Signer(keys[0]), trust)


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
