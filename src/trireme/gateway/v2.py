"""KServe's v2 protocol in front of Triton, so that standard clients work: inference, metadata, health.

Everything is validated here; Triton hears of it over gRPC.
https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotations of endpoints
from starlette.responses import Response
from tritonclient.grpc.model_config_pb2 import ModelConfig

from trireme import __version__
from trireme.gateway.problems import ProblemError
from trireme.gateway.replies import as_json
from trireme.gateway.v2_wire import LENGTH, datatype, read, write

if TYPE_CHECKING:
    from fastapi import FastAPI

    from trireme.gateway.catalog import Model
    from trireme.gateway.endpoint import Served
    from trireme.gateway.gateway import Gateway
    from trireme.tensors import Tensor

BASES = ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")


def routes(app: FastAPI, gateway: Gateway) -> None:
    """Add the protocol's routes."""
    _server(app, gateway)
    _models(app, gateway)


def _server(app: FastAPI, gateway: Gateway) -> None:
    """Add what is asked of the server."""

    async def server(_request: Request) -> Response:
        return as_json({"name": "trireme", "version": __version__, "extensions": ["binary_tensor_data"]})

    async def live(_request: Request) -> Response:
        return as_json({"live": True})

    async def ready(_request: Request) -> Response:
        unready = await gateway.unready()
        return as_json({"ready": not unready}, 503 if unready else 200)

    for path, handler in {"/v2": server, "/v2/health/live": live, "/v2/health/ready": ready}.items():
        _add(app, path, handler)


def _models(app: FastAPI, gateway: Gateway) -> None:
    """Add what is asked of a model, but for inference, which the models' routes hand to `infer`."""

    async def metadata(request: Request) -> Response:
        model = gateway.model(request, request.path_params["name"], request.path_params.get("version", ""))
        return as_json(_metadata(model))

    async def model_ready(request: Request) -> Response:
        model = gateway.model(request, request.path_params["name"], request.path_params.get("version", ""))
        unready = model.name in await gateway.unready()
        return as_json({"name": model.name, "ready": not unready}, 503 if unready else 200)

    async def config(request: Request) -> Response:
        model = gateway.model(request, request.path_params["name"], request.path_params.get("version", ""))
        return as_json(_config(model.served))

    for base in BASES:
        _add(app, base, metadata)
        _add(app, f"{base}/ready", model_ready)
        _add(app, f"{base}/config", config)


async def infer(gateway: Gateway, request: Request, name: str, version: str) -> Response:
    """Answer an inference request.

    Raises:
        ProblemError: it is none, or it was refused.

    """
    model = gateway.model(request, name, version)
    if model.served.decoupled:
        raise ProblemError("malformed-request", f"'{model.name}' answers as a stream, which this protocol has not")
    call = gateway.call(request, model, version)
    asked, arrays = read(model.schema, await request.body(), request.headers.get(LENGTH))
    if asked.parameters.timeout:
        call = gateway.within(call, model, asked.parameters.timeout / 1e6)
    answer = await gateway.infer(request, model, arrays, call)
    return write(model.schema, asked, answer.version, answer.outputs)


def _config(served: Served) -> dict[str, object]:
    """Return what a client needs of a config (Triton's own extension): the tensors, the batch, whether it streams."""
    part = ModelConfig(name=served.name, platform=served.config.platform, backend=served.config.backend)
    part.max_batch_size = served.max_batch_size
    part.input.extend(served.config.input)
    part.output.extend(served.config.output)
    part.model_transaction_policy.decoupled = served.decoupled
    table: dict[str, object] = MessageToDict(part, preserving_proto_field_name=True)
    return {"max_batch_size": 0, **table}


def _metadata(model: Model) -> dict[str, object]:
    served = model.served
    batch = [-1] if served.batched else []

    def side(tensors: tuple[Tensor, ...]) -> list[dict[str, object]]:
        return [
            {"name": tensor.name, "datatype": datatype(tensor.data_type), "shape": [*batch, *tensor.dims]} for tensor in tensors
        ]

    platform = served.config.platform or served.config.backend
    table: dict[str, object] = {"name": served.name, "versions": list(served.versions), "platform": platform}
    return {**table, "inputs": side(served.inputs), "outputs": side(served.outputs)}


def _add(app: FastAPI, path: str, handler: Any) -> None:  # noqa: ANN401 - an endpoint
    async def routed(request: Request) -> Response:
        request.state.route = path
        return await handler(request)  # type: ignore[no-any-return]

    app.add_api_route(path, routed, methods=["GET"], tags=["v2"], response_class=Response, include_in_schema=False)
