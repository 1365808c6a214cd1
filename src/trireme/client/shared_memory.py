"""Inputs through system shared memory: for a client on the server's host, tensors are placed in /dev/shm and not sent.

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_shared_memory.md
"""

from __future__ import annotations

import os
import time
import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import tritonclient.utils.shared_memory as shm
from tritonclient.utils import InferenceServerException, np_to_triton_dtype, serialize_byte_tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from trireme.arrays import Array

PATIENCE = 5.0
"""Seconds to wait for the server to let go of a region."""


@contextmanager
def placed(
    client: Any,  # noqa: ANN401 - tritonclient's, of either protocol, untyped
    module: ModuleType,
    arrays: Mapping[str, Array],
    outputs: Iterable[str] | None,
) -> Iterator[tuple[list[Any], list[Any] | None]]:
    """Place the arrays in one region each, register them, and yield tritonclient's objects; all is taken back at the end."""
    with ExitStack() as stack:
        inputs = []
        for name, array in arrays.items():
            content = serialize_byte_tensor(array) if array.dtype == np.object_ else np.ascontiguousarray(array)
            size = len(content.item()) if array.dtype == np.object_ else content.nbytes
            region = f"trireme-client-{os.getpid()}-{uuid.uuid4().hex}"
            handle = shm.create_shared_memory_region(region, f"/{region}", size)
            stack.callback(shm.destroy_shared_memory_region, handle)
            shm.set_shared_memory_region(handle, [content])
            client.register_system_shared_memory(region, f"/{region}", size)
            stack.callback(_unregister, client, region)
            item = module.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
            item.set_shared_memory(region, size)
            inputs.append(item)
        yield inputs, None if outputs is None else [module.InferRequestedOutput(name) for name in outputs]


def _unregister(client: Any, region: str) -> None:  # noqa: ANN401 - tritonclient's, of either protocol, untyped
    """Take a region back; the server may hold it for a moment after it has answered."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            client.unregister_system_shared_memory(region)
        except InferenceServerException as error:
            if "currently in use" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.005)
        else:
            return
