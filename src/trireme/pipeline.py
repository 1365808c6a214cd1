"""The steps of a served ensemble in the order in which they can run: a config may list them in any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tritonclient.grpc.model_config_pb2 import ModelConfig


def steps(config: ModelConfig) -> list[Any]:
    """Return an ensemble's steps, each after those that make its tensors; none for a model.

    What can never run (a tensor that nobody makes) comes last, as it stands.
    """
    known = {tensor.name for tensor in config.input}
    left: list[Any] = list(config.ensemble_scheduling.step)
    ordered: list[Any] = []
    while left:
        able = [step for step in left if set(step.input_map.values()) <= known]
        if not able:
            return [*ordered, *left]
        for step in able:
            known |= set(step.output_map.values())
            left.remove(step)
        ordered += able
    return ordered
