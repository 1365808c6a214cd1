"""Where a published repository lies: a folder or a URL."""

import pytest

from trireme.delivery.store import Place
from trireme.errors import DeliveryError


def test_a_folder_and_a_file_url_are_the_same(tmp_path):
    assert Place.of(str(tmp_path)).path == Place.of(f"file://{tmp_path}").path == str(tmp_path)


def test_what_reads_a_protocol_is_named_where_it_is_not_installed():
    with pytest.raises(DeliveryError, match=r"what reads gs:// is not installed; pip install gcsfs"):
        Place.of("gs://bucket/x")


def test_a_copy_of_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="there is no such folder"):
        Place.of(str(tmp_path / "none")).get(tmp_path / "copy")


def test_a_file_that_is_not_there_reads_as_none(tmp_path):
    assert Place.of(str(tmp_path)).read("model.sig") is None
    (tmp_path / "model.sig").write_bytes(b"x")
    assert Place.of(str(tmp_path)).read("model.sig") == b"x"


def test_an_empty_folder_is_free_and_one_with_something_else_is_taken(tmp_path):
    Place.of(str(tmp_path)).refuse_taken("model.sig")
    (tmp_path / "notes").touch()
    with pytest.raises(DeliveryError, match="it holds something else"):
        Place.of(str(tmp_path)).refuse_taken("model.sig")
    (tmp_path / "model.sig").touch()
    Place.of(str(tmp_path)).refuse_taken("model.sig")
