import asyncio

import numpy as np
import pytest

from trireme.errors import CallError
from trireme.testing.harness import PythonModel

ROW = np.ones((1, 3), np.float32)


def together(connect, *requests, model="strict"):
    async def run():
        async with connect() as client:
            await client.metadata(model)
            return await asyncio.gather(*(client.infer(model, {"x": row}) for row in requests), return_exceptions=True)

    return asyncio.run(run())


def test_requests_are_joined_into_one_batch(connect):
    rows = [ROW * number for number in range(1, 9)]
    found = together(connect, *rows)
    assert any((answer["y"] > row).any() for answer, row in zip(found, rows, strict=True))  # y = x * rows of the batch


def test_only_requests_of_one_shape_are_joined_where_triton_joins_all(connect):
    rows = [np.full((1, width), 1, np.float32) for width in (3, 4) * 4]
    found = [answer["y"] for answer in together(connect, *rows, model="uneven")]
    assert [answer.shape for answer in found] == [row.shape for row in rows]
    assert max(answer.max() for answer in found) > 1


def test_a_bad_request_in_a_batch_fails_alone_with_its_own_sentence(connect):
    good, bad, also_good = together(connect, ROW, -ROW, ROW)
    assert str(bad) == "strict: x: expected no negative numbers"
    assert good["y"].shape == also_good["y"].shape == (1, 3)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (99, "strict failed with KeyError; the server's log says why"),
        (98, "strict failed with ValueError; the server's log says why"),  # numpy's: it names no input
        (97, "strict: infer made 'y' of shape (0, 3) for 1 rows"),
        (96, "strict: infer made no output 'y'; it made z"),
        (95, "strict: infer made 'y' of <U4"),
    ],
)
def test_a_failure_of_the_model_tells_the_client_no_path_and_fails_alone(connect, number, sentence):
    good, bad = together(connect, ROW, ROW * number)
    assert str(bad) == f"strict: {sentence}"
    assert good["y"].shape == (1, 3)


def test_the_log_has_the_whole_traceback(connect, twin_server):
    together(connect, ROW * 99)
    assert "/secret/path" in twin_server.log.read_text()


def test_a_cancelled_request_is_not_computed(connect):
    async def run():
        async with connect() as client:
            before = (await client.infer("slow", {"x": ROW}))["y"][0, 0]
            running = asyncio.create_task(client.infer("slow", {"x": ROW}))
            await asyncio.sleep(0.1)
            waiting = [asyncio.create_task(client.infer("slow", {"x": ROW})) for _ in range(4)]
            await asyncio.sleep(0.05)
            for task in waiting:
                task.cancel()
            await asyncio.gather(running, *waiting, return_exceptions=True)
            return before, (await client.infer("slow", {"x": ROW}))["y"][0, 0]

    before, after = asyncio.run(run())
    assert after - before == 2  # the one that ran and the one that asks; none of the four


def test_a_request_past_its_deadline_is_not_computed(connect):
    async def run():
        async with connect() as client:
            before = (await client.infer("slow", {"x": ROW}))["y"][0, 0]
            running = asyncio.create_task(client.infer("slow", {"x": ROW}))
            await asyncio.sleep(0.05)
            late = [client.infer("slow", {"x": ROW}, timeout=0.1) for _ in range(3)]
            answers = await asyncio.gather(*late, return_exceptions=True)
            await running
            return before, answers, (await client.infer("slow", {"x": ROW}))["y"][0, 0]

    before, answers, after = asyncio.run(run())
    assert all("no answer" in str(answer) for answer in answers)
    assert after - before == 2


def test_a_decoupled_model_sends_each_part_as_it_comes(twins):
    assert [part["y"][0, 0] for part in twins.stream("countdown", {"x": ROW * 3})] == [3, 2, 1]


def test_a_decoupled_model_that_refuses_says_so_in_the_stream(twins):
    with pytest.raises(CallError, match="countdown: x: 13 is refused"):
        list(twins.stream("countdown", {"x": ROW * 14}))


def test_one_run_that_waited_for_a_core_does_not_make_it_ask_whether_clients_left(sleeper):
    with PythonModel(sleeper) as model:
        asked = []

        def ask(seconds):
            request = model.request(x=ROW * np.float32(seconds))
            request.is_cancelled = lambda: asked.append(seconds)
            model.execute([request])

        for seconds in (0, 0, 0, 0, 0, 0.2, 0):  # before it knows what a request takes, it asks
            ask(seconds)
    assert len(asked) <= 1
