"""`make gpu-check` on a machine without a GPU: it says so; and its whole way but the graphs runs on the CPU."""

import pytest

from trireme.bench import gpu
from trireme.gpu import Gpu


@pytest.mark.skipif(Gpu.here() is not None, reason="asks what is said where no GPU is; `make gpu-check` checks the one here")
def test_without_a_gpu_it_says_what_it_skipped_and_why(sources):
    assert list(gpu.measure(sources, quick=True)) == [("everything", "skipped", "no NVIDIA GPU is here", "")]


def test_all_but_the_graphs_runs_on_a_cpu(sources):
    rows = {row[0]: row for row in gpu.check(sources.root, "KIND_CPU", quick=True)}
    for model in ("text_embedder", "shape_detector"):
        assert rows[f"{model}: farthest answer from the CPU's"][2] == "equal within it"
        assert rows[f"{model}: a call of 1 row, eager / CUDA graph"][2] == "graphs skipped: no GPU"
        assert " / " in rows[f"{model}: 4 clients, alone / joined"][1]
        assert rows[f"{model}: graph hits, planned and counted"][1] == "skipped"


def test_where_the_embedder_is_not_built_its_layers_are_drawn(tmp_path):
    from trireme.bench.gpu_models import models  # noqa: PLC0415 - imports torch

    embedder = models(tmp_path)[0]
    assert embedder.write(tmp_path / "model.pt") == "the same layers with drawn weights: it is not built here"
