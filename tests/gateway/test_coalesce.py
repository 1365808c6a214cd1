"""Concurrent calls become a few large ones; each caller has its own rows, its own refusal and its own deadline."""

import asyncio

import numpy as np
import pytest

from trireme.gateway.coalesce import AT_ONCE, Coalescer
from trireme.gateway.endpoint import Answer, Call
from trireme.gateway.problems import ProblemError


class Model:
    name, batched, max_batch_size = "m", True, 16


class Triton:
    """Doubles rows after a moment, refuses negative ones, and remembers the batches."""

    def __init__(self, seconds=0.02):
        self.batches, self.cancelled, self.seconds = [], 0, seconds

    async def __call__(self, model, arrays, call):
        rows = arrays["x"]
        self.batches.append(len(rows))
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if (rows < 0).any():
            raise ProblemError("refused-by-model", "negative")
        return Answer("1", {"y": rows * 2})


def ask(coalescer, *values, seconds=5.0, model=Model):
    return coalescer.infer(model, {"x": np.array([[value] for value in values], np.float32)}, Call(seconds, "id"))


async def fill(coalescer):
    """Take every place of a lane with calls that come one after the other."""
    calls = []
    for _ in range(AT_ONCE):
        calls.append(asyncio.ensure_future(ask(coalescer, 0)))
        await asyncio.sleep(0.001)
    return calls


def test_each_caller_has_its_own_rows():
    async def run():
        triton = Triton()
        coalescer = Coalescer(triton)
        return triton, await asyncio.gather(*(ask(coalescer, number, number + 0.5) for number in range(40)))

    triton, answers = asyncio.run(run())
    for number, answer in enumerate(answers):
        assert answer.outputs["y"].tolist() == [[2 * number], [2 * number + 1]]
    assert sum(triton.batches) == 80
    assert len(triton.batches) == 5
    assert max(triton.batches) == 16


def test_a_call_alone_leaves_at_once():
    async def run():
        triton = Triton(seconds=0)
        coalescer = Coalescer(triton)
        for number in range(5):
            await ask(coalescer, number)
        return triton.batches

    assert asyncio.run(run()) == [1] * 5


def test_shapes_and_versions_that_differ_are_not_joined():
    async def run():
        triton = Triton()
        coalescer = Coalescer(triton)
        wide = {"x": np.zeros((1, 2), np.float32)}
        calls = [ask(coalescer, 1), ask(coalescer, 1)]
        calls += [coalescer.infer(Model, wide, Call(5.0, "id", version)) for version in ("", "2")]
        calls += [coalescer.infer(Model, wide, Call(5.0, "id", "2", lane)) for lane in ("low", "high", "high")]
        await asyncio.gather(*calls)
        return sorted(triton.batches)

    assert asyncio.run(run()) == [1, 1, 1, 2, 2]


def test_a_refusal_is_its_callers_alone():
    async def run():
        coalescer = Coalescer(Triton())
        values = [1, 2, 3, 4, 5, -6, 7, 8]
        return await asyncio.gather(*(ask(coalescer, value) for value in values), return_exceptions=True)

    found = asyncio.run(run())
    assert isinstance(found[5], ProblemError)
    assert [answer.outputs["y"].item() for number, answer in enumerate(found) if number != 5] == [2, 4, 6, 8, 10, 14, 16]


def test_a_deadline_is_its_callers_alone():
    async def run():
        coalescer = Coalescer(Triton(seconds=0.2))
        filling = await fill(coalescer)
        both = await asyncio.gather(ask(coalescer, 1, seconds=0.05), ask(coalescer, 2), return_exceptions=True)
        await asyncio.gather(*filling)
        return both

    late, good = asyncio.run(run())
    assert late.code == "deadline-exceeded"
    assert good.outputs["y"].item() == 4


def test_the_last_caller_that_leaves_ends_the_work():
    async def run():
        triton = Triton(seconds=5)
        coalescer = Coalescer(triton)
        callers = [*await fill(coalescer), *(asyncio.ensure_future(ask(coalescer, 0)) for _ in range(2))]
        await asyncio.sleep(0.01)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        await asyncio.sleep(0.01)
        return triton.cancelled

    assert asyncio.run(run()) == AT_ONCE


def test_what_fails_is_told_to_all_who_wait():
    async def broken(*_):
        raise ProblemError("unavailable", "away")

    async def run():
        coalescer = Coalescer(broken)
        return await asyncio.gather(*(ask(coalescer, number) for number in range(20)), return_exceptions=True)

    assert {error.code for error in asyncio.run(run())} == {"unavailable"}


