"""A model repository as Triton finds it: one folder a model, read once, whatever is in it.

What Triton fills in by itself before it validates a config (backend, platform, file name) is filled in here by the same steps:
https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc (AutoCompleteBackendFields).
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trireme import onnxio
from trireme.lint import text as pbtxt
from trireme.lint.tokens import SyntaxProblemError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CONFIG = "config.pbtxt"
VARIANTS = "configs"
MOST_BYTES = 4 * 1024 * 1024
"""A config of more is not read: the largest real ones have some hundred kilobytes."""
LATEST = 1
FILES = {
    "tensorrt": "model.plan",
    "onnxruntime": "model.onnx",
    "openvino": "model.xml",
    "pytorch": "model.pt",
    "python": "model.py",
}
PLATFORMS = {
    "tensorrt_plan": "tensorrt",
    "onnxruntime_onnx": "onnxruntime",
    "pytorch_libtorch": "pytorch",
    "tensorflow_graphdef": "tensorflow",
    "tensorflow_savedmodel": "tensorflow",
}
"""Which backend a platform belongs to; a known backend takes no other platform (GetBackendTypeFromPlatform)."""
TENSORFLOW = {"tensorflow_graphdef": "model.graphdef", "tensorflow_savedmodel": "model.savedmodel"}
COMPLETING = ("onnxruntime", "tensorrt", "openvino", "tensorflow")
"""Backends that fill in what a config leaves out from the model's own file."""


@dataclass(frozen=True)
class Options:
    """What is known of the server that the repository is for; None where it is not known."""

    releases: tuple[str, ...] = ("24.10",)
    gpus: int | None = None
    backends: tuple[str, ...] | None = None
    agents: tuple[str, ...] | None = None
    shm_bytes: int = 64 * 1024 * 1024
    latency_goal_ms: float | None = None


