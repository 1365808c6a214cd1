"""The rules of Triton's dynamic batcher, one by one, on requests whose times can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trireme.tune.batcher import REJECTED, run
from trireme.tune.chain import Chain, Requests

MOST = 8
ALONE, MORE = 1000.0, 100.0
"""What a batch of one takes, and each further row [us]."""


def chain(models=1, cores=4, kinds=1, shared=1.0, crowd=1.0, **changed):
    """So many models after one another, each of one instance that may join up to eight rows, without a delay."""
    line = ALONE + MORE * (np.arange(MOST + 1) - 1.0)
    preferred = np.zeros((models, MOST + 1), bool)
    preferred[:, changed.pop("preferred", (MOST,))] = True
    table = {
        "service": np.broadcast_to(line, (models, kinds, MOST + 1)).copy(),
        "preferred": preferred,
        "shape": np.broadcast_to(np.arange(kinds), (models, kinds)).copy(),
        "instances": 1,
        "threads": 1,
        "max_batch": MOST,
        "delay": 0.0,
        "max_queue": 0,
        "timeout": 0.0,
        "levels": 1,
        "varies": kinds > 1,
        "cold": 0.0,
        "cools": 1.0,
    } | changed
    each = {name: value if np.ndim(value) else np.full(models, value) for name, value in table.items()}
    return Chain(cores=cores, shared=shared, crowd=crowd, **each)


def requests(*arrivals, rows=1, kind=0, priority=1, wait=0.0):
    def each(value, dtype=np.int64):
        return np.array(np.broadcast_to(value, len(arrivals)), dtype)

    return Requests(
        np.array(arrivals, float),
        each(rows),
        each(kind),
        each(priority),
        np.broadcast_to(each(wait, float), (4, len(arrivals))),
    )


def latencies(one, asked):
    done = run(one, asked).done
    return (done - asked.arrival).tolist()


def sizes(one, asked, model=0):
    batches = run(one, asked).batches
    return {size: int(count) for size, count in enumerate(batches[model]) if count}


def test_a_lone_request_takes_its_batchs_time():
    assert latencies(chain(), requests(0, 5000)) == [ALONE, ALONE]
    assert run(chain(), requests(0, 5000)).took[0, 1] == 2 * ALONE


def test_what_comes_while_the_instance_is_busy_is_joined():
    assert latencies(chain(), requests(0, 10, 20, 30)) == pytest.approx([1000, 2190, 2180, 2170])
    assert sizes(chain(), requests(0, 10, 20, 30)) == {1: 1, 3: 1}


def test_without_a_delay_a_payload_grows_no_more_once_a_preferred_size_is_reached():
    assert sizes(chain(preferred=(2, 8)), requests(0, 10, 20, 30, 40)) == {1: 1, 2: 2}


def test_a_batch_is_never_more_than_the_most():
    assert sizes(chain(), requests(0, *range(1, 13))) == {1: 1, 8: 1, 4: 1}


def test_preferring_one_joins_nothing():
    assert sizes(chain(preferred=(1,)), requests(0, 1, 2, 3)) == {1: 4}


def test_a_delay_waits_for_others_and_no_longer():
    assert latencies(chain(delay=500.0), requests(0)) == [1500]
    assert latencies(chain(delay=500.0), requests(0, 300)) == [1600, 1300]


def test_a_preferred_size_does_not_wait_for_the_delay():
    assert latencies(chain(delay=500.0, preferred=(2,)), requests(0, 300)) == [1400, 1100]


def test_payloads_that_are_older_than_the_delay_are_merged_when_an_instance_is_free():
    one = chain(delay=100.0, preferred=(2,))
    assert sizes(one, requests(0, 1, 10, 11, 20, 21)) == {2: 1, 4: 1}


def test_other_shapes_are_not_joined():
    assert sizes(chain(kinds=2), requests(0, 10, 20, 30, kind=[0, 0, 1, 1])) == {1: 2, 2: 1}


def test_rows_of_a_request_count():
    assert sizes(chain(), requests(0, 10, 20, rows=[1, 5, 5])) == {1: 1, 5: 2}


def test_instances_work_side_by_side_until_the_cores_are_used_up():
    assert latencies(chain(instances=2, preferred=(1,)), requests(0, 0)) == [1000, 1000]
    assert latencies(chain(instances=2, preferred=(1,), cores=1), requests(0, 0)) == [2000, 2000]


def test_all_cores_together_may_be_slower_than_one_alone():
    assert latencies(chain(instances=2, preferred=(1,), cores=2, shared=0.8), requests(0, 0)) == pytest.approx([1250, 1250])


def test_there_may_be_more_cores_than_sixty_four():
    assert latencies(chain(instances=100, preferred=(1,), cores=100), requests(*[0.0] * 100)) == pytest.approx([1000] * 100)


def test_a_run_of_days_ends_as_well():
    asked = requests(*(1e11 * number for number in range(1, 6)))
    assert latencies(chain(delay=500.0), asked) == pytest.approx([1500] * 5, abs=1)


def test_threads_of_an_instance_are_asked_for_together():
    assert latencies(chain(instances=2, threads=2, preferred=(1,), cores=2), requests(0, 0)) == [2000, 2000]


def test_a_full_queue_refuses():
    done = run(chain(max_queue=1, preferred=(1,)), requests(0, 1, 2, 3, 4, 5)).done
    assert [moment == REJECTED for moment in done] == [False, False, False, False, True, True]


def test_who_waits_for_too_long_is_refused():
    done = run(chain(timeout=1500.0, preferred=(1,)), requests(0, 1, 2, 3, 4, 5)).done
    assert done[3:].tolist() == [4000, REJECTED, REJECTED]


def test_the_first_priority_goes_first():
    done = run(chain(levels=2, preferred=(1,)), requests(*range(8), priority=[2] * 7 + [1])).done
    assert done[7] == 4000
    assert done[6] == 8000


def test_a_pipeline_hands_on_what_is_done():
    assert latencies(chain(models=3), requests(0)) == [3000]


def test_a_batch_after_a_pause_takes_more_and_most_of_it_soon():
    idle = 2000.0
    found = latencies(chain(cold=400.0, cools=idle), requests(0, 1400, 3400 + 1252.8))
    assert found[0] == 1400  # an instance that never ran
    assert found[1] == 1000  # one that ran until now
    assert found[2] == pytest.approx(1000 + 400 * (1 - np.exp(-(4652.8 - 2400) / idle)))


def test_a_batch_after_a_pause_takes_more_again_while_others_have_the_cores():
    alone = chain(cold=400.0, cores=2, instances=2, preferred=(1,), max_batch=1)
    crowded = alone._replace(crowd=2.0)
    assert latencies(alone, requests(0, 0)) == [1400, 1400]
    assert latencies(crowded, requests(0, 0)) == [1400, 1800]


def test_batches_are_timed_by_their_size_until_they_end():
    ran = run(chain(), requests(0, 10, 20, 30))
    assert {size: int(took) for size, took in enumerate(ran.took[0]) if took} == {1: 1000, 3: 1200}


def test_a_batch_that_waits_is_given_the_first_core_that_nobody_has():
    one = chain(cores=1, instances=2, preferred=(1,), max_batch=1)
    assert latencies(one, requests(0, 100, wait=5000.0)) == [1000, 1900]
    assert latencies(one, requests(0, 100, 200, wait=5000.0)) == [1000, 1900, 2800]  # not to one that comes then


def test_the_instance_that_waited_for_longest_runs_next():
    two = chain(cold=400.0, cools=1000.0, instances=2, preferred=(1,), max_batch=1)
    first, second, third = latencies(two, requests(0, 1500, 3000))
    assert (first, second) == (1400, 1400)  # the second has not run yet, the first has done nothing for 0.1 ms
    assert third == pytest.approx(1000 + 400 * (1 - np.exp(-1.6)))  # the first, and the second only since 2.9 ms


def test_a_batch_waits_for_a_core_only_while_others_have_them_all():
    one = chain(cores=1, instances=2, preferred=(1,), max_batch=1)
    assert latencies(one, requests(0, 5000, wait=300.0)) == [1000, 1000]
    found = latencies(one, requests(0, 100, wait=300.0))
    assert found == [1600, 1900]  # 400 alone, 600 shared by the first; the second begins at 400 and ends alone


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_request_is_answered_once_whatever_the_setting(data):
    count, models = data.draw(st.integers(1, 60)), data.draw(st.integers(1, 3))
    gaps = data.draw(st.lists(st.floats(0, 3000), min_size=count, max_size=count))
    rows = data.draw(st.lists(st.integers(1, MOST), min_size=count, max_size=count))
    kind = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    preferred = tuple(data.draw(st.sets(st.integers(1, MOST), min_size=1)))
    one = chain(
        models, data.draw(st.integers(1, 4)), 3, preferred=preferred, instances=data.draw(st.integers(1, 3)),
        delay=data.draw(st.sampled_from([0.0, 50.0, 2000.0])), levels=data.draw(st.integers(1, 2)),
    )  # fmt: skip
    asked = requests(*np.cumsum(gaps), rows=rows, kind=kind, priority=data.draw(st.integers(1, 2)))
    done, batches, _ = run(one, asked)
    assert np.isfinite(done).all()
    assert ((done - asked.arrival) >= models * ALONE - 1e-3).all()
    assert (batches * np.arange(MOST + 1)).sum(axis=1).tolist() == [sum(rows)] * models
