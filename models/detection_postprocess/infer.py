"""Raw detections -> the few that count, in the picture's own pixels."""

import numpy as np

LABELS = np.array([b"circle", b"square", b"triangle", b"star"], object)
MIN_CONFIDENCE = 0.35
MAX_OVERLAP = 0.5
MOST = 300
"""Candidates that are compared with each other, the best of each picture."""


def infer(*, boxes: np.ndarray, scores: np.ndarray, letterbox: np.ndarray) -> dict[str, np.ndarray]:
    """Boxes [n, c, 4], scores [n, c, classes], letterbox [n, 5] -> the detections, best first.

    The second dimension of the detection_* outputs is the largest num_detections of the batch; rows with fewer end in
    zeros and empty labels.
    """
    if boxes.shape[1] != scores.shape[1]:
        raise ValueError(f"scores: {scores.shape[1]} rows for {boxes.shape[1]} boxes; expected as many")
    kept = [_suppress(*_confident(rows, marks)) for rows, marks in zip(boxes, scores, strict=True)]
    count = np.array([[len(marks)] for _, marks, _ in kept], np.int32)
    most = int(count.max(initial=0))
    found = {
        "num_detections": count,
        "detection_boxes": np.zeros((len(kept), most, 4), np.float32),
        "detection_scores": np.zeros((len(kept), most), np.float32),
        "detection_labels": np.full((len(kept), most), b"", object),
    }
    for row, (rows, marks, classes) in enumerate(kept):
        found["detection_boxes"][row, : len(marks)] = _unletterbox(rows, letterbox[row])
        found["detection_scores"][row, : len(marks)] = marks
        found["detection_labels"][row, : len(marks)] = LABELS[classes]
    return found


def _confident(boxes: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return boxes, scores and classes of the cells above the threshold, best first."""
    best = scores.max(axis=1)
    order = np.argsort(-best, kind="stable")
    order = order[best[order] >= MIN_CONFIDENCE][:MOST]
    return boxes[order], best[order], scores[order].argmax(axis=1)


def _suppress(boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Greedy non-maximum suppression across classes (one place holds one shape); rows come best first and stay so."""
    rivals = np.triu(_intersection_over_union(boxes) > MAX_OVERLAP, k=1)
    alive = np.ones(len(boxes), bool)
    for row in range(len(boxes)):
        if alive[row]:
            alive &= ~rivals[row]
    return boxes[alive], scores[alive], classes[alive]


def _intersection_over_union(boxes: np.ndarray) -> np.ndarray:
    """Return the overlap of every pair, [n, n]."""
    corner = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    opposite = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.clip(opposite - corner, 0, None), axis=2)
    areas = np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)
    return shared / np.maximum(areas[:, None] + areas[None, :] - shared, 1e-9)


def _unletterbox(boxes: np.ndarray, letterbox: np.ndarray) -> np.ndarray:
    """Map boxes from the letterboxed picture to the picture's own pixels, cut at its edges."""
    scale, left, top, width, height = letterbox
    own = (boxes - (left, top, left, top)) / scale
    return np.clip(own, 0, (width, height, width, height)).astype(np.float32)
