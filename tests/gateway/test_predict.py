"""Typed prediction over REST, against the real server behind a real gateway."""

import asyncio
import base64
import json
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest

from trireme.gateway.endpoint import Answer, Call
from trireme.gateway.predict import AT_ONCE, predict
from trireme.gateway.rows import Rows

ROOT = Path(__file__).parents[2]
SCENE = ROOT / "ensembles" / "image_detection" / "examples" / "scene.jpg"
LOAN = json.loads((ROOT / "ensembles" / "credit_scoring" / "examples.json").read_text())[0]
ITEM = {name: value[0] for name, value in LOAN["inputs"].items()}


def test_a_friendly_route_has_named_fields_and_says_which_version_answered(http):
    answer = http.post("/v1/credit-risk", json={"items": [ITEM, {**ITEM, "late_payments_2y": 3}]}).json()
    assert (answer["model"], answer["version"]) == ("credit_scoring", "1")
    first, second = (item["probability_of_default"] for item in answer["items"])
    assert first == pytest.approx(LOAN["outputs"]["probability_of_default"][0], rel=1e-3)
    assert second > first


def test_a_model_and_a_version_of_it_have_their_routes(http):
    rows = {"items": [{"features": [0.0] * 16}]}
    new, old = (http.post(f"/v1/models/credit_risk{part}:predict", json=rows).json() for part in ("", "/versions/1"))
    assert (new["version"], old["version"]) == ("2", "1")


def test_texts_of_any_length_are_classified_together(http):
    texts = ["What a calm and charming crew.", "Cold soup.", "They lost our luggage and were rude about it. " * 5]
    answer = http.post("/v1/classify", json={"items": [{"text": text} for text in texts]}).json()
    assert [item["label"] for item in answer["items"]] == ["positive", "negative", "negative"]


def test_an_image_comes_as_a_file_or_as_base64(http):
    with SCENE.open("rb") as file:
        one = http.post("/v1/detect", files={"image": file}).json()
    other = http.post("/v1/detect", json={"items": [{"image": {"b64": base64.b64encode(SCENE.read_bytes()).decode()}}]}).json()
    assert one["items"] == other["items"]
    assert one["items"][0]["detection_labels"] == ["circle", "star", "square", "triangle"]


def test_vectors_are_lists(http, client):
    text = "The crossing was calm."
    found = http.post("/v1/embed", json={"items": [{"text": text}]}).json()["items"][0]["embedding"]
    wanted = client.infer("embeddings", {"text": [text.encode()]})["embedding"][0]
    assert np.allclose(found, wanted, atol=1e-5)


def test_an_item_that_is_refused_leaves_the_others(http):
    image = base64.b64encode(SCENE.read_bytes()).decode()
    answer = http.post("/v1/detect", json={"items": [{"image": {"b64": "AAAA"}}, {"image": {"b64": image}}]})
    bad, good = answer.json()["items"]
    assert answer.status_code == 200
    assert bad["error"]["code"] == "refused-by-model"
    assert bad["error"]["errors"] == [{"field": "items.0.image", "message": "is not a JPEG or PNG file (3 bytes)"}]
    assert good["num_detections"] == 4


