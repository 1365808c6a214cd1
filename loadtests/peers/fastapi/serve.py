"""FastAPI and onnxruntime: no batching; uvicorn's workers fill the cores, one onnxruntime thread in each.

As `def`, text would run in forty threads a worker that fight for one core: half of what it reaches so.
"""

import common
from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI(openapi_url=None)
model = common.MODELS[common.TASK]()


class TextRequest(BaseModel):
    text: str = Field(min_length=1, max_length=10_000)


class TextResponse(BaseModel):
    label: str
    confidence: float


class TabularRequest(BaseModel):
    features: list[float] = Field(min_length=16, max_length=16)


class TabularResponse(BaseModel):
    probability: float


@app.get("/health")
async def health() -> None: ...


@app.post("/text")
async def text(request: TextRequest) -> TextResponse:
    return TextResponse(**model([request.text])[0])


@app.post("/tabular")
async def tabular(request: TabularRequest) -> TabularResponse:
    return TabularResponse(probability=model([request.features])[0])
