"""The application: routes, door, documents. `create_app(services)` runs under Ray Serve and under any ASGI server.

Here belongs the wiring. Not here: what an endpoint does (`handlers`, `batch`, `v2`), how services are made
(`services`), processes (`deployment`, `server`).
"""

from functools import partial

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from serving import openapi
from serving.batch import predict_batch
from serving.bodies import json_answer, problem_answer
from serving.gate import Gate
from serving.handlers import Handlers
from serving.problems import BY_STATUS, Refused
from serving.services import Services
from serving.v2 import Protocol


def create_app(services: Services) -> FastAPI:
    """The service around `services`, whose life is the caller's affair."""
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
    _add_routes(app, Handlers(services))
    app.add_exception_handler(HTTPException, partial(_http_error, services))
    app.add_exception_handler(Refused, partial(_refused, services))
    # The last one added is the outermost: a preflight needs no key.
    app.add_middleware(Gate, services=services)
    if services.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(services.settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key"],
            expose_headers=["Retry-After"],
        )
    return app


def _add_routes(app: FastAPI, handlers: Handlers) -> None:
    """Plain routes: what FastAPI would do for each request (dependencies, models) is done once, in `decoding`."""
    protocol = Protocol(handlers)
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
