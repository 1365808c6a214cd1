import asyncio
import re
import time
import urllib.request

import numpy as np
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from trireme.errors import CallError, InputRefusedError

ROWS = arrays.arrays(np.float32, st.tuples(st.integers(1, 8), st.just(3)), elements=st.floats(-1e6, 1e6, width=32))


def plain(repository, name):
    return onnxruntime.InferenceSession(repository / name / "1" / "model.onnx", providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("model", ["affine", "tuned"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=ROWS)
def test_the_twin_answers_as_the_plain_runtime(model, x, twins, repository):
    found = twins.infer(model, {"x": x})
    y, z = plain(repository, model).run(["y", "z"], {"x": x})
    np.testing.assert_array_equal(found["y"], y)
    np.testing.assert_array_equal(found["z"], z)


def test_joined_requests_are_each_given_their_own_rows(connect):
    async def many():
        async with connect() as client:
            rows = [np.full((1 + number % 3, 3), number, np.float32) for number in range(60)]
            return rows, await asyncio.gather(*(client.infer("affine", {"x": row}) for row in rows))

    for row, found in zip(*asyncio.run(many()), strict=True):
        np.testing.assert_array_equal(found["y"], row * 2)


def test_only_requested_outputs_come_back(twins):
    assert list(twins.infer("affine", {"x": [1, 2, 3]}, outputs=["z"])) == ["z"]


def test_a_reshape_is_undone_on_the_way_out(twins, repository):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = twins.infer("reshaped", {"x": x})["y"]
    assert found.shape == (2, 3)
    expected = plain(repository, "reshaped").run(None, {"x": x[:, None]})[0]
    np.testing.assert_array_equal(found, expected.reshape(2, 3))


def test_a_reshape_to_a_size_that_is_not_known_is_honoured(twins):
    x = np.arange(6, dtype=np.float32).reshape(1, 6)
    np.testing.assert_array_equal(twins.infer("freely_reshaped", {"x": x})["y"], x)


def test_a_cancelled_request_is_not_computed(connect, twin_server):
    """Six of nine requests are cancelled while they wait: the server computed for three."""

    async def run():
        async with connect() as client:
            row = np.ones((1, 3), np.float32)
            await client.infer("heavy", {"x": row})
            begun = computing(twin_server, "heavy")
            await client.infer("heavy", {"x": row})
            once = computing(twin_server, "heavy", above=begun) - begun
            running = asyncio.create_task(client.infer("heavy", {"x": row}))
            await asyncio.sleep(0.1)
            waiting = [asyncio.create_task(client.infer("heavy", {"x": row})) for _ in range(6)]
            await asyncio.sleep(0.05)
            for task in waiting:
                task.cancel()
            await asyncio.gather(running, *waiting, return_exceptions=True)
            await client.infer("heavy", {"x": row})
            return (computing(twin_server, "heavy") - begun) / once

    assert asyncio.run(run()) < 6  # nine, were the cancelled ones computed


def computing(server, model, above=0):
    """Return the microseconds that the model has computed so far; the server counts a request just after it was answered."""
    for _ in range(100):
        page = urllib.request.urlopen(server.metrics, timeout=5).read().decode()
        found = re.search(rf'^nv_inference_compute_infer_duration_us{{model="{model}",version="1"}} (\d+)', page, re.MULTILINE)
        if int(found[1]) > above:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError("the server counted nothing")


def test_a_model_without_batching_gets_whole_shapes(twins):
    assert twins.infer("unbatched", {"x": np.ones((5, 3))})["y"].shape == (5, 3)


def test_a_batch_that_is_too_large_is_refused_with_the_limit(twins):
    with pytest.raises(CallError, match="batch-size must be <= 8 for 'affine'"):
        twins.infer("affine", {"x": np.ones((9, 3))})


def test_a_wrong_rank_is_refused_before_it_is_sent(twins):
    with pytest.raises(InputRefusedError, match=r"input 'x': has shape \[1, 1, 3\]"):
        twins.infer("affine", {"x": np.ones((1, 1, 3))})


def test_request_parameters_pass_by_untouched(twins):
    assert twins.infer("affine", {"x": [1, 2, 3]}, parameters={"trace_me": True})["y"].tolist() == [[2, 4, 6]]


def test_text_goes_through_as_utf8(twins):
    assert twins.infer("strings", {"s": ["Füße", ""]})["t"].tolist() == [["Füße".encode()], [b""]]


def test_text_that_is_not_utf8_fails_alone_in_its_batch(connect):
    async def both():
        async with connect() as client:
            calls = [client.infer("strings", {"s": [text]}) for text in (b"good", b"\xff\xfe", b"also good")]
            return await asyncio.gather(*calls, return_exceptions=True)

    first, bad, last = asyncio.run(both())
    assert (first["t"].item(), last["t"].item()) == (b"good", b"also good")
    assert str(bad) == "strings: s: a string is not UTF-8 (invalid start byte at byte 0)"


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("state", "state: the onnxruntime twin cannot honour implicit state (sequence_batching.state)"),
        ("ragged", "ragged: the onnxruntime twin cannot honour batch_input tensors of ragged batching"),
        ("accelerated", "accelerated: the onnxruntime twin cannot honour the execution accelerator 'openvino'"),
        (
            "level",
            "level: the onnxruntime twin takes graph levels -1, 0, 1, 2 and execution modes 0, 1, not level 7 and mode 0",
        ),
        ("threads", "threads: the onnxruntime twin needs a whole number for the parameter intra_op_thread_count, not 'many'"),
        ("decoupled", "decoupled: the onnxruntime twin cannot honour a decoupled transaction policy"),
        ("unstated", "unstated: the onnxruntime twin finds the input 'more' in model.onnx, and the config does not state it"),
        (
            "mistyped",
            "mistyped: the onnxruntime twin finds output 'y' of tensor(float) in model.onnx, and the config states TYPE_INT64",
        ),
        (
            "misshapen",
            "misshapen: the onnxruntime twin finds input 'x' of shape [-1, 3] in model.onnx, and the config states [-1, 7]",
        ),
        ("misnamed", "misnamed: the onnxruntime twin finds no input 'xx' in model.onnx; it has x"),
        ("fileless", "fileless: the onnxruntime twin finds no model.onnx in version 1"),
    ],
)
def test_what_cannot_be_honoured_is_refused_at_load_with_a_sentence(twin_server, model, sentence):
    assert any(sentence in reason for reason in twin_server.reasons()), twin_server.reasons()
