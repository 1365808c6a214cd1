import pytest

from trireme import modelconfig
from trireme.tune.knobs import Knobs, choices


def config(**table):
    return modelconfig.parse({"name": "m", "backend": "onnxruntime", "max_batch_size": 8} | table, "here")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, Knobs(2, 0, (1,), 0)),
        ({"backend": "python"}, Knobs(1, 0, (1,), 0)),
        ({"dynamic_batching": {}, "instance_group": [{}]}, Knobs(1, 0, (8,), 0)),
        (
            {
                "dynamic_batching": {"preferred_batch_size": [2, 4], "max_queue_delay_microseconds": 300},
                "instance_group": [{"count": 3}],
                "parameters": {"intra_op_thread_count": {"string_value": "1"}},
            },
            Knobs(3, 1, (2, 4), 300),
        ),
    ],
)
def test_what_a_config_says_is_read(table, expected):
    assert Knobs.of(config(**table)) == expected


def test_a_table_lays_them_on_a_config():
    knobs = Knobs(2, 1, (4,), 500)
    over = config(dynamic_batching={"preferred_batch_size": [8]}, instance_group=[{"count": 1, "kind": "KIND_CPU"}])
    changed = knobs.over(over)
    assert Knobs.of(changed) == knobs
    assert changed.instance_group[0].kind == over.instance_group[0].kind
    assert modelconfig.parse(knobs.table(over), "variant").instance_group[0].count == 2


def test_the_threads_of_a_backend_without_such_a_parameter_are_left_alone():
    assert "parameters" not in Knobs(2, 1, (4,), 0).table(config(backend="python"))


def test_a_model_without_batches_is_given_none():
    assert "dynamic_batching" not in Knobs(2, 0, (1,), 0).table(config(max_batch_size=0))


def test_every_choice_fits_the_model_and_the_goal():
    found = list(choices(config(), 2, 1000.0))
    assert len(found) == len(set(found))
    assert max(max(one.preferred) for one in found) == 8
    assert max(one.delay for one in found) == 1000
    assert {one.threads for one in found} == {1, 2}
    assert {one.instances for one in found} == {1, 2, 3, 4}
    assert Knobs(2, 1, (1,), 0) in found


@pytest.mark.parametrize(
    ("knobs", "text"),
    [
        (Knobs(1, 0, (1,), 0), "1 instance, no batching"),
        (Knobs(2, 1, (4, 8), 250), "2 instances x 1 thread, preferred [4, 8], delay 250 us"),
    ],
)
def test_people_read_them_in_the_words_of_the_config(knobs, text):
    assert str(knobs) == text
