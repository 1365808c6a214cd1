from trireme import modelconfig, pipeline


def ensemble(*steps):
    rows = [{"model_name": name, "input_map": {"x": given}, "output_map": {"y": made}} for name, given, made in steps]
    return modelconfig.parse({"input": [{"name": "in"}], "ensemble_scheduling": {"step": rows}}, "here")


def names(config):
    return [step.model_name for step in pipeline.steps(config)]


def test_each_step_comes_after_those_that_make_its_tensors():
    assert names(ensemble(("last", "b", "out"), ("first", "in", "a"), ("middle", "a", "b"))) == ["first", "middle", "last"]


def test_steps_that_are_in_order_stay_so():
    assert names(ensemble(("one", "in", "a"), ("two", "in", "b"), ("three", "a", "c"))) == ["one", "two", "three"]


def test_a_step_that_can_never_run_comes_last():
    assert names(ensemble(("lost", "nowhere", "z"), ("first", "in", "a"))) == ["first", "lost"]


def test_a_model_has_no_steps():
    assert names(modelconfig.parse({"name": "m"}, "here")) == []