def test_a_model_without_a_batch_goes_through_as_it_is():
    class Alone(Model):
        batched, max_batch_size = False, 0

    async def run():
        triton = Triton()
        await asyncio.gather(*(ask(Coalescer(triton), 1, model=Alone) for _ in range(10)))
        return triton.batches

    assert asyncio.run(run()) == [1] * 10


@pytest.mark.parametrize("rows", [15, 16, 17])
def test_a_batch_never_holds_more_than_the_model_takes(rows):
    async def run():
        triton = Triton()
        coalescer = Coalescer(triton)
        await asyncio.gather(*(ask(coalescer, *range(rows)) for _ in range(6)))
        return max(triton.batches)

    assert asyncio.run(run()) == rows


def test_a_row_that_breaks_the_model_breaks_no_other_call():
    async def fragile(model, arrays, call):
        await asyncio.sleep(0.01)
        if (arrays["x"] < 0).any():
            raise ProblemError("model-failed", "broken")
        return Answer("1", {"y": arrays["x"] * 2})

    async def run():
        coalescer = Coalescer(fragile)
        return await asyncio.gather(*(ask(coalescer, value) for value in (1, 2, 3, 4, 5, -6, 7, 8)), return_exceptions=True)

    found = asyncio.run(run())
    assert [number for number, answer in enumerate(found) if isinstance(answer, ProblemError)] == [5]


@pytest.mark.parametrize("fault", ["rows", "bug"])
def test_an_answer_that_cannot_be_shared_out_is_nobodys(fault):
    async def wrong(model, arrays, call):
        await asyncio.sleep(0.01)
        if fault == "bug":
            raise ValueError("a bug of ours")
        return Answer("1", {"y": arrays["x"][1:]})

    async def run():
        coalescer = Coalescer(wrong)
        return await asyncio.wait_for(
            asyncio.gather(*(ask(coalescer, number) for number in range(8)), return_exceptions=True), 2
        )

    assert all(isinstance(error, Exception) for error in asyncio.run(run()))


def test_nothing_is_kept_of_calls_that_are_over():
    async def run():
        coalescer = Coalescer(Triton(seconds=0.2))
        filling = await fill(coalescer)
        late = await asyncio.gather(*(ask(coalescer, 1, seconds=0.01) for _ in range(50)), return_exceptions=True)
        (lane,) = coalescer._lanes.values()  # noqa: SLF001 - what is kept
        waiting = len(lane.waiting)
        await asyncio.gather(*filling)
        return late, waiting, coalescer._lanes  # noqa: SLF001 - as above

    late, waiting, lanes = asyncio.run(run())
    assert {error.code for error in late} == {"deadline-exceeded"}
    assert (waiting, lanes) == (0, {})


def test_a_model_that_comes_back_with_a_larger_batch_has_a_lane_of_its_own():
    class Small(Model):
        max_batch_size = 2

    async def run():
        triton = Triton()
        coalescer = Coalescer(triton)
        first = [asyncio.ensure_future(ask(coalescer, 0, model=Small)) for _ in range(4)]
        await asyncio.sleep(0)
        await asyncio.gather(ask(coalescer, *range(9)), *first)
        return triton.batches

    assert sum(asyncio.run(run())) == 13


def test_callers_who_left_a_batch_that_is_refused_are_not_asked_for():
    async def run():
        triton = Triton()
        coalescer = Coalescer(triton)
        first = await fill(coalescer)
        calls = [asyncio.ensure_future(ask(coalescer, value)) for value in (-1, 1, 2, 3, 4)]
        await asyncio.wait(first)
        await asyncio.sleep(0.001)  # now they are under way together
        for call in calls[2:]:
            call.cancel()
        answers = await asyncio.gather(*first, *calls, return_exceptions=True)
        return triton.batches[AT_ONCE + 1 :], answers[AT_ONCE:]

    alone, answers = asyncio.run(run())
    assert alone == [1, 1]
    assert answers[0].code == "refused-by-model"
    assert answers[1].outputs["y"].tolist() == [[2]]


def test_a_lane_that_everybody_left_before_it_departed_is_dropped():
    async def run():
        coalescer = Coalescer(Triton())
        call = asyncio.ensure_future(ask(coalescer, 1))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.sleep(0.01)
        return coalescer.waiting()

    assert asyncio.run(run()) == {}
