"""What the chart can be told."""

import json

import yaml

from trireme.cluster import chartvalues, gpus, images


def test_a_component_that_changes_another_is_not_there_without_it():
    names = chartvalues.components((("gateway.enabled", "false"), ("rollout", "manual"), ("nginx.enabled", "false")))
    assert "components/gateway-api" in names
    assert not {"components/gateway", "components/gateway-routed", "components/nginx"} & set(names)


def test_every_value_is_in_the_schema_and_the_choices_of_gpus_are_those_known():
    properties = json.loads(chartvalues.schema())["properties"]
    for name, value in yaml.safe_load(chartvalues.values(dict.fromkeys(images.OURS, "1"))).items():
        inner = properties[name].get("properties", {})
        assert set(inner) == (set(value) if isinstance(value, dict) else set())
    assert properties["gpu"]["properties"]["name"]["enum"] == ["none", "any", *gpus.known()]
