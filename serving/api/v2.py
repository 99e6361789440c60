"""The Open Inference Protocol (v2): predictions of one model from features that the client computed.

Errors have the form that the protocol defines, {"error": sentence}. A row of features belongs to no participant, so the
champion always answers. Not here: tensors on the wire (`serving.input.tensors`), diaries (`serving.api.predict`).
"""

import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from migraine_assets.core.tasks import TASKS
from migraine_assets.prediction.loaded import LoadedModel
from migraine_assets.prediction.model_set import ModelNotReady
from migraine_assets.stores.bundles.manifest import INPUT
from serving.api.bodies import LONG_BODY_BYTES, json_response, read_raw, refusal_of
from serving.api.record import Recorder
from serving.contract.model_descriptions import (
    ModelMetadata,
    ModelParameters,
    ModelReady,
    ServerLive,
    ServerMetadata,
    ServerReady,
    TensorMetadata,
)
from serving.contract.problems import Refused
from serving.contract.responses import ProtocolError
from serving.input.tensors import HEADER, InferResponse, OutputTensor, matrix, parse, respond
from serving.jobs import Check, unlimited
from serving.services import Services

NAME, VERSION = "migraine", "2"

P = ParamSpec("P")
Endpoint = Callable[Concatenate[Services, P], Awaitable[Response]]


def _protocol_errors(endpoint: Endpoint[P]) -> Endpoint[P]:
    """Return `endpoint` with its errors in the form of the protocol."""

    @wraps(endpoint)
    async def with_errors(services: Services, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            return await endpoint(services, *args, **kwargs)
        except (Refused, ModelNotReady) as error:
            refused = refusal_of(error)
            services.metrics.count_error(refused.kind.name)
            return json_response(ProtocolError(refused.detail), status=refused.http_status, headers=refused.headers)

    return with_errors


async def server(_: Request) -> Response:
    """Handle `GET /v2`: server metadata."""
    return json_response(ServerMetadata(NAME, VERSION, ["binary_tensor_data"]))


async def live(_: Request) -> Response:
    """Handle `GET /v2/health/live`."""
    return json_response(ServerLive(True))


async def ready(services: Services, _: Request) -> Response:
    """Handle `GET /v2/health/ready`."""
    is_ready = services.predictor.models.ready
    return json_response(ServerReady(is_ready), status=200 if is_ready else 503)


@_protocol_errors
async def model(services: Services, request: Request) -> Response:
    """Handle `GET /v2/models/{name}`: model metadata."""
    name = request.path_params["name"]
    champion = _champion(services, name)
    manifest = champion.manifest
    return json_response(
        ModelMetadata(
            name=name,
            versions=[champion.bundle.hash],
            platform="onnxruntime",
            inputs=[TensorMetadata(INPUT, "FP32", [-1, len(manifest.features)])],
            outputs=[TensorMetadata(manifest.output, "FP32", [-1, 1])],
            parameters=ModelParameters(list(manifest.names), manifest.algorithm, champion.simulated),
        )
    )


@_protocol_errors
async def model_ready(services: Services, request: Request) -> Response:
    """Handle `GET /v2/models/{name}/ready`."""
    name = request.path_params["name"]
    _champion(services, name)
    return json_response(ModelReady(name, True))


@_protocol_errors
async def infer(services: Services, recorder: Recorder, request: Request) -> Response:
    """Handle `POST /v2/models/{name}/infer`."""
    name, settings = request.path_params["name"], services.settings
    champion = _champion(services, name)
    most, seconds = settings.max_batch_body_bytes, settings.request_timeout
    header_length, headers = request.headers.get(HEADER), dict[str, str]()
    with services.bodies.hold() as lease:
        body = await read_raw(request, most=most, seconds=seconds, lease=lease)

        def job(check: Check) -> bytes:
            return predict_tensors(services, recorder, name, champion, body, header_length, headers, check)

        content = await services.run(job, request, size=len(body), long=len(body) > LONG_BODY_BYTES)
    return Response(content, headers=headers)


def predict_tensors(
    services: Services,
    recorder: Recorder,
    task: str,
    champion: LoadedModel,
    body: bytes,
    header_length: str | None,
    headers: dict[str, str],
    check: Check = unlimited,
) -> bytes:
    """Answer `body`, and add the headers of the response to `headers`. Raises `Refused`."""
    started = time.perf_counter()
    request, raw = parse(body, header_length)
    manifest = champion.manifest
    rows = matrix(request, raw, name=INPUT, width=len(manifest.features), most=services.settings.max_batch_rows)
    if any(output.name != manifest.output for output in request.outputs or ()):
        raise Refused("unreadable-tensors", f"The model has one output, '{manifest.output}'.")
    predictions = services.predictor.predict_rows(task, champion, rows, check)
    recorder.record(predictions, seconds=time.perf_counter() - started)
    outputs = predictions.groups[task][0].outputs.astype(np.float32)
    tensor = OutputTensor(manifest.output, "FP32", [len(rows), 1])
    content, more = respond(request, InferResponse(task, champion.bundle.hash, [tensor], request.id), outputs)
    headers.update(more)
    return content


def _champion(services: Services, name: str) -> LoadedModel:
    """Return the champion of the task `name`. Raises `Refused` (404), or `ModelNotReady` before any promotion."""
    models = services.predictor.models
    if name in models.tasks:
        return models.tasks[name].champion
    if name in TASKS:
        models.require_ready()
    raise Refused("not-found", f"There is no such model. Models: {', '.join(models.tasks) or 'none yet'}.")
