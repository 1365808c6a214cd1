from trireme import digest


def test_a_file_has_its_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert digest.of_file(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_mapping_has_one_digest_whatever_its_order():
    assert digest.of_mapping({"a": "1", "b": "2"}) == digest.of_mapping({"b": "2", "a": "1"})
    assert digest.of_mapping({"a": "1"}) != digest.of_mapping({"a": "2"})


def test_a_package_that_is_missing_is_said_to_be():
    assert digest.of_packages(["no-such-package"]) == {"no-such-package": "not installed"}


def test_the_local_part_of_a_version_is_left_out():
    assert "+" not in digest.of_packages(["torch"])["torch"]
