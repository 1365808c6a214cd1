"""Images: a release is built from digests alone."""

import pytest

from trireme.cluster import images
from trireme.errors import ClusterError

GOOD = "sha256:" + "a" * 64


def write(root, digest):
    row = f'{{name = "r/x", tag = "1", digest = "{digest}"}}'
    (root / "versions.toml").write_text(f"[images]\ntriton = {row}\npython = {row}\nvllm = {row}\n")
    return root


def test_a_release_without_a_digest_is_refused_with_how_to_find_it(tmp_path):
    with pytest.raises(ClusterError, match=r"images.triton has no digest.*`docker buildx imagetools inspect r/x:1`"):
        images.arguments(write(tmp_path, ""), release=True)


def test_a_trial_takes_the_tag_and_a_release_the_digest(tmp_path):
    assert images.arguments(write(tmp_path, ""), release=False)[1] == "TRITON=r/x:1"
    assert images.arguments(write(tmp_path, GOOD), release=True)[1] == f"TRITON=r/x:1@{GOOD}"


def test_a_digest_that_is_none_is_refused(tmp_path):
    with pytest.raises(ClusterError, match="it is sha256: and 64 digits"):
        images.rows(write(tmp_path, "latest"))
