import json

import pytest

from trireme.build import build
from trireme.discover import discover
from trireme.errors import ChangedBytesError, LockedVersionError, UnreadableError, ValueRefusedError
from trireme.lock import Lock


@pytest.fixture
def published(project):
    build(discover(project))
    return project


def change(project):
    path = project / "models/double/infer.py"
    path.write_text(path.read_text().replace("2 * x", "3 * x"))


def test_changed_sources_under_a_published_version_are_refused_with_the_version_to_set(published):
    change(published)
    with pytest.raises(LockedVersionError) as caught:
        build(discover(published))
    assert str(caught.value) == (
        "models/double/model.toml: version 1 is published and its sources changed (infer.py); "
        "set version = 2 in models/double/model.toml, or `trireme build --relock double` if nobody was given it"
    )


def test_the_next_version_is_published_beside_the_history_of_the_first(published):
    change(published)
    toml = published / "models/double/model.toml"
    toml.write_text(toml.read_text().replace("version = 1", "version = 2"))
    build(discover(published))
    lock = Lock.read(published / "model_repository/repo.lock")
    assert sorted(lock.versions["double"]) == ["1", "2"]
    assert sorted(path.name for path in (published / "model_repository/double").iterdir()) == ["2", "config.pbtxt"]


def test_a_version_that_nobody_was_given_can_be_forgotten(published):
    change(published)
    assert build(discover(published), relock=("double",)).changed


def test_a_source_that_is_gone_goes_with_the_version_that_is_forgotten(project):
    extra = project / "models/double/table.txt"
    extra.write_text("1")
    build(discover(project))
    extra.unlink()
    build(discover(project), relock=("double",))
    assert not (project / "model_repository/double/1/table.txt").exists()


def test_a_reproducible_version_with_other_bytes_is_refused(published):
    path = published / "model_repository/repo.lock"
    table = json.loads(path.read_text())
    table["versions"]["double"]["1"]["files"]["model.py"] = "0" * 64
    path.write_text(json.dumps(table))
    with pytest.raises(ChangedBytesError, match=r"version 1 came out with other bytes \(model.py\) than were published"):
        build(discover(published))


def test_a_kept_version_keeps_its_own_adapter(published):
    kept = published / "models/double/versions/1"
    kept.mkdir(parents=True)
    for name in ("infer.py", "model.py"):
        (kept / name).write_bytes((published / "model_repository/double/1" / name).read_bytes())
    toml = published / "models/double/model.toml"
    toml.write_text(toml.read_text().replace("version = 1", "version = 2\n[versions.1]\n"))
    change(published)
    build(discover(published))
    assert sorted(path.name for path in (published / "model_repository/double").iterdir()) == ["1", "2", "config.pbtxt"]


def test_forgetting_a_model_that_was_never_published_is_refused(published):
    with pytest.raises(ValueRefusedError, match="--relock: 'duble' is refused; did you mean 'double'"):
        build(discover(published), relock=("duble",))


def test_the_lock_has_a_digest_for_every_built_byte(published):
    entry = Lock.read(published / "model_repository/repo.lock").versions["double"]["1"]
    assert sorted(entry["files"]) == ["infer.py", "model.py"]
    assert all(len(digest) == 64 for digest in entry["files"].values())


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 2, "versions": {}}'])
def test_a_lock_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "repo.lock").write_text(text)
    with pytest.raises(UnreadableError, match=r"repo.lock cannot be read"):
        Lock.read(tmp_path / "repo.lock")
