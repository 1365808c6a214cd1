import numpy as np
import pytest

from trireme.sources import load_infer

PLAIN = np.float32([[1, 0, 0, 128, 128]])


@pytest.fixture(scope="module")
def infer(sources):
    return load_infer("detection_postprocess", sources.root)


def test_scores_that_do_not_go_with_the_boxes_are_refused(infer):
    with pytest.raises(ValueError, match=r"^scores: 2 rows for 1 boxes; expected as many"):
        infer(boxes=np.zeros((1, 1, 4), np.float32), scores=np.zeros((1, 2, 4), np.float32), letterbox=PLAIN)


def test_what_is_not_confident_is_left_out(infer):
    found = infer(boxes=np.float32([[[0, 0, 9, 9]]]), scores=np.float32([[[0.34, 0, 0, 0]]]), letterbox=PLAIN)
    assert (found["num_detections"].tolist(), found["detection_boxes"].shape) == ([[0]], (1, 0, 4))


def test_of_boxes_on_one_place_the_best_stays(infer):
    boxes = np.float32([[[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]]])
    scores = np.float32([[[0.5, 0, 0, 0], [0, 0.9, 0, 0], [0, 0, 0, 0.6]]])
    found = infer(boxes=boxes, scores=scores, letterbox=PLAIN)
    assert found["detection_labels"].tolist() == [[b"square", b"star"]]


def test_boxes_come_back_in_the_pictures_own_pixels_cut_at_its_edges(infer):
    letterbox = np.float32([[0.5, 0, 32, 256, 128]])
    found = infer(boxes=np.float32([[[10, 42, 140, 52]]]), scores=np.float32([[[0.9, 0, 0, 0]]]), letterbox=letterbox)
    assert found["detection_boxes"].tolist() == [[[20, 20, 256, 40]]]


def test_shorter_rows_of_a_batch_end_in_zeros(infer):
    boxes = np.float32([[[0, 0, 10, 10], [50, 50, 60, 60]]] * 2)
    scores = np.float32([[[0.9, 0, 0, 0], [0.8, 0, 0, 0]], [[0.9, 0, 0, 0], [0.1, 0, 0, 0]]])
    found = infer(boxes=boxes, scores=scores, letterbox=np.repeat(PLAIN, 2, axis=0))
    assert found["num_detections"].tolist() == [[2], [1]]
    assert (found["detection_scores"][1, 1], found["detection_labels"][1, 1]) == (0, b"")
