import numpy as np
import pytest

from trireme.client import Client
from trireme.errors import CallError
from trireme.server.process import Server
from trireme.sources import load_module


@pytest.fixture(scope="module")
def scenes(sources):
    data = load_module(sources.root / "models/shape_detector/scenes.py")
    return [data.draw_scene(data.HELD_OUT_SEED + number) for number in range(40)]


def test_held_out_scenes_are_found_as_served(client, scenes, sources):
    gate = load_module(sources.root / "models/shape_detector/gate.py")
    batches = [scenes[start : start + 8] for start in range(0, len(scenes), 8)]
    answers = [client.infer("image_detection", {"image": [scene.png() for scene in batch]}) for batch in batches]
    found = [{name: array[row] for name, array in answer.items()} for answer in answers for row in range(8)]
    assert gate.score(found, scenes) >= 0.85


def test_a_broken_picture_is_refused_and_the_next_one_answered(client, scenes):
    with pytest.raises(CallError, match="image: row 1 is not a JPEG or PNG file"):
        client.infer("image_detection", {"image": [scenes[0].png(), b"no picture"]})
    assert client.infer("image_detection", {"image": [scenes[0].png()]})["num_detections"][0, 0] > 0


def test_a_picture_without_shapes_has_no_detections(client, sources):
    from PIL import Image  # noqa: PLC0415 - only here

    data = load_module(sources.root / "models/shape_detector/scenes.py")
    blank = data.Scene(Image.new("RGB", (200, 100), "grey"), np.zeros((0, 4)), np.zeros(0))
    found = client.infer("image_detection", {"image": [blank.png()]})
    assert (found["num_detections"].item(), found["detection_boxes"].shape) == (0, (1, 0, 4))


def test_the_gpu_variant_is_served_here_by_the_onnx_beside_the_plan(sources, tmp_path, scenes):
    flags = ("--model-config-name=gpu",)
    with (
        Server(sources.root / "model_repository", tmp_path / "server.log", flags=flags) as server,
        Client(server.grpc) as client,
    ):
        found = client.infer("image_detection", {"image": [scenes[0].png()]})
        assert found["num_detections"].item() == len(scenes[0].boxes)
    assert "shape_detector: the tensorrt twin took model.onnx (there is no model.plan)" in server.log.read_text()
