"""What is served by now: models that come, change and go while the gateway runs."""

import shutil
import time
from pathlib import Path

import httpx
import pytest
import tritonclient.grpc as grpcclient
from tritonclient.grpc.model_config_pb2 import ModelConfig

from trireme.gateway.catalog import ABSENT_SECONDS, Catalog
from trireme.gateway.endpoint import Served
from trireme.gateway.settings import Settings
from trireme.server.process import Server

REPOSITORY = Path(__file__).parents[1] / "foreign" / "text"
ASK = {"items": [{"TEXT": "two words"}]}


@pytest.fixture
def triton(tmp_path):
    shutil.copytree(REPOSITORY, tmp_path / "repository")
    flags = ("--model-control-mode=explicit", "--load-model=split")
    with Server(tmp_path / "repository", tmp_path / "log", flags=flags) as server:
        yield server


def test_a_model_has_its_routes_when_it_is_loaded_and_says_so_when_it_is_gone(triton, start_gateway, wait_until):
    gateway = start_gateway(triton.grpc, "--insecure", settings='refresh_seconds = 0.2\nrequired = ["split"]')
    client = grpcclient.InferenceServerClient(triton.grpc.removeprefix("grpc://"))
    with httpx.Client(base_url=gateway.url, timeout=30) as http:
        assert http.post("/v1/models/count:predict", json=ASK).json()["code"] == "unknown-model"
        assert "/v1/models/count:predict" not in http.get("/openapi.json").json()["paths"]
        client.load_model("count")
        wait_until(lambda: http.get("/v1/models").text.count('"name":"count"') == 1, seconds=10)
        answer = http.post("/v1/models/count:predict", json={"items": [{"WORDS": 3}]})
        assert answer.json().get("code") != "unknown-model"
        assert "/v1/models/count:predict" in http.get("/openapi.json").json()["paths"]
        client.unload_model("split")
        wait_until(lambda: http.post("/v1/models/split:predict", json=ASK).status_code == 503, seconds=10)
        assert http.get("/v1/admin/endpoints").json()["endpoints"][0]["state"] == "serving"
        client.load_model("split")
        wait_until(lambda: http.post("/v1/models/split:predict", json=ASK).status_code == 200, seconds=10)
    client.close()


def served(name, route):
    config = ModelConfig(name=name, backend="python", max_batch_size=4)
    config.input.add(name="x", data_type=11, dims=[1])
    config.output.add(name="y", data_type=11, dims=[1])
    config.parameters["route"].string_value = route
    return Served(name, ("1",), config)


def test_a_route_is_the_models_that_is_served(monkeypatch):
    catalog = Catalog(Settings())
    catalog.update({"b": served("b", "classify")})
    catalog.update({"a": served("a", "classify")})
    assert catalog.routes["classify"].name == "a"
    assert set(catalog.models) == {"a", "b"}  # it may be being replaced
    catalog.update({})
    assert set(catalog.models) == {"a", "b"}  # all of it drains
    now = time.monotonic()
    monkeypatch.setattr("trireme.gateway.catalog.time.monotonic", lambda: now + ABSENT_SECONDS + 1)
    catalog.update({"a": served("a", "classify")})
    assert set(catalog.models) == {"a"}
