import numpy as np
import onnxruntime


def test_without_an_engine_the_onnx_beside_the_plan_answers_as_the_plain_runtime(twins, repository):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    session = onnxruntime.InferenceSession(repository / "planless/1/model.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(twins.infer("planless", {"x": x})["y"], session.run(["y"], {"x": x})[0])


def test_the_log_says_which_one_was_taken_and_why(twin_server):
    assert "planless: the tensorrt twin took model.onnx (there is no model.plan)" in twin_server.log.read_text()


def test_with_neither_the_load_is_refused(twin_server):
    sentence = "nothing_beside: the tensorrt twin cannot run an engine (there is no model.plan), and no model.onnx lies beside"
    assert any(sentence in reason for reason in twin_server.reasons())
