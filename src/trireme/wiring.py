"""Type-check a pipeline's wiring and write it as Triton's ensemble: each edge is resolved before a file is written.

An input of a step that `input_map` does not name takes the pipeline's tensor of its own name, and an output that `output_map`
does not name gives one. An ensemble's max_batch_size is the least of its steps'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tritonclient.grpc.model_config_pb2 import ModelConfig

from trireme import modelconfig
from trireme.errors import UnknownKeyError, WiringError, suggestion
from trireme.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from trireme.spec import Ensemble, Step


@dataclass(frozen=True)
class Member:
    """A model that a step can name: its config and the versions it serves."""

    config: ModelConfig
    versions: tuple[int, ...]


def wire(ensemble: Ensemble, members: Mapping[str, Member]) -> ModelConfig:
    """Return the ensemble's ModelConfig.

    Raises:
        WiringError: a step or an edge does not fit.
        UnknownKeyError: a map names a tensor that the step's model does not have.

    """
    steps = [(number, step, _member(ensemble, number, step, members)) for number, step in enumerate(ensemble.steps)]
    config = modelconfig.parse(ensemble.config, f"{ensemble.place}: config")
    config.name, config.platform = ensemble.name, "ensemble"
    most = min(member.config.max_batch_size for _, _, member in steps)
    if config.max_batch_size > most:
        problem = f"max_batch_size is {config.max_batch_size}, and a step takes {most} at most"
        raise WiringError(f"{ensemble.place}: config", problem, "lower it, or leave it out")
    config.max_batch_size = config.max_batch_size or most
    tensors = _Tensors(ensemble, batched=config.max_batch_size > 0)
    for number, step, member in steps:
        tensors.produce(number, step, member)
    for number, step, member in steps:
        tensors.consume(number, step, member)
        config.ensemble_scheduling.step.append(_ensemble_step(step, member, tensors.known))
    tensors.check_order()
    tensors.check_queues([member for _, _, member in steps])
    for tensor in tensors.inputs():
        config.input.add(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    for tensor in tensors.outputs():
        config.output.add(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    return config


def order(ensembles: tuple[Ensemble, ...]) -> tuple[Ensemble, ...]:
    """Return the ensembles so that each comes after those it contains.

    Raises:
        WiringError: an ensemble contains itself.

    """
    by_name = {ensemble.name: ensemble for ensemble in ensembles}
    done: dict[str, Ensemble] = {}

    def visit(ensemble: Ensemble, path: tuple[str, ...]) -> None:
        if ensemble.name in path:
            raise WiringError(ensemble.place, f"it contains itself ({' -> '.join((*path, ensemble.name))})", "cut the loop")
        for step in ensemble.steps:
            if step.model in by_name and step.model not in done:
                visit(by_name[step.model], (*path, ensemble.name))
        done[ensemble.name] = ensemble

    for ensemble in ensembles:
        visit(ensemble, ())
    return tuple(done.values())


class _Tensors:
    """The pipeline's tensors while its steps are being resolved."""

    def __init__(self, ensemble: Ensemble, *, batched: bool) -> None:
        self.ensemble = ensemble
        self.batched = batched
        self.made: dict[str, tuple[int, Tensor]] = {}
        self.taken: dict[str, tuple[int, Tensor]] = {}
        self.edges: list[tuple[int, int]] = []

    @property
    def known(self) -> set[str]:
        """Return the names of all tensors that something gives."""
        return {*self.made, *self.ensemble.inputs}

    def produce(self, number: int, step: Step, member: Member) -> None:
        for tensor in modelconfig.outputs(member.config):
            name = step.output_map.get(tensor.name, tensor.name)
            place = self._place(number)
            if name in self.made:
                problem = f"tensor '{name}' is also made by step[{self.made[name][0]}]"
                raise WiringError(place, problem, f"rename one: output_map = {{ {tensor.name} = '...' }}")
            if name in self.ensemble.inputs:
                problem = f"output '{tensor.name}' makes '{name}', which is an input of the pipeline"
                raise WiringError(place, problem, f"rename it: output_map = {{ {tensor.name} = '...' }}")
            self.made[name] = (number, self._whole(tensor, member))

    def consume(self, number: int, step: Step, member: Member) -> None:
        for tensor in modelconfig.inputs(member.config):
            name = step.input_map.get(tensor.name, tensor.name)
            wanted = self._whole(tensor, member)
            if name in self.made:
                self._check_edge(number, name, wanted)
            elif name in self.ensemble.inputs:
                self._check_input(number, name, wanted)
            elif not tensor.optional:
                problem = f"input '{tensor.name}' of {step.model} is not wired: nothing makes '{name}'"
                raise WiringError(self._place(number), problem, suggestion(name, self.known))

    def check_order(self) -> None:
        """Refuse steps that wait for each other."""
        open_edges = list(self.edges)
        while open_edges:
            waiting = {to for _, to in open_edges}
            free = [edge for edge in open_edges if edge[0] not in waiting]
            if not free:
                loop = ", ".join(f"step[{number}]" for number in sorted(waiting))
                raise WiringError(self.ensemble.place, f"{loop} wait for each other", "cut the loop")
            open_edges = [edge for edge in open_edges if edge not in free]

    def check_queues(self, members: list[Member]) -> None:
        """Refuse a queue limit on steps that run side by side: such an ensemble hangs below 26.02 (docs/rules/TR518.md)."""
        for number, member in enumerate(members):
            beside = set(range(len(members))) - self._ancestors(number) - {number}
            beside = {other for other in beside if number not in self._ancestors(other)}
            if beside and member.config.dynamic_batching.default_queue_policy.max_queue_size:
                problem = (
                    f"its model states max_queue_size and runs beside step[{min(beside)}], which hangs below release 26.02"
                )
                raise WiringError(
                    self._place(number), problem, "leave max_queue_size out, or run the steps one after the other"
                )

    def _ancestors(self, number: int) -> set[int]:
        """Return the steps that have to be done before this one."""
        before = {maker for maker, taker in self.edges if taker == number}
        return before.union(*(self._ancestors(maker) for maker in before))

    def inputs(self) -> list[Tensor]:
        """Return the pipeline's inputs, typed by the steps that take them."""
        for name in self.ensemble.inputs:
            if name not in self.taken:
                raise WiringError(self.ensemble.place, f"no step takes the input '{name}'", "remove it, or wire it")
        return [self._own(name, self.taken[name][1]) for name in self.ensemble.inputs]

    def outputs(self) -> list[Tensor]:
        """Return the pipeline's outputs, typed by the steps that make them."""
        for name in self.ensemble.outputs:
            if name not in self.made:
                raise WiringError(self.ensemble.place, f"no step makes the output '{name}'", suggestion(name, self.made))
        return [self._own(name, self.made[name][1]) for name in self.ensemble.outputs]

    def _check_edge(self, number: int, name: str, wanted: Tensor) -> None:
        maker, given = self.made[name]
        self.edges.append((maker, number))
        self._compare(number, f"step[{maker}] makes", given, wanted)

    def _check_input(self, number: int, name: str, wanted: Tensor) -> None:
        if name in self.taken:
            first, given = self.taken[name]
            self._compare(number, f"step[{first}] takes", given, wanted)
        self.taken.setdefault(name, (number, wanted))

    def _compare(self, number: int, who: str, given: Tensor, wanted: Tensor) -> None:
        if given.data_type != wanted.data_type:
            problem = f"{who} {given}, and the step takes {wanted}"
            raise WiringError(self._place(number), problem, "the data types must be the same")
        if not wanted.accepts(given.dims):
            problem = f"{who} {given}, and the step takes {wanted}"
            raise WiringError(self._place(number), problem, "the dims must agree, -1 with any")

    def _whole(self, tensor: Tensor, member: Member) -> Tensor:
        """Return the tensor with its batch dimension when the pipeline is not batched itself."""
        if self.batched or not member.config.max_batch_size:
            return tensor
        return Tensor(tensor.name, tensor.data_type, (-1, *tensor.dims), tensor.optional)

    def _own(self, name: str, tensor: Tensor) -> Tensor:
        return Tensor(name, tensor.data_type, tensor.dims)

    def _place(self, number: int) -> str:
        return f"{self.ensemble.place}: step[{number}] ({self.ensemble.steps[number].model})"


