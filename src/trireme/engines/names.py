"""Which file holds the engine of which GPU, and how a config says so in Triton's own fields. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trireme import gpu

if TYPE_CHECKING:
    from trireme.engines.recipe import Recipe

CAPABILITIES = ("7.5", "8.0", "8.6", "8.9", "9.0", "10.0", "10.3", "12.0", "12.1")
"""Compute capabilities that TensorRT 10 and newer build for (https://docs.nvidia.com/deeplearning/tensorrt/latest/getting-started/support-matrix.html)."""
PLATFORM, BACKEND = "tensorrt_plan", "tensorrt"


def plan_file(target: str) -> str:
    """Return the file of a target's engine: "sm89" has model.sm89.plan."""
    return f"model.{target}.plan"


def is_plan(table: dict[str, Any]) -> bool:
    """Say whether a config's table serves an engine."""
    return table.get("platform") == PLATFORM or table.get("backend") == BACKEND


def complete(table: dict[str, Any], recipe: Recipe) -> None:
    """Say in a config's table which file each GPU loads, and that instances use all profiles; what it states stays.

    https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto (cc_model_filenames, profile): an
    instance that names no profile uses the first alone.
    """
    table.setdefault("cc_model_filenames", {one: plan_file(gpu.target(one)) for one in CAPABILITIES})
    if len(recipe.lengths) > 1:
        every = [str(number) for number in range(len(recipe.lengths))]
        table["instance_group"] = [{"profile": every} | dict(group) for group in table.get("instance_group") or [{}]]
