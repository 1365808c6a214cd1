"""Ask a served model one of its examples: how boot, `trireme call` and the contract tests do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tritonclient.grpc.model_config_pb2 import ModelConfig

    from trireme.arrays import Array
    from trireme.client import Client
    from trireme.examples import Example


def ask(client: Client, config: ModelConfig, example: Example, version: str = "") -> dict[str, Array]:
    """Return the answer to an example, without a batch dimension; of a decoupled model, its first response.

    Raises:
        CallError: the model refused, or did not answer in time.

    """
    batched = config.max_batch_size > 0
    inputs = {name: array[None] if batched else array for name, array in example.inputs.items()}
    if config.model_transaction_policy.decoupled:
        # To the end: release 24.10 keeps a model from unloading after a stream was left early.
        found, *_ = [*client.stream(config.name, inputs, version=version), {}]
    else:
        found = client.infer(config.name, inputs, version=version)
    return {name: array[0] if batched else array for name, array in found.items()}