def _member(ensemble: Ensemble, number: int, step: Step, members: Mapping[str, Member]) -> Member:
    """Return the model a step names; refuse unknown models, versions and tensors."""
    place = f"{ensemble.place}: step[{number}]"
    if step.model not in members:
        raise WiringError(place, f"there is no model '{step.model}'", suggestion(step.model, members))
    member = members[step.model]
    if step.version != -1 and step.version not in member.versions:
        served = ", ".join(map(str, member.versions))
        raise WiringError(place, f"{step.model} does not serve version {step.version}", f"it serves {served}")
    for label, given, tensors in (
        ("input_map", step.input_map, modelconfig.inputs(member.config)),
        ("output_map", step.output_map, modelconfig.outputs(member.config)),
    ):
        for key in given:
            if key not in {tensor.name for tensor in tensors}:
                raise UnknownKeyError(f"{place}.{label}", key, [tensor.name for tensor in tensors])
    return member


def _ensemble_step(step: Step, member: Member, known: Container[str]) -> object:
    """Return the step as Triton writes it; an optional input that nothing makes is left out."""
    tensors_in, tensors_out = modelconfig.inputs(member.config), modelconfig.outputs(member.config)
    taken = {tensor.name: step.input_map.get(tensor.name, tensor.name) for tensor in tensors_in}
    scheduling = ModelConfig().ensemble_scheduling
    return scheduling.step.add(
        model_name=step.model,
        model_version=step.version,
        input_map={tensor: name for tensor, name in taken.items() if name in known},
        output_map={tensor.name: step.output_map.get(tensor.name, tensor.name) for tensor in tensors_out},
    )
