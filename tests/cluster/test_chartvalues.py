"""What the chart can be told."""

import json

import yaml

from trireme.cluster import chartvalues, gpus, images


def test_a_component_that_changes_another_is_not_there_without_it():
    names = chartvalues.components((("gateway.enabled", "false"), ("rollout", "manual"), ("nginx.enabled", "false")))
    assert "components/gateway-api" in names
    assert not {"components/gateway", "components/gateway-routed", "components/nginx"} & set(names)


def test_each_choice_but_the_first_is_rendered_alone():
    alone = {setting[0] for setting in chartvalues.settings() if len(setting) == 1}
    assert alone == {(name, choice) for name, choices in chartvalues.axes().items() for choice in list(choices)[1:]}


def test_every_value_is_in_the_schema_and_every_choice_of_an_axis_with_it():
    properties = json.loads(chartvalues.schema())["properties"]
    for name, value in yaml.safe_load(chartvalues.values(dict.fromkeys(images.OURS, "1"))).items():
        inner = properties[name].get("properties", {})
        assert set(inner) == (set(value) if isinstance(value, dict) else set())
    assert properties["gpu"]["properties"]["name"]["enum"] == ["none", "any", *gpus.known()]
