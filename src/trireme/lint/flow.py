"""How data flows through an ensemble, as Triton's core follows it.

https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc (ValidateEnsembleSchedulingConfig) and
https://github.com/triton-inference-server/core/blob/main/src/ensemble_utils.cc (ValidateTensorMapping).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trireme.lint import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trireme.lint.repository import Model


class Flow:
    """The tensors of an ensemble: which are known, which something makes, which something takes."""

    def __init__(self, model: Model) -> None:
        self.places: dict[str, str] = {}
        self.needs: dict[str, set[str]] = {}
        self.taken: set[str] = set()
        for at, step, _ in walk.steps(model):
            for key, name in sorted(step.output_map.items()):
                self.places.setdefault(name, f"{at}.output_map['{key}']")
                self.needs.setdefault(name, set()).update(step.input_map.values())
            for key, name in sorted(step.input_map.items()):
                self.places.setdefault(name, f"{at}.input_map['{key}']")
                if step.output_map:
                    self.taken.add(name)
        self.ready = {tensor.name for tensor in model.config.input if tensor.name in self.places}
        self._spread()

    @property
    def known(self) -> tuple[str, ...]:
        """The names of all tensors that a step takes or makes."""
        return tuple(self.places)

    def missing_for(self, name: str) -> list[str]:
        """Return the tensors that nothing makes and that this one waits for."""
        found, waiting, missing = {name}, [name], []
        while waiting:
            one = waiting.pop()
            if one not in self.needs and one not in self.ready:
                missing.append(one)
            fresh = self.needs.get(one, set()) - found
            found |= fresh
            waiting += sorted(fresh)
        return missing

    def _spread(self) -> None:
        """Mark what can be made from what is ready, until nothing is added."""
        added = True
        while added:
            made = {name for name, needs in self.needs.items() if needs and needs <= self.ready} - self.ready
            self.ready |= made
            added = bool(made)


@dataclass(frozen=True)
class Use:
    """A tensor of an ensemble as one model has it; whole is the shape with the batch, unless a backend may add one."""

    owner: str
    data_type: str
    dims: tuple[int, ...]
    whole: tuple[int, ...]
    settled: bool


@dataclass(frozen=True)
class Edge(Use):
    """A later use of a tensor, with the first one."""

    name: str
    at: str
    first: Use


def edges(model: Model) -> Iterator[Edge]:
    """Yield each use of a tensor after its first: the ensemble's own inputs and outputs come first, then the steps in order."""
    if not model.config.HasField("ensemble_scheduling"):
        return
    first: dict[str, Use] = {}
    for side in (model.config.input, model.config.output):
        for tensor in side:
            dims = tensor.reshape.shape if tensor.HasField("reshape") else tensor.dims
            first.setdefault(tensor.name, _use(model, tensor, tuple(dims)))
    for at, step, member in walk.steps(model):
        if member is None or member.broken:
            continue
        for side, tensors in (("input", member.config.input), ("output", member.config.output)):
            by_name = {tensor.name: tensor for tensor in tensors}
            for key, name in sorted(getattr(step, f"{side}_map").items()):
                if key in by_name and (not member.completes or (by_name[key].data_type and by_name[key].dims)):
                    use = _use(member, by_name[key], tuple(by_name[key].dims))
                    if name in first:
                        yield Edge(**vars(use), name=name, at=f"{at}.{side}_map['{key}']", first=first[name])
                    first.setdefault(name, use)


def _use(model: Model, tensor: Any, dims: tuple[int, ...]) -> Use:  # noqa: ANN401 - a protobuf message
    """Return a tensor as a model states it; a backend that completes the config may add a batch, and leaves what is stated.

    https://github.com/triton-inference-server/python_backend/blob/main/src/resources/triton_python_backend_utils.py
    (ModelConfig.add_input and add_output refuse another type and other dims).
    """
    batched = model.config.max_batch_size > 0
    return Use(model.name, walk.enum_name(tensor), dims, (-1, *dims) if batched else dims, batched or not model.completes)


def waits_for(model: Model) -> list[set[int]]:
    """Return, for each step of an ensemble, the numbers of the steps that it waits for, directly or not."""
    entries = [step for _, step, _ in walk.steps(model)]
    makers: dict[str, set[int]] = {}
    for number, step in enumerate(entries):
        for name in step.output_map.values():
            makers.setdefault(name, set()).add(number)
    found: list[set[int]] = []
    for step in entries:
        waiting = {number for name in step.input_map.values() for number in makers.get(name, ())}
        before: set[int] = set()
        while waiting:
            number = waiting.pop()
            before.add(number)
            waiting |= {other for name in entries[number].input_map.values() for other in makers.get(name, ())} - before
        found.append(before)
    return found


def trail(member: Model, name: str) -> list[str]:
    """Return the names on the way from a member down to a model of that name; nothing when there is no way."""
    stack, seen = [(member, [member.name])], {member.name}
    while stack:
        one, path = stack.pop()
        if one.name == name:
            return path
        for _, _, below in () if one.broken else walk.steps(one):
            if below is not None and (below.name == name or below.name not in seen):
                seen.add(below.name)
                stack.append((below, [*path, below.name]))
    return []


def is_decoupled(model: Model) -> bool:
    """Say whether a model may answer more than once; an ensemble may when a member does."""
    found, waiting = {model.name}, [model]
    while waiting:
        one = waiting.pop()
        if not one.is_ensemble and one.config.model_transaction_policy.decoupled:
            return True
        for _, _, member in walk.steps(one):
            if member is not None and not member.broken and member.name not in found:
                found.add(member.name)
                waiting.append(member)
    return False
