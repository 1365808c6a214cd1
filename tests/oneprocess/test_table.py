import pytest

from trireme.modelconfig import parse
from trireme.oneprocess.table import Step, make


def step(**fields):
    return Step("m", parse({"name": "m", **fields}, "m", allow_newer=True), "../../m/1", {"x": "x"}, {"y": "y"})


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"backend": "pytorch"}, "m is run by the backend 'pytorch'"),
        ({"backend": "python", "model_transaction_policy": {"decoupled": True}}, "m is decoupled or takes sequences"),
        ({"backend": "python", "sequence_batching": {}}, "m is decoupled or takes sequences"),
        ({"ensemble_scheduling": {"step": []}}, "its step m is a pipeline"),
    ],
)
def test_who_cannot_be_in_one_process(fields, problem):
    assert step(**fields).problem()[0] == problem


def test_an_onnx_step_runs_the_file_and_the_threads_of_its_config():
    threads = {"intra_op_thread_count": {"string_value": "3"}}
    one = step(backend="onnxruntime", default_model_filename="model.int8.onnx", parameters=threads)
    row = make([one], ["y"], batched=True, threads=1)["steps"][0]
    assert (row["kind"], row["file"], row["threads"], row["alone"]) == ("onnx", "model.int8.onnx", 3, False)


def test_a_python_step_whose_outputs_are_open_runs_a_row_at_a_time():
    one = step(backend="python", output=[{"name": "y", "data_type": "TYPE_INT64", "dims": [-1]}])
    assert make([one], ["z"], batched=True)["steps"][0]["alone"]


def test_what_a_pipeline_gives_out_is_padded_together_as_its_step_does():
    one = step(backend="python", output=[{"name": "y", "data_type": "TYPE_INT64", "dims": [-1]}])
    assert not make([one], ["y"], batched=True)["steps"][0]["alone"]
