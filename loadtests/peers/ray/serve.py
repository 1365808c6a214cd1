"""Ray Serve: one cluster on this machine, a replica for each core, each joining waiting requests into batches."""

import asyncio
import os
import sys

import common
import ray
from ray import serve
from starlette.requests import Request

FIELD = {"text": "text", "tabular": "features"}[common.TASK]


@serve.deployment(
    num_replicas=common.PROCESSES,
    max_ongoing_requests=100,
    ray_actor_options={"num_cpus": 1},
    logging_config={"enable_access_log": False},
)
class Model:
    def __init__(self) -> None:
        self.model = common.MODELS[common.TASK]()

    @serve.batch(max_batch_size=common.BATCH, batch_wait_timeout_s=common.WAIT_S if common.BATCH > 1 else 0)
    async def ask(self, rows: list) -> list:
        return await asyncio.to_thread(self.model, rows) if common.TASK == "text" else self.model(rows)

    async def __call__(self, request: Request) -> dict:
        found = await self.ask((await request.json())[FIELD])
        return found if common.TASK == "text" else {"probability": found}


if __name__ == "__main__":
    ray.init(
        address="local",
        num_cpus=common.PROCESSES,
        include_dashboard=False,
        object_store_memory=200 * 1024**2,
        _node_ip_address="127.0.0.1",
        _temp_dir=os.environ["PEER_TEMP"],
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Model.bind(), name=common.TASK, route_prefix=f"/{common.TASK}", blocking=True)
