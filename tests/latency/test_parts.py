import pytest

from trireme.latency.parts import Parts, Traced, bars, middle, read, total

MS = 1_000_000


def moments(start, taken, made, end):
    return {
        "COMPUTE_START": start * MS,
        "COMPUTE_INPUT_END": taken * MS,
        "COMPUTE_OUTPUT_START": made * MS,
        "COMPUTE_END": end * MS,
    }


PIPELINE = Traced(
    {"GRPC_WAITREAD_END": 2 * MS, "GRPC_SEND_START": 20 * MS},
    (("tokens", moments(3, 3, 4, 4)), ("encoder", moments(6, 7, 15, 16)), ("head", moments(17, 17, 19, 21))),
)


def test_the_parts_of_a_pipeline_add_up():
    rows = bars(PIPELINE, 0, 22 * MS, "encoder")
    found = total(rows, 22.0)
    assert found == Parts(network=4.0, queue=4.0, preprocessing=2.0, forward=8.0, postprocessing=4.0, whole=22.0)
    assert found.left == pytest.approx(0.0)


def test_a_model_s_buffers_may_be_given_back_after_the_answer_is_sent():
    assert max(bar.ended for bar in bars(PIPELINE, 0, 22 * MS, "encoder") if bar.name == "head") == 20.0


def test_means_are_of_the_middle_so_that_one_stall_says_nothing():
    usual = [Parts(1, 1, 1, 1, 1, 5.0 + number / 100) for number in range(10)]
    assert middle([*usual, Parts(1, 1, 1, 995, 1, 999.0)]).whole < 6.0


def test_a_trace_s_models_are_found_below_their_request_in_their_order():
    events = [
        {"id": 1, "model_name": "pipeline", "timestamps": [{"name": "REQUEST_START", "ns": 1}]},
        {"id": 3, "model_name": "second", "parent_id": 1, "timestamps": [{"name": "COMPUTE_START", "ns": 9}]},
        {"id": 2, "model_name": "first", "parent_id": 1, "timestamps": [{"name": "COMPUTE_START", "ns": 5}]},
    ]
    assert [[name for name, _ in one.models] for one in read(events)] == [["first", "second"]]


def test_branches_side_by_side_and_models_inside_of_models_count_once():
    branches = Traced(PIPELINE.moments, (("a", moments(3, 3, 9, 10)), ("b", moments(4, 4, 8, 9))))
    found = total(bars(branches, 0, 22 * MS, "b"), 22.0)
    assert found.left == pytest.approx(10.0)  # from the last branch's end at 10 to the answer at 20
    stamp = [{"name": "COMPUTE_START", "ns": 5}]
    events = [
        {"id": 1, "model_name": "router", "timestamps": stamp},
        {"id": 2, "model_name": "asked", "parent_id": 1, "timestamps": stamp},
    ]
    assert [[name for name, _ in one.models] for one in read(events)] == [["router"]]
