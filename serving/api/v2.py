"""The Open Inference Protocol (v2): the models alone, asked with features that the client computed.

Here belong its endpoints. Not here: its tensors (`tensors`), people and diaries (`handlers`). Errors have the
protocol's own form, {"error": sentence}. A row of tensors is nobody's, so the champion answers and no trial.
"""

import time
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from migraine_assets.stores.bundles.manifest import INPUT
from serving.api.bodies import json_answer, require_plain
from serving.api.endpoints import LONG_BODY, Handlers
from serving.api.record import log
from serving.contract.problems import Refused
from serving.input.tensors import HEADER, InferResponse, OutputTensor, matrix, parse, respond
from serving.model.loaded import Served
from serving.model.scoring import Group

NAME, VERSION = "migraine", "2"


class Protocol:
    """The endpoints under `/v2`."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers, self._services = handlers, handlers.services

    async def server(self, _: Request) -> Response:
        """`GET /v2`."""
        return json_answer({"name": NAME, "version": VERSION, "extensions": ["binary_tensor_data"]})

    async def live(self, _: Request) -> Response:
        """`GET /v2/health/live`."""
        return json_answer({"live": True})

    async def ready(self, _: Request) -> Response:
        """`GET /v2/health/ready`."""
        ready = self._services.models.current.ready
        return json_answer({"ready": ready}, status=200 if ready else 503)

    async def model(self, request: Request) -> Response:
        """`GET /v2/models/{name}`."""
        try:
            return json_answer(_metadata(request.path_params["name"], self._served(request)))
        except Refused as refused:
            return self._error(refused)

    async def model_ready(self, request: Request) -> Response:
        """`GET /v2/models/{name}/ready`."""
        try:
            self._served(request)
        except Refused as refused:
            return self._error(refused)
        return json_answer({"name": request.path_params["name"], "ready": True})

    async def infer(self, request: Request) -> Response:
        """`POST /v2/models/{name}/infer`."""
        try:
            require_plain(request)
            served = self._served(request)
            most = self._services.settings.max_batch_body_bytes
            body = await self._handlers.body(request, most=most)
            headers: dict[str, str] = {}
            name, length = request.path_params["name"], request.headers.get(HEADER)
            content = await self._handlers.work(
                lambda: self._infer(name, served, body, length, headers), long=len(body) > LONG_BODY
            )
        except Refused as refused:
            return self._error(refused)
        return Response(content, headers=headers)

    def _infer(self, name: str, served: Served, body: bytes, length: str | None, headers: dict[str, str]) -> bytes:
        began = time.perf_counter()
        asked, raw = parse(body, length)
        width, most = len(served.manifest.features), self._services.settings.max_batch_rows
        rows = matrix(asked, raw, name=INPUT, width=width, most=most)
        output = served.manifest.output
        if any(wanted.name != output for wanted in asked.outputs or ()):
            raise Refused("unreadable-tensors", f"The model has one output, '{output}'.")
        values = served.bundle.predict(rows)
        self._record(name, served, rows, values, seconds=time.perf_counter() - began)
        described = OutputTensor(output, "FP32", [len(rows), 1])
        response = InferResponse(name, served.bundle.hash, [described], asked.id)
        content, found = respond(asked, response, values.astype(np.float32))
        headers.update(found)
        return content

    def _record(self, name: str, served: Served, rows: Any, values: Any, *, seconds: float) -> None:
        count = len(rows)
        group = Group(served, "champion", np.arange(count), rows, values, 0)
        nobody: list[str | None] = [None] * count
        ids = self._services.receipts.make_ids(count)
        log(self._services, {name: (group,)}, ids=ids, people=nobody, for_dates=None, seconds=seconds)

    def _served(self, request: Request) -> Served:
        models, name = self._services.models.current, request.path_params["name"]
        if name in models.tasks:
            return models.tasks[name].champion
        if models.ready or name not in ("attack", "severity"):
            raise Refused("not-found", f"There is no such model. Models: {', '.join(models.tasks) or 'none yet'}.")
        raise Refused("not-ready", " ".join(models.problems), headers={"Retry-After": "5"})

    def _error(self, refused: Refused) -> Response:
        self._services.metrics.count_error(refused.kind.name)
        return json_answer({"error": refused.detail}, status=refused.http_status, headers=refused.headers)


def _metadata(name: str, served: Served) -> dict[str, Any]:
    manifest = served.manifest
    return {
        "name": name,
        "versions": [served.bundle.hash],
        "platform": "onnxruntime",
        "inputs": [{"name": INPUT, "datatype": "FP32", "shape": [-1, len(manifest.features)]}],
        "outputs": [{"name": manifest.output, "datatype": "FP32", "shape": [-1, 1]}],
        "parameters": {"features": list(manifest.features), "algorithm": manifest.algorithm},
    }
