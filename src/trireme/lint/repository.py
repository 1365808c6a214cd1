"""A model repository as Triton finds it: one folder a model, read once, whatever is in it."""

from __future__ import annotations

import re
import stat
from collections import deque
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trireme import onnxio
from trireme.lint import files, identity
from trireme.lint import text as pbtxt
from trireme.lint.tokens import SyntaxProblemError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from trireme.lint.files import Entries
    from trireme.lint.identity import Identity

CONFIG = "config.pbtxt"
VARIANTS = "configs"
MOST_BYTES = 16 * 1024 * 1024
"""A config of more is not read: the largest real ones have some hundred kilobytes."""
TOO_LARGE = f"it has more than {MOST_BYTES >> 20} MiB"
LATEST = 1
HELD = 32
"""Models whose files are held at a time; of a larger repository the others are read again when an ensemble asks for them."""
LEADING_ZERO = re.compile(r"0[0-9]+")
"""A folder that looks like a version, and that Triton skips."""
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
    elsewhere: tuple[str, ...] = ()
    """Models that the server has from other repositories."""


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
        self.repository.hold(self)
        return files.listing(self.path)

    @cached_property
    def config_path(self) -> Path:
        """The config that Triton reads: the variant's where there is one."""
        variant = self.path / VARIANTS / f"{self.variant}.pbtxt"
        return variant if self.variant and files.is_file(variant) else self.path / CONFIG

    @cached_property
    def read(self) -> tuple[str, str]:
        """The config's text and why it cannot be read, one of them empty; both are empty without a config."""
        self.repository.hold(self)
        try:
            found = self.config_path.stat()
            if not stat.S_ISREG(found.st_mode):
                return "", "it is not a file"
            if found.st_size > MOST_BYTES:
                return "", TOO_LARGE
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
    def _identity(self) -> Identity:
        folders = self.entries.folders
        first = files.listing(self.path / folders[0]) if folders else files.Entries()
        return identity.of(self.name, self.config, first, self.releases)

    @property
    def backend(self) -> str:
        """The backend, as Triton completes it; empty for an ensemble or when Triton cannot tell."""
        return self._identity.backend

    @property
    def platform(self) -> str:
        """The platform, as Triton completes it."""
        return self._identity.platform

    @property
    def filename(self) -> str:
        """The name of the model's file in its version folder, as Triton completes it."""
        return self._identity.filename

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
        return {version: files.listing(self.path / str(version)) for version in self.served}

    @cached_property
    def completes(self) -> bool:
        """Whether the backend may add to inputs, outputs and batch size, so that the config alone does not say them."""
        if self.backend == "python":
            return any(code.completes for code in self.code.values())
        if self.backend == "onnxruntime" and self.config.input and self.config.output:
            return False  # it fills in both sides, or none
        return self.backend in COMPLETING or (self.backend not in ("", "pytorch") and self.backend not in identity.FILES)

    @cached_property
    def code(self) -> Mapping[int, Any]:
        """The Python code of each served version (lint.pycode.Code)."""
        from trireme.lint import pycode  # noqa: PLC0415 - a repository without Python models never needs it

        return {
            version: pycode.read(self.file(version))
            for version in self.served
            if self.backend == "python" and self._has_file(version)
        }

    @cached_property
    def graphs(self) -> Mapping[int, onnxio.Graph]:
        """The ONNX graph of each served version (onnxio.Graph)."""
        return {
            version: onnxio.read(self.file(version))
            for version in self.served
            if self.backend == "onnxruntime" and self._has_file(version)
        }

    @cached_property
    def plans(self) -> Mapping[str, Any]:
        """The TensorRT plans of each served version (lint.planfile.Plan) by their paths in the model's folder.

        A version has one for each compute capability that cc_model_filenames names, and one for all others.
        """
        from trireme.lint import planfile  # noqa: PLC0415 - as above

        if self.backend != "tensorrt":
            return {}
        names = dict.fromkeys([self.filename, *self.config.cc_model_filenames.values()])
        paths = {f"{version}/{name}": files.below(self.path / str(version), name) for version in self.served for name in names}
        return {shown: planfile.read(path) for shown, path in paths.items() if files.is_file(path)}

    def forget(self) -> None:
        """Drop what was read; it is read again when it is asked for."""
        for name in vars(self).keys() - {one.name for one in fields(self)}:
            delattr(self, name)

    def file(self, version: int) -> Path:
        """Return where the model's file of a version has to be."""
        return files.below(self.path / str(version), self.filename)

    def _has_file(self, version: int) -> bool:
        return files.is_file(self.file(version))

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
    base: Repository | None = field(default=None, repr=False)
    """The repository without the variant: what the variant does not touch is the same."""
    refused: dict[str, str] = field(default_factory=dict)
    """Models that will not load, with the code of the first error; filled in while rules run, members before ensembles."""
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What rules noted of models for their look at the whole, by code and name; filled in while rules run."""
    _held: deque[Model] = field(default_factory=deque, repr=False)

    @cached_property
    def entries(self) -> Entries:
        """What the repository's folder holds."""
        return files.listing(self.path)

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """The models by name, as Triton takes them: every folder is one."""
        names = self.entries.folders if self.base is None else self.base.touched_by(self.variant)
        own = {name: Model(self, name, self.path / name, self.variant) for name in names}
        return own if self.base is None else {**self.base.models, **own}

    def hold(self, model: Model) -> None:
        """Note that a model was read, and let the one that was read the longest ago be forgotten."""
        if model not in self._held:
            self._held.append(model)
        if len(self._held) > HELD:
            self._held.popleft().forget()

    def touched_by(self, variant: str) -> list[str]:
        """Return the models with a config of their own for a variant, and the ensembles made of them."""
        touched: dict[str, None] = {}
        for model in self.members_first():
            own = files.is_file(model.path / VARIANTS / f"{variant}.pbtxt")
            if own or any(member in touched for member in ([] if model.broken else self._members(model))):
                touched[model.name] = None
        return list(touched)

    def variants(self) -> tuple[str, ...]:
        """Return the names of all variants that a model of the repository has."""
        found = {
            name.removesuffix(".pbtxt")
            for model in self.models.values()
            if VARIANTS in model.entries.folders
            for name in files.listing(model.path / VARIANTS).files
            if name.endswith(".pbtxt")
        }
        return tuple(sorted(found))

    def members_first(self) -> Iterator[Model]:
        """Yield every model after those that it is made of; a circle is broken anywhere."""
        done: set[str] = set()
        for name in self.models:
            stack = [] if name in done else [name]
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


def version_of(name: str) -> int | None:
    """Return the version that Triton reads from a folder's name, as C's stoll does; None when it skips the folder.

    Spaces before the number, and anything behind it, do not count.
    """
    digits = re.match(r"[ \t\n\v\f\r]*[+-]?[0-9]+", name)
    if digits is None or (name.startswith("0") and len(name) > 1):
        return None
    return int(digits.group())
