"""What kustomize is asked, and what is refused before it is."""

from pathlib import Path

import pytest

from trireme.cluster import kustomize
from trireme.errors import ClusterError, ValueRefusedError

ROOT = Path(__file__).parents[2]


def test_an_overlay_on_a_gpu_that_is_none_lists_the_known(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("components: [../generated/gpus/h10]\n")
    with pytest.raises(ValueRefusedError, match=r"'h10' is refused; did you mean 'h100'\? \(known: t4, a10, a100, l4"):
        kustomize.render(ROOT, tmp_path)


def test_a_folder_that_is_no_overlay_lists_ours(tmp_path):
    with pytest.raises(ClusterError, match="ours are in k8s/overlays: blue-green, dev, prod, staging"):
        kustomize.render(ROOT, tmp_path)
