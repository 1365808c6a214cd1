"""Shared memory too small for the sizes that the models state.

Every Python model moves tensors through `/dev/shm`, about two and a half times the largest request and answer for
each instance. A container has 64 MB of it unless it is given more; then large requests fail, and the server stays
ready. `--shm-size` says how much there is.

Bad::

    backend: "python"
    max_batch_size: 32
    input { name: "image" data_type: TYPE_FP32 dims: [ 3, 1024, 1024 ] }

Good::

    backend: "python"
    max_batch_size: 1
    input { name: "image" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trireme.lint import walk
from trireme.lint.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trireme.lint.repository import Model, Repository

CODE = "TR708"
SEVERITY = "warning"


def check_repository(repository: Repository, notes: Mapping[str, int]) -> Iterator[Problem]:
    """Add up what each Python model needs."""
    total, most = sum(notes.values()), repository.options.shm_bytes
    if total > most:
        largest = max(notes, key=lambda name: notes[name])
        needed = f"about {total >> 20} MiB of shared memory ('{largest}' the most)"
        message = f"the Python models need {needed}, and there are {most >> 20} MiB"
        remedy = f"give the container {total >> 20} MiB (--shm-size), or lower batch sizes"
        yield Problem("", message, remedy, repository.models[largest].config_path, model=largest)


def note(model: Model) -> int:
    """Return instances x 2.5 x (the largest input and output together), in bytes; a size that varies counts as 1."""
    if model.backend != "python":
        return 0
    sizes = []
    for _, _, tensor in walk.tensors(model):
        elements = walk.elements([max(dim, 1) for dim in tensor.dims])
        sizes.append(elements * walk.DATA_TYPE_BYTES.get(walk.enum_name(tensor), 0) * max(model.config.max_batch_size, 1))
    instances = sum(max(group.count, 1) for group in model.config.instance_group) or 1
    return int(instances * 2.5 * sum(sizes))
