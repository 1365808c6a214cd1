import pytest
from hypothesis import given
from hypothesis import strategies as st

from trireme import modelconfig
from trireme.errors import UnknownKeyError, WiringError
from trireme.spec import Ensemble, Step
from trireme.wiring import Member, order, wire


def member(inputs, outputs, *, batch=8, versions=(1,)):
    """A model: tensors as {name: (type, dims)}."""
    table = {"max_batch_size": batch}
    for side, tensors in (("input", inputs), ("output", outputs)):
        table[side] = [{"name": name, "data_type": f"TYPE_{kind}", "dims": dims} for name, (kind, dims) in tensors.items()]
    return Member(modelconfig.parse(table, "config"), versions)


MEMBERS = {
    "tokenize": member({"text": ("STRING", [1])}, {"ids": ("INT64", [-1])}),
    "encode": member({"ids": ("INT64", [-1])}, {"vector": ("FP32", [4])}, batch=4, versions=(1, 2)),
    "head": member({"vector": ("FP32", [4])}, {"label": ("STRING", [1])}),
    "wide_head": member({"vector": ("FP32", [5])}, {"label": ("STRING", [1])}),
    "double_head": member({"vector": ("FP64", [4])}, {"label": ("STRING", [1])}),
    "whole": member({"ids": ("INT64", [-1, -1])}, {"vector": ("FP32", [-1, 4])}, batch=0),
    "back": member({"vector": ("FP32", [4])}, {"ids": ("INT64", [-1])}),
}


def pipeline(*steps, inputs=("text",), outputs=("label",), config=None):
    return Ensemble(
        "e", None, inputs, outputs, tuple(step if isinstance(step, Step) else Step(step) for step in steps), config or {}
    )


@pytest.mark.parametrize(
    ("ensemble", "sentence"),
    [
        (pipeline("tokenize", "encoed", "head"), "step[1]: there is no model 'encoed'; did you mean 'encode'?"),
        (pipeline("tokenize", "head"), "step[1] (head): input 'vector' of head is not wired: nothing makes 'vector'"),
        (pipeline("tokenize", "encode", "wide_head"), "step[1] makes vector FP32[4], and the step takes vector FP32[5]"),
        (pipeline("tokenize", "encode", "double_head"), "step[1] makes vector FP32[4], and the step takes vector FP64[4]"),
        (pipeline("tokenize", Step("encode", version=3), "head"), "step[1]: encode does not serve version 3; it serves 1, 2"),
        (pipeline("tokenize", "tokenize", "encode", "head"), "step[1] (tokenize): tensor 'ids' is also made by step[0]"),
        (pipeline("tokenize", "encode", "head", outputs=("lable",)), "no step makes the output 'lable'; did you mean 'label'?"),
        (pipeline("tokenize", "encode", "head", inputs=("text", "more")), "no step takes the input 'more'"),
        (pipeline("back", "encode", "head", inputs=("text",)), "wait for each other"),
        (pipeline("tokenize", "encode", "head", inputs=("text", "ids")), "output 'ids' makes 'ids', which is an input"),
    ],
)
def test_wiring_that_does_not_fit_is_refused(ensemble, sentence):
    with pytest.raises(WiringError) as caught:
        wire(ensemble, MEMBERS)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("ensembles/e/ensemble.toml")


def test_a_queue_limit_on_a_step_that_runs_beside_another_is_refused():
    limited = member({"vector": ("FP32", [4])}, {"score": ("FP32", [1])})
    limited.config.dynamic_batching.default_queue_policy.max_queue_size = 8
    members = {**MEMBERS, "limited": limited}
    with pytest.raises(WiringError, match=r"step\[3\] \(limited\): its model states max_queue_size and runs beside step\[2\]"):
        wire(pipeline("tokenize", "encode", "head", "limited", outputs=("label", "score")), members)
    wire(pipeline("tokenize", "encode", "limited", outputs=("score",)), members)  # one after the other it does no harm


def test_a_map_of_a_tensor_that_the_model_has_not_is_refused():
    with pytest.raises(UnknownKeyError, match=r"step\[0\].input_map: unknown key 'txt'; did you mean 'text'"):
        wire(pipeline(Step("tokenize", input_map={"txt": "text"}), "encode", "head"), MEMBERS)


def test_ensembles_that_contain_each_other_are_refused():
    first = Ensemble("first", None, ("x",), ("y",), (Step("second"),), {})
    second = Ensemble("second", None, ("x",), ("y",), (Step("first"),), {})
    with pytest.raises(WiringError, match="it contains itself \\(first -> second -> first\\)"):
        order((first, second))


def test_an_ensemble_is_wired_after_those_it_contains():
    outer, inner = Ensemble("a", None, ("x",), ("y",), (Step("b"),), {}), Ensemble("b", None, ("x",), ("y",), (Step("m"),), {})
    assert [ensemble.name for ensemble in order((outer, inner))] == ["b", "a"]


def test_tensors_are_wired_by_their_own_names_and_typed_by_their_steps():
    config = wire(pipeline("tokenize", "encode", "head"), MEMBERS)
    assert config.platform == "ensemble"
    assert [str(tensor) for tensor in modelconfig.inputs(config)] == ["text STRING[1]"]
    assert [str(tensor) for tensor in modelconfig.outputs(config)] == ["label STRING[1]"]
    assert dict(config.ensemble_scheduling.step[1].input_map) == {"ids": "ids"}


def test_an_ensemble_takes_the_least_batch_of_its_steps():
    assert wire(pipeline("tokenize", "encode", "head"), MEMBERS).max_batch_size == 4


def test_a_renamed_tensor_flows_under_its_new_name():
    steps = ("tokenize", Step("encode", output_map={"vector": "v"}), Step("head", input_map={"vector": "v"}))
    config = wire(pipeline(*steps), MEMBERS)
    assert dict(config.ensemble_scheduling.step[2].input_map) == {"vector": "v"}


def test_an_unbatched_step_makes_the_whole_pipeline_unbatched_with_whole_shapes():
    config = wire(pipeline("tokenize", "whole", "head"), MEMBERS)
    assert config.max_batch_size == 0
    assert [str(tensor) for tensor in modelconfig.inputs(config)] == ["text STRING[-1,1]"]


@given(st.permutations(["tokenize", "encode", "head"]))
def test_the_order_of_the_steps_in_the_file_does_not_matter(names):
    config = wire(pipeline(*names), MEMBERS)
    assert {step.model_name for step in config.ensemble_scheduling.step} == {"tokenize", "encode", "head"}