def test_a_field_of_a_form_that_is_no_text_comes_through_whole(http):
    part = b'--x\r\ncontent-disposition: form-data; name="image"\r\n\r\n' + SCENE.read_bytes() + b"\r\n--x--\r\n"
    answer = http.post("/v1/detect", content=part, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.json()["items"][0]["num_detections"] == 4


def test_beside_kept_answers_a_refused_item_has_its_own_place(start_gateway, server):
    kept = start_gateway(server.grpc, "--insecure", settings='cache = { models = ["image_detection"] }')
    good = {"image": {"b64": base64.b64encode(SCENE.read_bytes()).decode()}}
    with httpx.Client(base_url=kept.url, timeout=30) as http:
        http.post("/v1/detect", json={"items": [good]})
        for bad in ([{"image": {"b64": "AAAA"}}], [{"image": {"b64": "AAAA"}}, {"image": {"b64": "AAAB"}}]):
            items = http.post("/v1/detect", json={"items": [good, good, *bad]}).json()["items"]
            assert items[0] == items[1]
            fields = [item["error"]["errors"][0]["field"] for item in items[2:]]
            assert fields == [f"items.{number}.image" for number in range(2, 2 + len(bad))]


def test_a_refused_item_has_its_own_place(http):
    image = base64.b64encode(SCENE.read_bytes()).decode()
    items = [{"image": {"b64": image}}, {"image": {"b64": "AAAA"}}]
    assert http.post("/v1/detect", json={"items": items}).json()["items"][1]["error"]["errors"][0]["field"] == "items.1.image"


def test_more_items_than_a_batch_holds_are_asked_in_parts(http):
    answer = http.post("/v1/classify", json={"items": [{"text": f"word {number % 7}"} for number in range(150)]})
    assert len(answer.json()["items"]) == 150
    assert all("label" in item for item in answer.json()["items"])


def test_a_route_says_which_methods_it_takes(http):
    assert http.head("/healthz").status_code == 200
    assert http.get("/v1/classify").headers["allow"] == "POST"
    assert http.post("/healthz").headers["allow"] == "GET"
    assert http.get("/healthz/", follow_redirects=False).status_code == 404


def test_what_is_served_is_told(http):
    told = {row["name"]: row for row in http.get("/v1/models").json()["models"]}
    assert told["credit_risk"]["versions"] == ["1", "2"]
    assert told["text_classification"]["route"] == "/v1/classify"


def test_the_page_describes_every_route_with_its_fields_limits_and_examples(http):
    table = http.get("/openapi.json").json()
    item = table["components"]["schemas"]["CreditScoringItem"]
    assert set(item["required"]) == set(ITEM)
    assert item["examples"][0]["age_years"] == 45
    assert table["components"]["schemas"]["TextClassificationRequest"]["properties"]["items"]["maxItems"] == 1024
    routes = set(table["paths"])
    assert {"/v1/credit-risk", "/v1/classify", "/v1/embed", "/v1/detect", "/v1/models/credit_risk:predict"} <= routes
    assert "multipart/form-data" in table["paths"]["/v1/detect"]["post"]["requestBody"]["content"]
    assert http.get("/docs").status_code == 200


def test_ready_means_that_every_model_answers(http):
    assert http.get("/healthz").json() == {"status": "alive"}
    assert http.get("/readyz").json() == {"ready": True, "unready": {}}


def test_answers_carry_an_id_and_are_logged_without_what_was_in_them(http, gateway, wait_until):
    answer = http.post("/v1/classify", json={"items": [{"text": "a secret word"}]}, headers={"x-request-id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    wait_until(lambda: any(row["request"] == "mine-1" for row in gateway.rows()), seconds=5)
    row = next(row for row in gateway.rows() if row["request"] == "mine-1")
    assert (row["route"], row["model"], row["version"], row["status"]) == ("/v1/classify", "text_classification", "1", 200)
    assert "secret word" not in gateway.log.read_text()


def test_metrics_count_by_route_model_version_and_code(http):
    http.post("/v1/classify", json={"items": [{"text": "a"}]})
    text = http.get("/metrics").text
    labels = 'code="200",model="text_classification",route="/v1/classify",version="1"'
    assert f"gateway_request_duration_seconds_count{{{labels}}}" in text
    assert 'gateway_limit{model="text_classification"}' in text


def test_a_large_request_takes_its_turn():
    class Model:
        served = SimpleNamespace(batched=True, max_batch_size=8)

        def rows(self, outputs):
            return ({"y": value} for value in outputs["y"].tolist())

    running, most = [0], [0]

    async def ask(arrays):
        running[0] += 1
        most[0] = max(most[0], running[0])
        await asyncio.sleep(0.001)
        running[0] -= 1
        return Answer("1", {"y": arrays["x"][:, 0]})

    rows = Rows(100, {"x": np.arange(100, dtype=np.float32)[:, None]})
    version, items = asyncio.run(predict(Model(), rows, ask))
    assert (version, [item["y"] for item in items]) == ("1", list(range(100)))
    assert most[0] == AT_ONCE


def test_the_time_of_a_request_is_all_its_batches():
    call = Call(0.05, "id")
    asked = []

    class Model:
        served = SimpleNamespace(batched=True, max_batch_size=1)

        def rows(self, outputs):
            return ({"y": value} for value in outputs["y"].tolist())

    async def ask(arrays):
        asked.append(call.left())
        await asyncio.sleep(0.02)
        return Answer("1", {"y": arrays["x"][:, 0]})

    rows = Rows(40, {"x": np.arange(40, dtype=np.float32)[:, None]})
    _, items = asyncio.run(predict(Model(), rows, ask))
    assert len(asked) < 40
    assert items[-1]["error"]["code"] == "deadline-exceeded"


def test_elements_are_counted_over_all_items(start_gateway, server):
    gateway = start_gateway(server.grpc, "--insecure", settings="limits = { elements = 100 }")
    item = {"input_ids": [1] * 15, "attention_mask": [1] * 15}
    with httpx.Client(base_url=gateway.url, timeout=30) as http:
        path = "/v1/models/text_encoder:predict"
        assert http.post(path, json={"items": [item] * 3}).status_code == 200
        assert http.post(path, json={"items": [item] * 4}).json()["code"] == "too-large"
