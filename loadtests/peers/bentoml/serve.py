"""BentoML: a worker for each core, each with its adaptive batching."""

import bentoml
import common
import numpy as np
from pydantic import BaseModel

BATCHING = {"batchable": True, "max_batch_size": common.BATCH, "max_latency_ms": 1000} if common.BATCH > 1 else {}


class Sentiment(BaseModel):
    label: str
    confidence: float


@bentoml.service(workers=common.PROCESSES, traffic={"timeout": 60}, logging={"access": {"enabled": False}})
class Models:
    def __init__(self) -> None:
        self.model = common.MODELS[common.TASK]()

    @bentoml.api(route="/text", **BATCHING)
    def text(self, texts: list[str]) -> list[Sentiment]:
        return [Sentiment(**row) for row in self.model(texts)]

    @bentoml.api(route="/tabular", **BATCHING)
    def tabular(self, features: np.ndarray) -> np.ndarray:
        return np.array(self.model(features))
