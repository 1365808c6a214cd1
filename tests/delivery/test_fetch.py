"""A published repository comes whole and verified, or the target stays as it was."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from trireme.delivery import store
from trireme.delivery.fetch import fetch
from trireme.delivery.publish import publish
from trireme.delivery.signing import Signer
from trireme.errors import DeliveryError

RCLONE = Path(sys.prefix) / "bin/rclone"


@pytest.fixture(scope="module")
def bucket(monkeypatch_module, tmp_path_factory, wait_until):
    """An object store on loopback, rclone's, with a bucket in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("store")
    (folder / "models").mkdir()
    line = [
        RCLONE,
        "serve",
        "s3",
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        "key,secret",
        "--vfs-cache-mode=off",
        str(folder),
    ]
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "RCLONE_CONFIG": str(folder / "rclone.conf"),
    }.items():
        monkeypatch_module.setenv(name, value)
    server = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    wait_until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None, seconds=10)
    yield "s3://models"
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_from_a_folder(published, trust, tmp_path):
    assert fetch(str(published), tmp_path / "served", trust)
    trust.verify(tmp_path / "served")


def test_what_is_there_already_stays(published, trust, tmp_path):
    fetch(str(published), tmp_path / "served", trust)
    assert not fetch(str(published), tmp_path / "served", trust)


def test_a_damaged_copy_is_fetched_anew(published, trust, tmp_path):
    fetch(str(published), tmp_path / "served", trust)
    (tmp_path / "served/double/config.pbtxt").write_text("")
    assert fetch(str(published), tmp_path / "served", trust)
    trust.verify(tmp_path / "served")


def test_a_tampered_one_is_refused_and_the_old_one_stays(published, original, trust, tmp_path):
    fetch(str(original), tmp_path / "served", trust)
    (published / "double/1/infer.py").write_text("evil")
    (published / "model.sig").write_text((published / "model.sig").read_text() + " ")
    with pytest.raises(DeliveryError, match=r"changed double/1/infer.py"):
        fetch(str(published), tmp_path / "served", trust)
    trust.verify(tmp_path / "served")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["served", "tree"]


def test_through_an_object_store(built, keys, trust, bucket, tmp_path):
    publish(built, f"{bucket}/one", Signer(keys[0]))
    assert fetch(f"{bucket}/one", tmp_path / "served", trust)
    trust.verify(tmp_path / "served")
    assert not fetch(f"{bucket}/one/", tmp_path / "served", trust)


def test_a_published_url_never_changes(built, keys, bucket):
    publish(built, f"{bucket}/two", Signer(keys[0]))
    with pytest.raises(DeliveryError, match="what is published never changes"):
        publish(built, f"{bucket}/two", Signer(keys[0]))


def test_an_object_that_was_added_to_the_store_is_refused(built, keys, trust, bucket, tmp_path):
    publish(built, f"{bucket}/three", Signer(keys[0]))
    store.Place.of(bucket).files.pipe_file("models/three/double/2/model.py", b"evil")
    with pytest.raises(DeliveryError, match=r"added double/2/model\.py"):
        fetch(f"{bucket}/three", tmp_path / "served", trust)
    assert not (tmp_path / "served").exists()


def test_an_upload_that_stopped_early_is_not_signed(built, keys, trust, bucket, tmp_path):
    publish(built, f"{bucket}/four", Signer(keys[0]))
    store.Place.of(bucket).files.rm_file("models/four/model.sig")
    with pytest.raises(DeliveryError, match="it is not signed"):
        fetch(f"{bucket}/four", tmp_path / "served", trust)


@pytest.mark.parametrize(
    ("source", "said"),
    (
        ("nowhere", "there is no such folder"),
        ("s3://models/nothing", "nothing is published there"),
        ("s3://nobodys-bucket/x", "published there|refused"),
        ("nonsense://x", "Protocol not known|nonsense"),
        ("gs://models/x", "what reads gs:// is not installed; pip install gcsfs"),
    ),
)
def test_a_source_that_is_none_is_refused(source, said, bucket, trust, tmp_path):
    with pytest.raises(DeliveryError, match=said):
        fetch(source, tmp_path / "served", trust)
    assert not any(tmp_path.iterdir())


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path):
    class Files:
        def find(self, path):
            return [f"{path}/../../evil"]

    with pytest.raises(DeliveryError, match="leads out of the folder"):
        store.Place("s3://x", "x", Files()).get(tmp_path / "copy")


def test_links_are_not_followed_out(published, trust, tmp_path):
    (published / "double/1/link").symlink_to("/etc/hostname")
    with pytest.raises(DeliveryError, match="link"):
        fetch(str(published), tmp_path / "served", trust)
    assert not (tmp_path / "served").exists()
