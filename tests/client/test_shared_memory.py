import os
from pathlib import Path

import numpy as np
import tritonclient.grpc as module

from trireme.client import shared_memory


def regions():
    return sorted(path.name for path in Path("/dev/shm").glob(f"trireme-client-{os.getpid()}-*"))  # noqa: S108 - where Linux keeps it


def test_regions_live_as_long_as_the_call_and_no_longer(server):
    with module.InferenceServerClient(server.grpc.removeprefix("grpc://")) as client:
        before = regions()
        with shared_memory.placed(client, module, {"x": np.ones((1, 4), np.float32)}, None) as (inputs, outputs):
            assert len(regions()) == len(before) + 1
            assert len(client.get_system_shared_memory_status(as_json=True)["regions"]) == 1
            assert (inputs[0].name(), outputs) == ("x", None)
        assert regions() == before
        assert client.get_system_shared_memory_status(as_json=True) == {}
