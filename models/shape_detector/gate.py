"""Mean average precision at an overlap of 0.5, over drawn scenes, through the shipped pre- and postprocessing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from network import CLASSES, ShapeDetector
from safetensors.torch import load_file
from scenes import HELD_OUT_SEED, LABELS, Scene, draw_scene

from trireme.sources import load_infer

Detect = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""pixels [n, 3, 128, 128] -> boxes [n, c, 4], scores [n, c, classes]."""


def measure(folder: Path) -> dict[str, float]:
    scores = {kind: mean_average_precision(_onnx(folder / f"model{kind}.onnx")) for kind in ("", ".int8", ".fp16")}
    scores[".bf16"] = mean_average_precision(_bf16())
    exact = scores.pop("")
    return {"map50": exact} | {f"map50_change_{kind[1:]}": value - exact for kind, value in scores.items()}


def _onnx(path: Path) -> Detect:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(["boxes", "scores"], {"pixels": pixels})


def _bf16() -> Detect:
    """Return the network in bf16 by torch: onnxruntime has none of it on a CPU."""
    model = ShapeDetector(CLASSES).eval()
    model.load_state_dict(load_file(Path(__file__).with_name("weights.safetensors")))
    model.to(torch.bfloat16)

    def detect(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            boxes, scores = model(torch.from_numpy(pixels).to(torch.bfloat16))
        return boxes.float().numpy(), scores.float().numpy()

    return detect


def mean_average_precision(detect: Detect, scenes: int = 300) -> float:
    """Score a detector on the held-out scenes."""
    drawn = [draw_scene(HELD_OUT_SEED + number) for number in range(scenes)]
    return score(detections(detect, drawn), drawn)


def score(found: list[dict[str, np.ndarray]], scenes: list[Scene]) -> float:
    """Return the mean over the classes of the area under precision and recall, for a dict of detections a scene."""
    return float(np.mean([_average_precision(found, scenes, label) for label in range(len(LABELS))]))


def detections(detect: Detect, scenes: list[Scene]) -> list[dict[str, np.ndarray]]:
    """Run pictures through preprocessing, the detector and postprocessing; return a dict of outputs a scene."""
    image = np.array([[scene.png()] for scene in scenes], object)
    prepared = load_infer("image_preprocess")(image=image)
    boxes, scores = detect(prepared["pixels"])
    found = load_infer("detection_postprocess")(boxes=boxes, scores=scores, letterbox=prepared["letterbox"])
    return [{name: array[row] for name, array in found.items()} for row in range(len(scenes))]


def _average_precision(found: list[dict[str, np.ndarray]], scenes: list[Scene], label: int) -> float:
    """Average precision of one class: every detection of all scenes, best first, matched once to a true box."""
    names = ("detection_boxes", "detection_scores", "detection_labels")
    rows = [
        (mark, number, box)
        for number, outputs in enumerate(found)
        for box, mark, name in zip(*(outputs[one] for one in names), strict=True)
        if name == LABELS[label].encode()
    ]
    truth = [scene.boxes[scene.labels == label] for scene in scenes]
    open_boxes = [np.ones(len(boxes), bool) for boxes in truth]
    hits = np.array([_match(box, truth[n], open_boxes[n]) for _, n, box in sorted(rows, key=lambda row: -row[0])])
    right = np.cumsum(hits)
    precision = np.maximum.accumulate((right / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float((precision * hits).sum() / sum(len(boxes) for boxes in truth))


def _match(box: np.ndarray, truth: np.ndarray, free: np.ndarray) -> bool:
    """Say whether the box meets a true box that is still free, and take it."""
    if not len(truth):
        return False
    corner, opposite = np.maximum(box[:2], truth[:, :2]), np.minimum(box[2:], truth[:, 2:])
    shared = np.prod(np.clip(opposite - corner, 0, None), axis=1)
    areas = np.prod(truth[:, 2:] - truth[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    overlap = np.where(free, shared / (areas - shared), 0)
    best = int(overlap.argmax())
    if overlap[best] < 0.5:
        return False
    free[best] = False
    return True
