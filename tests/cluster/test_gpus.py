"""GPUs by the names that overlays and nodes give them."""

import pytest

from trireme.cluster import gpus
from trireme.engines.names import CAPABILITIES
from trireme.errors import ValueRefusedError


@pytest.mark.parametrize("name", ["h100", "H100", "NVIDIA-H100-80GB-HBM3", "nvidia-h100-pcie-SHARED"])
def test_it_is_found_by_its_name_and_by_its_nodes_label(name):
    assert gpus.find(name).name == "h100"


def test_a_wrong_name_lists_the_known():
    with pytest.raises(ValueRefusedError, match=r"'h10' is refused; did you mean 'h100'\? \(known: t4, a10, a100, l4"):
        gpus.find("h10")


def test_their_capabilities_are_ones_that_engines_are_built_for():
    assert {gpu.capability for gpu in gpus.known().values()} <= set(CAPABILITIES)
