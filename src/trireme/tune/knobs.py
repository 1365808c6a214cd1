"""What a tuning turns: instances, threads, preferred batch sizes and queue delay, as Triton's own ModelConfig fields."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format

from trireme import modelconfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tritonclient.grpc.model_config_pb2 import ModelConfig

THREADS = {"onnxruntime": "intra_op_thread_count", "pytorch": "INTRA_OP_THREAD_COUNT"}
"""The parameter by which a backend is told how many threads an instance may use."""
TUNED = ("instance_group", "dynamic_batching", "parameters")
"""The fields of ModelConfig that a tuning writes."""
DELAYS = (0, 100, 250, 500, 1000, 2000, 4000, 8000)
"""Microseconds that a request may wait for others."""


@dataclass(frozen=True, order=True)
class Knobs:
    """One setting of one model; preferred (1,) joins nothing, threads 0 leaves them to the backend."""

    instances: int
    threads: int
    preferred: tuple[int, ...]
    delay: int

    @classmethod
    def of(cls, config: ModelConfig) -> Knobs:
        """Return what a config says now, as Triton completes it: an onnxruntime model gets two instances on a CPU."""
        group = config.instance_group[0] if config.instance_group else None
        unstated = 2 if group is None and config.backend == "onnxruntime" else 1
        instances = group.count if group is not None and group.count else unstated
        parameter = THREADS.get(config.backend, "")
        threads = int(config.parameters[parameter].string_value or 0) if parameter in config.parameters else 0
        if not config.HasField("dynamic_batching"):
            return cls(instances, threads, (1,), 0)
        preferred = tuple(config.dynamic_batching.preferred_batch_size) or (max(config.max_batch_size, 1),)
        return cls(instances, threads, preferred, config.dynamic_batching.max_queue_delay_microseconds)

    def table(self, config: ModelConfig) -> dict[str, Any]:
        """Return them as a table of ModelConfig, to lay on a model's config; where its instances run stays as it is."""
        groups = [json_format.MessageToDict(group, preserving_proto_field_name=True) for group in config.instance_group[:1]]
        where = {key: value for group in groups for key, value in group.items() if key in {"kind", "gpus"}}
        table: dict[str, Any] = {"instance_group": [where | {"count": self.instances}]}
        if config.max_batch_size > 1:
            table["dynamic_batching"] = {
                "preferred_batch_size": list(self.preferred),
                "max_queue_delay_microseconds": self.delay,
            }
        if self.threads and config.backend in THREADS:
            table["parameters"] = {THREADS[config.backend]: {"string_value": str(self.threads)}}
        return table

    def over(self, config: ModelConfig) -> ModelConfig:
        """Return a model's config with these laid on it, as a variant is."""
        table = json_format.MessageToDict(config, preserving_proto_field_name=True)
        return modelconfig.parse(modelconfig.overlay(table, self.table(config)), config.name, allow_newer=True)

    def cores(self, config: ModelConfig, machine: int) -> int:
        """Return the cores that an instance asks for: as many as it has threads, all of them where the backend decides."""
        return self.threads or (machine if config.backend in THREADS else 1)

    def __str__(self) -> str:
        """Return them in the words of config.pbtxt."""
        joined = "no batching" if self.preferred == (1,) else f"preferred {list(self.preferred)}, delay {self.delay} us"
        threads = f" x {self.threads} thread{'s' if self.threads > 1 else ''}" if self.threads else ""
        return f"{self.instances} instance{'s' if self.instances > 1 else ''}{threads}, {joined}"


def choices(config: ModelConfig, cores: int, longest_delay: float) -> Iterator[Knobs]:
    """Yield every setting that is worth a simulation: threads that fit the cores, delays below the longest [us]."""
    threads = sorted({1, cores}) if config.backend in THREADS else [0]
    sizes = [size for size in (2, 4, 8, 16, 32, 64, 128) if size <= config.max_batch_size]
    preferred = [
        (1,),
        *((size,) for size in sizes),
        *pairwise(sizes),
    ]
    delays = [delay for delay in DELAYS if delay <= longest_delay]
    for instances, count, joined in product(range(1, 2 * cores + 1), threads, preferred):
        for delay in delays if joined != (1,) else (0,):
            yield Knobs(instances, count, joined, delay)
