"""A variant whose tuning was for something else.

`trireme tune` writes what it found for one artefact on one machine, and the build puts the evidence beside the variant,
`configs/<variant>.toml`. After another version was published, or on another machine, the numbers say nothing: the
setting may be slower than none. The machine is compared when the variant is asked for by `--model-config-name`.

Bad::

    ==> example/config.pbtxt <==
    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
    ==> example/configs/cpu-2.pbtxt <==
    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
    instance_group { count: 2 }
    ==> example/configs/cpu-2.toml <==
    version = 1
    artefact = "0123456789abcdef"
    processor = "A Processor"
    cores = 2
    date = "2026-11-22"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    ==> example/2/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []

Good::

    ==> example/config.pbtxt <==
    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
    ==> example/configs/cpu-2.pbtxt <==
    backend: "python"
    max_batch_size: 8
    input { name: "x" data_type: TYPE_FP32 dims: [ 1 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ 1 ] }
    instance_group { count: 2 }
    ==> example/configs/cpu-2.toml <==
    version = 2
    artefact = "0123456789abcdef"
    processor = "A Processor"
    cores = 2
    date = "2026-11-22"
    ==> example/1/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
    ==> example/2/model.py <==
    class TritonPythonModel:
        def execute(self, requests):
            return []
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from trireme.errors import UnreadableError
from trireme.lint import files
from trireme.lint.finding import Problem
from trireme.lock import LOCK, Lock
from trireme.machine import Machine
from trireme.oneprocess.members import members

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model

CODE = "TR712"
SEVERITY = "warning"
REMEDY = "tune it again (trireme tune), or take its evidence away"


def check(model: Model) -> Iterator[Problem]:
    """Compare the evidence beside a variant with what is served, and with this machine."""
    path = model.path / "configs" / f"{model.variant}.toml"
    if not model.variant or not files.is_file(path):
        return
    try:
        evidence = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        yield Problem("", f"its evidence {path.name} cannot be read: {error}", "run `make repo`: it is built", path)
        return
    newest = model.versions[0] if model.versions else 0
    if evidence.get("version") != newest:
        yield Problem("", f"it was tuned for version {evidence.get('version')}, and version {newest} is served", REMEDY)
    elif (published := _published(model, newest)) and evidence.get("artefact") != published:
        yield Problem("", f"it was tuned with other files than version {newest} is served from", REMEDY)
    if model.repository.base is not None:
        return  # only who asks for a variant by its name says that it is to be served here
    here = Machine.here()
    if (evidence.get("processor"), evidence.get("cores")) != (here.processor, here.cores):
        there = f"{evidence.get('processor')}, {evidence.get('cores')} cores"
        yield Problem("", f"it was tuned on another machine ({there}) than this one ({here})", REMEDY)


def _published(model: Model, version: int) -> str:
    """Return the digest of a version's files, of those that a pipeline runs for one; empty where the tree's lock has none."""
    try:
        lock = Lock.read(model.path.parent / LOCK)
        if model.name in lock.versions:
            return lock.artefact(model.name, version)
        return lock.artefacts(members(model.path / str(version), model.variant))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UnreadableError):
        return ""  # a repository of others: nothing is known of what was published
