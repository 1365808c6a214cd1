import pytest

from trireme.gpu import Gpu, capability, target


@pytest.mark.parametrize(("named", "number"), [("sm89", "8.9"), ("sm120", "12.0"), ("sm103", "10.3")])
def test_a_target_and_a_compute_capability_are_one_thing(named, number):
    assert (target(number), capability(named)) == (named, number)


def test_without_a_driver_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr("trireme.gpu.LIBRARY", "libthere-is-none.so.1")
    assert Gpu.here() is None
