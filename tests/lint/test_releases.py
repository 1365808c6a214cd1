import pytest
from tritonclient.grpc.model_config_pb2 import ModelConfig

from trireme.errors import ValueRefusedError
from trireme.lint import releases


@pytest.mark.parametrize("release", ["20.01", "24.13", "2.51.0", "", "latest"])
def test_what_is_no_release_is_refused(release):
    with pytest.raises(ValueRefusedError, match=r"--triton: .* name a release of Triton from 22\.01 on"):
        releases.check(release)


def test_the_embedded_one_is_24_10():
    assert releases.check("embedded") == "24.10"


def test_the_pins_come_from_the_nearest_versions_toml(tmp_path):
    (tmp_path / "versions.toml").write_text('[a]\nrelease = "24.10"\n[b]\nrelease = "26.10"\n')
    (tmp_path / "model_repository").mkdir()
    assert releases.pinned(tmp_path / "model_repository") == ("24.10", "26.10")


def test_without_pins_the_embedded_and_the_newest_count(tmp_path):
    assert releases.pinned(tmp_path) == ("24.10", releases.table()["newest"])


def test_each_name_of_the_table_is_one_of_the_protobuf_in_use():
    known = set()

    def walk(message):
        known.update(field.full_name for field in message.fields)
        known.update(f"{message.full_name}.{value}" for enum in message.enum_types for value in enum.values_by_name)
        for nested in message.nested_types:
            walk(nested)

    for message in ModelConfig.DESCRIPTOR.file.message_types_by_name.values():
        walk(message)
    known.update(ModelConfig.DESCRIPTOR.file.enum_types_by_name["DataType"].values_by_name)
    assert set(releases.table()["since"]) <= known


def test_newer_fields_and_values_are_found_anywhere():
    config = ModelConfig(runtime="x")
    config.input.add(name="x", data_type=14)
    found = {name: since for _, name, since in releases.newer_names(config, ("22.01",))}
    assert found == {"inference.ModelConfig.runtime": "24.01", "TYPE_BF16": "22.05"}
    assert list(releases.newer_names(config, ("24.01", "24.10"))) == []
