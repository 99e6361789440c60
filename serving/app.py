"""The application: routes, door, documents. `create_app(services)` runs under Ray Serve and under any ASGI server.

Here belongs the wiring. Not here: what an endpoint does (`handlers`, `batch`, `v2`), how services are made
(`services`), processes (`deployment`, `server`).
"""

from collections.abc import Awaitable, Callable
from functools import partial

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from migraine_assets.core.tasks import TASKS
from serving.api import openapi
from serving.api.batch import predict_batch
from serving.api.bodies import json_answer, problem_answer
from serving.api.endpoints import Handlers
from serving.api.middleware import Gate
from serving.api.v2 import Protocol
from serving.contract.problems import BY_STATUS, Refused
from serving.services import Services

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(services: Services) -> ASGIApp:
    """The service around `services`, whose life is the caller's affair."""
    handlers = Handlers(services)
    protocol = Protocol(handlers)
    door = Gate(_routed(services, handlers, protocol), services, straight=_straight(handlers, protocol))
    if not services.settings.cors_origins:
        return door
    # Outermost: a preflight needs no key.
    return CORSMiddleware(
        door,
        allow_origins=list(services.settings.cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "X-API-Key"],
        expose_headers=["Retry-After"],
    )


def _routed(services: Services, handlers: Handlers, protocol: Protocol) -> ASGIApp:
    """Every address, and the documents. Of FastAPI's own layers only the one that turns refusals into answers."""
    docs = services.settings.docs
    app = FastAPI(
        title=openapi.TITLE,
        version=openapi.VERSION,
        docs_url="/docs" if docs else None,
        openapi_url="/openapi.json" if docs else None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.openapi = partial(openapi.document, services.settings)  # type: ignore[method-assign]
    _add_routes(app, handlers, protocol)
    refusals = {HTTPException: partial(_http_error, services), Refused: partial(_refused, services)}
    inside = ExceptionMiddleware(app.router, handlers=refusals)

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        # Outside an application the router would answer by itself instead of raising.
        scope["app"] = app
        await inside(scope, receive, send)

    return routed


def _add_routes(app: FastAPI, handlers: Handlers, protocol: Protocol) -> None:
    """Plain routes: what FastAPI would do for each request (dependencies, models) is done once, in `decoding`."""
    for path, method, endpoint in (
        ("/predict", "POST", handlers.predict),
        ("/predict/batch", "POST", partial(predict_batch, handlers)),
        ("/feedback", "POST", handlers.feedback),
        ("/models", "GET", handlers.models),
        ("/health", "GET", handlers.health),
        ("/ready", "GET", handlers.ready),
        ("/metrics", "GET", handlers.metrics),
        ("/v2", "GET", protocol.server),
        ("/v2/health/live", "GET", protocol.live),
        ("/v2/health/ready", "GET", protocol.ready),
        ("/v2/models/{name}", "GET", protocol.model),
        ("/v2/models/{name}/ready", "GET", protocol.model_ready),
        ("/v2/models/{name}/infer", "POST", protocol.infer),
    ):
        app.router.add_route(path, endpoint, methods=[method])


def _straight(handlers: Handlers, protocol: Protocol) -> dict[tuple[str, str], ASGIApp]:
    """The addresses that are asked most, by method and path: finding a route costs more than a small model."""
    infer = {("POST", f"/v2/models/{task}/infer"): _endpoint(protocol.infer, name=task) for task in TASKS}
    return {("POST", "/predict"): _endpoint(handlers.predict), **infer}


def _endpoint(endpoint: Endpoint, **path_params: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_params"] = path_params
        answer = await endpoint(Request(scope, receive))
        await answer(scope, receive, send)

    return app


async def _refused(services: Services, _: Request, refused: Refused) -> Response:
    services.metrics.count_error(refused.kind.name)
    return problem_answer(refused)


async def _http_error(services: Services, request: Request, error: HTTPException) -> Response:
    """Starlette's own refusals (no such address, no such method) as problems, or in the protocol's form."""
    kind = BY_STATUS.get(error.status_code, BY_STATUS[400])
    services.metrics.count_error(kind.name)
    if request.url.path.startswith("/v2/"):
        return json_answer({"error": kind.title}, status=kind.status, headers=error.headers or {})
    return problem_answer(Refused(kind.name, "See /docs for the addresses of this service.", headers=error.headers))
