from trireme.engines.names import complete, is_plan
from trireme.engines.recipe import Recipe


def test_a_config_that_serves_an_engine_is_known_by_platform_or_backend():
    assert (is_plan({"platform": "tensorrt_plan"}), is_plan({"backend": "tensorrt"}), is_plan({"backend": "python"})) == (
        True, True, False,
    )  # fmt: skip


def test_each_capability_has_a_file_and_what_is_stated_stays():
    table = {"cc_model_filenames": {"8.9": "mine.plan"}}
    complete(table, Recipe())
    assert table == {"cc_model_filenames": {"8.9": "mine.plan"}}


def test_every_instance_uses_all_profiles_unless_it_names_some():
    table = {"instance_group": [{"count": 2}, {"profile": ["1"]}]}
    complete(table, Recipe(lengths=(16, 32)))
    assert table["instance_group"] == [{"profile": ["0", "1"], "count": 2}, {"profile": ["1"]}]
    assert table["cc_model_filenames"]["12.0"] == "model.sm120.plan"
