from types import SimpleNamespace

import pytest

from trireme.engines.runtime import DATA_CENTRE, RTX, Runtime, find
from trireme.errors import TriremeError
from trireme.gpu import Gpu

MODULE = SimpleNamespace(__version__="10.0", ComputeCapability=SimpleNamespace(__members__={"NONE": 0, "SM86": 86, "SM89": 89}))


@pytest.fixture
def here(monkeypatch):
    """Say which GPU is here."""

    def say(found):
        monkeypatch.setattr(Gpu, "here", classmethod(lambda _, __=0: found))

    return say


@pytest.mark.parametrize(
    ("name", "gpu", "asked", "sentence"),
    [
        (DATA_CENTRE, None, (), "tensorrt builds on the GPU that it builds for, and none is here"),
        (DATA_CENTRE, Gpu("H100", "9.0"), ("sm89",), r"for the GPU that is here \(sm90\), not sm89; ask for sm90"),
        (RTX, None, (), "no GPU is here, and none is named; name some: --for sm89; known are sm86, sm89"),
        (RTX, Gpu("H100", "9.0"), (), "the GPU that is here is a sm90, and none is named"),
        (RTX, None, ("sm88",), "--for: 'sm88' is refused"),
    ],
)
def test_a_gpu_that_cannot_be_built_for_is_refused(here, name, gpu, asked, sentence):
    here(gpu)
    with pytest.raises(TriremeError, match=sentence):
        Runtime(name, MODULE).targets(asked)


@pytest.mark.parametrize(
    ("name", "gpu", "asked", "targets"),
    [
        (DATA_CENTRE, Gpu("H100", "9.0"), (), ("sm90",)),
        (RTX, Gpu("RTX 4090", "8.9"), (), ("sm89",)),
        (RTX, None, ("sm89", "sm86", "sm89"), ("sm89", "sm86")),
    ],
)
def test_the_gpu_that_is_here_is_built_for_unless_others_are_named(here, name, gpu, asked, targets):
    here(gpu)
    assert Runtime(name, MODULE).targets(asked) == targets


def test_tensorrt_rtx_is_found_where_it_is_installed():
    assert find(RTX).version.count(".") >= 2