@dataclass(frozen=True)
class Entries:
    """What a folder holds: names of files and of folders; problem is the operating system's word when it is unreadable."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    problem: str = ""


@dataclass(eq=False)
class Model:
    """One folder of the repository under one config: `config.pbtxt`, or `configs/<variant>.pbtxt`."""

    repository: Repository = field(repr=False)
    name: str
    path: Path
    variant: str = ""

    @cached_property
    def entries(self) -> Entries:
        """What the model's folder holds."""
        return listing(self.path)

    @cached_property
    def config_path(self) -> Path:
        """The config that Triton reads: the variant's where there is one."""
        variant = self.path / VARIANTS / f"{self.variant}.pbtxt"
        return variant if self.variant and variant.is_file() else self.path / CONFIG

    @cached_property
    def read(self) -> tuple[str, str]:
        """The config's text and why it cannot be read, one of them empty; both are empty without a config."""
        try:
            found = self.config_path.stat()
            if not stat.S_ISREG(found.st_mode):
                return "", "it is not a file"
            if found.st_size > MOST_BYTES:
                return (
                    "",
                    f"it has {found.st_size >> 20} MiB, and more than {MOST_BYTES >> 20} MiB is no config",
                )
            return self.config_path.read_bytes().decode(errors="surrogateescape"), ""
        except FileNotFoundError:
            # a link to nowhere is not the absence of a config: Triton tries to read it
            return "", "it is a link to nothing" if self.config_path.is_symlink() else ""
        except OSError as error:
            return "", error.strerror or str(error)

    @cached_property
    def parsed(self) -> tuple[Any, SyntaxProblemError | None]:
        """The config as it is written (an empty one when there is none), and why it is none."""
        try:
            return pbtxt.parse(self.read[0]), None
        except SyntaxProblemError as error:
            return pbtxt.model_config()(), error

    @property
    def config(self) -> Any:  # noqa: ANN401 - ModelConfig, whose class is made at run time
        """The config as it is written."""
        return self.parsed[0]

    @property
    def broken(self) -> bool:
        """Whether there is no config to look at."""
        return bool(self.read[1] or self.parsed[1] or self.entries.problem)

    @cached_property
    def places(self) -> pbtxt.Places:
        """Where the config's fields stand."""
        return pbtxt.Places(self.read[0])

    @cached_property
    def _identity(self) -> tuple[str, str, str]:
        return identity(self)

    @property
    def backend(self) -> str:
        """The backend, as Triton completes it; empty for an ensemble or when Triton cannot tell."""
        return self._identity[0]

    @property
    def platform(self) -> str:
        """The platform, as Triton completes it."""
        return self._identity[1]

    @property
    def filename(self) -> str:
        """The name of the model's file in its version folder, as Triton completes it."""
        return self._identity[2]

    @property
    def is_ensemble(self) -> bool:
        """Whether it is a pipeline of other models."""
        return bool(self.platform == "ensemble" or self.config.HasField("ensemble_scheduling"))

    @cached_property
    def versions(self) -> tuple[int, ...]:
        """The numbers of the version folders, greatest first; Triton skips names that do not begin so or begin with 0."""
        found = {number for name in self.entries.folders if (number := version_of(name)) is not None}
        return tuple(sorted(found, reverse=True))

    @cached_property
    def served(self) -> tuple[int, ...]:
        """The versions that Triton loads under the version policy."""
        policy = self.config.version_policy
        if policy.HasField("specific"):
            return tuple(version for version in self.versions if version in policy.specific.versions)
        if policy.HasField("all"):
            return self.versions
        most = policy.latest.num_versions if self.config.HasField("version_policy") and policy.HasField("latest") else LATEST
        return self.versions[:most]

    @cached_property
    def contents(self) -> Mapping[int, Entries]:
        """What each served version's folder holds."""
        return {version: listing(self.path / str(version)) for version in self.served}

    @cached_property
    def completes(self) -> bool:
        """Whether the backend may add to inputs, outputs and batch size, so that the config alone does not say them."""
        if self.backend == "python":
            return any(code.completes for code in self.code.values())
        if self.backend == "onnxruntime" and self.config.input and self.config.output:
            return False  # it fills in both sides, or none
        return self.backend in COMPLETING or (self.backend not in ("", "pytorch") and self.backend not in FILES)

    @cached_property
    def code(self) -> Mapping[int, Any]:
        """The Python code of each served version (lint.pycode.Code)."""
        from trireme.lint import pycode  # noqa: PLC0415 - a repository without Python models never needs it

        return {
            version: pycode.read(self.path / str(version) / self.filename)
            for version in self.served
            if self.backend == "python" and self._has_file(version)
        }

    @cached_property
    def graphs(self) -> Mapping[int, onnxio.Graph]:
        """The ONNX graph of each served version (onnxio.Graph)."""
        return {
            version: onnxio.read(self.path / str(version) / self.filename)
            for version in self.served
            if self.backend == "onnxruntime" and self._has_file(version)
        }

    @cached_property
    def plans(self) -> Mapping[int, Any]:
        """The TensorRT plan of each served version (lint.planfile.Plan)."""
        from trireme.lint import planfile  # noqa: PLC0415 - as above

        own = [version for version in self.served if self.backend == "tensorrt" and self._has_file(version)]
        return {version: planfile.read(self.path / str(version) / self.filename) for version in own}

    def _has_file(self, version: int) -> bool:
        return (self.path / str(version) / self.filename).is_file()

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that the repository is for."""
        return self.repository.options.releases


@dataclass(eq=False)
class Repository:
    """A folder of models, under one choice of variants (Triton's --model-config-name)."""

    path: Path
    options: Options = field(default_factory=Options)
    variant: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    """Models that will not load, with the code of the first error; filled in while rules run, members before ensembles."""

    @cached_property
    def entries(self) -> Entries:
        """What the repository's folder holds."""
        return listing(self.path)

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """The models by name, as Triton takes them: every folder is one."""
        return {name: Model(self, name, self.path / name, self.variant) for name in self.entries.folders}

    def variants(self) -> tuple[str, ...]:
        """Return the names of all variants that a model of the repository has."""
        found = {
            name.removesuffix(".pbtxt")
            for model in self.models.values()
            if VARIANTS in model.entries.folders
            for name in listing(model.path / VARIANTS).files
            if name.endswith(".pbtxt")
        }
        return tuple(sorted(found))

    def members_first(self) -> Iterator[Model]:
        """Yield every model after those that it is made of; a circle is broken anywhere."""
        done: set[str] = set()
        for name in self.models:
            stack = [name]
            entered: set[str] = set()
            while stack:
                model = self.models[stack[-1]]
                waiting = [] if model.name in entered or model.broken else self._members(model)
                entered.add(model.name)
                fresh = [member for member in waiting if member not in done and member not in entered]
                if fresh:
                    stack.extend(fresh)
                    continue
                stack.pop()
                if model.name not in done:
                    done.add(model.name)
                    yield model

    def _members(self, model: Model) -> list[str]:
        return [step.model_name for step in model.config.ensemble_scheduling.step if step.model_name in self.models]


def listing(path: Path) -> Entries:
    """Return what a folder holds, links followed, in the order of names."""
    files: list[str] = []
    folders: list[str] = []
    try:
        with os.scandir(path) as found:
            for entry in found:
                try:
                    (folders if entry.is_dir() else files).append(entry.name)
                except OSError:  # a link that goes round in a circle
                    files.append(entry.name)
    except OSError as error:
        return Entries(problem=error.strerror or str(error))
    return Entries(tuple(sorted(files)), tuple(sorted(folders)))


def version_of(name: str) -> int | None:
    """Return the version that Triton reads from a folder's name, by C's rules: leading digits count; None when it skips it."""
    digits = re.match(r"[+-]?\d+", name)
    if digits is None or (name.startswith("0") and len(name) > 1):
        return None
    return int(digits.group())


def identity(model: Model) -> tuple[str, str, str]:
    """Return backend, platform and file name after Triton's own completion; the backend is empty when it cannot tell."""
    config, folders = model.config, model.entries.folders
    backend, platform, filename = config.backend, config.platform, config.default_model_filename
    found = listing(model.path / folders[0]) if folders else Entries()
    blank = not (backend or platform or filename)
    if not platform and backend in ("", "tensorflow"):
        named = {file: name for name, file in TENSORFLOW.items()}
        holds = {"model.savedmodel": found.folders, "model.graphdef": found.files} if not filename else {}
        platform = named.get(filename, next((named[file] for file, names in holds.items() if file in names), ""))
    if platform in TENSORFLOW:
        return backend or "tensorflow", platform, filename or TENSORFLOW[platform]
    for name, file in FILES.items():
        own = next((known for known, owner in PLATFORMS.items() if owner == name), "")
        if not backend:
            there = file in found.files or (name in ("onnxruntime", "openvino", "python") and file in found.folders)
            if (own and platform == own) or filename == file or (blank and there):
                backend = name
        if backend == name:
            return backend, platform or own, filename or file
    if blank and "." in model.name:
        backend = model.name.partition(".")[2]
        filename = f"model.{backend}"
    return backend, platform, filename
