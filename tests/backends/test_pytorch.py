import numpy as np
import pytest
import torch

LEFT, RIGHT = (np.random.default_rng(seed).normal(size=(4, 3)).astype(np.float32) for seed in (1, 2))


@pytest.mark.parametrize(("model", "left", "right"), [("named", "left", "right"), ("indexed", "INPUT__0", "INPUT__1")])
def test_inputs_and_outputs_are_named_as_the_native_backend_names_them(model, left, right, twins, repository):
    found = twins.infer(model, {left: LEFT, right: RIGHT})
    module = torch.jit.load(repository / model / "1" / "model.pt")
    difference, product = module(torch.from_numpy(LEFT), torch.from_numpy(RIGHT))
    np.testing.assert_array_equal(found["OUTPUT__0"], difference.numpy())
    np.testing.assert_array_equal(found["OUTPUT__1"], product.numpy())


def test_an_output_is_the_tensor_its_index_says_though_others_are_not_stated(twins):
    np.testing.assert_array_equal(twins.infer("second_output", {"left": LEFT, "right": RIGHT})["OUTPUT__1"], LEFT * RIGHT)


def test_only_requested_outputs_come_back(twins):
    assert list(twins.infer("named", {"left": LEFT, "right": RIGHT}, outputs=["OUTPUT__1"])) == ["OUTPUT__1"]


def test_text_is_refused_at_load(twin_server):
    assert any("the pytorch twin takes no strings: left" in reason for reason in twin_server.reasons())
