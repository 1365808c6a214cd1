"""How much shared memory models take."""

from types import SimpleNamespace

import numpy as np
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from trireme.cluster import shm


def example(**arrays):
    return SimpleNamespace(inputs=arrays, outputs={})


def need(text, *examples):
    config = text_format.Parse(text, ModelConfig())
    return shm.need("m", "config", config, examples)


def test_fixed_sizes_count_instances_times_two_and_a_half_requests():
    found = need('max_batch_size: 8 instance_group { count: 3 } input { name: "x" data_type: TYPE_FP32 dims: [ 1024, 1024 ] }')
    assert found.largest == 8 * 4 * 1024 * 1024
    assert found.bytes == 3 * (2 * shm.MIB + int(2.5 * found.largest))
    assert not found.open


def test_an_open_size_is_four_times_its_largest_example():
    x = np.zeros((5, 10), np.float32)
    found = need('input { name: "x" data_type: TYPE_FP32 dims: [ -1, 10 ] }', example(x=x), example(x=x[:2]))
    assert (found.largest, found.open) == (4 * x.nbytes, True)


def test_strings_count_as_on_the_wire():
    found = need('input { name: "x" data_type: TYPE_STRING dims: [ 1 ] }', example(x=np.array([b"abcd"], object)))
    assert found.largest == 4 * (4 + 4)


def test_the_size_is_whole_steps_and_an_open_size_has_room_for_one_largest_request():
    closed, opened = shm.Need("a", "config", 1, 10, open=False), shm.Need("a", "config", 1, 10, open=True)
    assert shm.size([]) == shm.size([closed]) == 64 * shm.MIB
    assert shm.size([opened]) == 192 * shm.MIB


def test_the_shipped_repository_fits_what_the_pods_are_given(sources):
    assert shm.size(shm.needs(sources)) == 256 * shm.MIB
