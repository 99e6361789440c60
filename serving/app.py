"""The ASGI application: its routes and middleware. It runs under Ray Serve and under any ASGI server.

Not here: what an endpoint does (`serving.api`), opening the parts that it uses (`serving.services`), processes
(`serving.deployment`, `serving.local_server`).
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from migraine_assets.core.tasks import TASKS
from serving.api import diaries, page, status, v2
from serving.api.batch import predict_batch, predict_binary
from serving.api.bodies import json_response, problem_response
from serving.api.contract import contract
from serving.api.feedback import feedback
from serving.api.forecast import forecast
from serving.api.forecasts import forecasts
from serving.api.middleware import OPEN, RequestMiddleware
from serving.api.predict import predict
from serving.api.record import Recorder
from serving.api.sheet import sheet_of_body, sheet_of_kept
from serving.contract.problems import BY_STATUS, Refused
from serving.services import Services
from serving.settings import ServingSettings

Endpoint = Callable[[Request], Awaitable[Response]]
Endpoints = Mapping[tuple[str, str], Endpoint]
Shortcuts = Mapping[tuple[str, str], ASGIApp]
FORECAST = "/forecast/"


def create_app(services: Services) -> ASGIApp:
    """Return the application around `services`, which the caller closes."""
    recorder = Recorder(services.prediction_log, services.metrics, clock=services.clock)
    endpoints = _endpoints(services, recorder)
    pages = page.pages(services.settings)
    # As routes, pages refuse other methods with 405.
    routes = {**{("GET", path): endpoint for path, endpoint in pages.items()}, **endpoints}
    app = Starlette(
        routes=_routes(routes),
        middleware=[Middleware(RequestMiddleware, services=services)],
        exception_handlers={HTTPException: partial(_http_error, services)},
    )
    app.router.redirect_slashes = False
    shortcuts = {**_shortcuts(services, endpoints), **_pages(app, services, pages)}
    forecast_of_one = RequestMiddleware(_asgi(endpoints["GET", "/forecast/{participant}"]), services)
    return _with_cors(_with_shortcuts(app, shortcuts, forecast_of_one), services.settings)


def _routes(endpoints: Endpoints) -> list[Route]:
    """Return one route for each path, so that the answer to a wrong method lists all allowed ones."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for (method, path), endpoint in endpoints.items():
        by_path.setdefault(path, {})[method] = endpoint
    return [Route(path, _by_method(methods), methods=list(methods)) for path, methods in by_path.items()]


def _by_method(methods: Mapping[str, Endpoint]) -> Endpoint:
    if len(methods) == 1:
        return next(iter(methods.values()))

    async def endpoint(request: Request) -> Response:
        return await methods["GET" if request.method == "HEAD" else request.method](request)

    return endpoint


def _endpoints(services: Services, recorder: Recorder) -> Endpoints:
    """Return the endpoints by method and path."""
    endpoints: dict[tuple[str, str], Endpoint] = {
        ("POST", "/predict"): partial(predict, services, recorder),
        ("POST", "/predict/batch"): partial(predict_batch, services, recorder),
        ("POST", "/predict/table"): partial(predict_binary, services, recorder),
        ("POST", "/feedback"): partial(feedback, services),
        ("GET", "/forecast/{participant}"): partial(forecast, services, recorder),
        ("GET", "/forecasts"): partial(forecasts, services),
        ("GET", "/sheet/{participant}"): partial(sheet_of_kept, services),
        ("POST", "/sheet"): partial(sheet_of_body, services),
        **_diary_endpoints(services),
        ("GET", "/"): partial(status.index, services),
        ("GET", "/contract"): partial(contract, services),
        ("GET", "/models"): partial(status.models, services),
        ("GET", "/health"): status.health,
        ("GET", "/ready"): partial(status.ready, services),
        ("GET", "/metrics"): partial(status.metrics, services),
        ("GET", "/v2"): v2.server,
        ("GET", "/v2/health/live"): v2.live,
        ("GET", "/v2/health/ready"): partial(v2.ready, services),
        ("GET", "/v2/models/{name}"): partial(v2.model, services),
        ("GET", "/v2/models/{name}/ready"): partial(v2.model_ready, services),
        ("POST", "/v2/models/{name}/infer"): partial(v2.infer, services, recorder),
    }
    if services.settings.docs:
        endpoints["GET", "/openapi.json"] = partial(status.document, services)
    return endpoints


def _diary_endpoints(services: Services) -> Endpoints:
    """Return the endpoints of kept diaries by method and path."""
    diary, days, day = "/diaries/{participant}", "/diaries/{participant}/days", "/diaries/{participant}/days/{date}"
    return {
        ("GET", "/diaries"): partial(diaries.get_participants, services),
        ("GET", diary): partial(diaries.get_diary, services),
        ("PUT", diary): partial(diaries.put_profile, services),
        ("DELETE", diary): partial(diaries.delete_diary, services, days_only=False),
        ("GET", days): partial(diaries.get_days, services),
        ("DELETE", days): partial(diaries.delete_diary, services, days_only=True),
        ("GET", day): partial(diaries.get_day, services),
        ("PUT", day): partial(diaries.put_day, services),
        ("DELETE", day): partial(diaries.delete_day, services),
    }


def _with_shortcuts(app: ASGIApp, shortcuts: Shortcuts, forecast: ASGIApp) -> ASGIApp:
    """Return `app` with direct handlers for the paths in `shortcuts`, because routing takes longer than a small model.

    `forecast` handles the forecast of a participant: its path contains the name, so it is no key of `shortcuts`.
    """

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope.get("method", ""), scope.get("path", "")
        handler = shortcuts.get((method, path))
        if handler is None and method == "GET" and path.startswith(FORECAST):
            participant = path[len(FORECAST) :]
            if participant and "/" not in participant:
                scope["path_params"] = {"participant": participant}
                handler = forecast
        await (handler or app)(scope, receive, send)

    return dispatch


def _shortcuts(services: Services, endpoints: Endpoints) -> Shortcuts:
    """Return direct handlers for the most frequent paths."""
    infer = endpoints["POST", "/v2/models/{name}/infer"]
    shortcuts = {("POST", f"/v2/models/{task}/infer"): _asgi(infer, name=task) for task in TASKS}
    shortcuts["POST", "/predict"] = _asgi(endpoints["POST", "/predict"])
    return {address: RequestMiddleware(shortcut, services) for address, shortcut in shortcuts.items()}


def _pages(app: ASGIApp, services: Services, pages: Mapping[str, page.Page]) -> Shortcuts:
    """Return direct handlers for pages and their files. `/` is a page for browsers only; others get JSON of `app`."""
    shown: dict[str, ASGIApp] = {
        path: RequestMiddleware(_asgi(endpoint), services, page=True) for path, endpoint in pages.items()
    }
    if "/" in shown:
        start = shown["/"]

        async def negotiated(scope: Scope, receive: Receive, send: Send) -> None:
            await (start if page.for_a_browser(scope) else app)(scope, receive, send)

        shown["/"] = negotiated
    return {(method, path): shortcut for path, shortcut in shown.items() for method in ("GET", "HEAD")}


def _asgi(endpoint: Endpoint, **path_params: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("path_params", path_params)
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    return app


def probes_only(app: ASGIApp) -> ASGIApp:
    """Return `app` limited to health, readiness and metrics, for a separate port that load cannot starve."""

    async def probes(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") in OPEN:
            await app(scope, receive, send)
        else:
            response = problem_response(Refused("not-found", "This port is for probes only."))
            await response(scope, receive, send)

    return probes


def _with_cors(app: ASGIApp, settings: ServingSettings) -> ASGIApp:
    """Return `app` with CORS for the configured origins. It is outermost: preflight requests have no API key."""
    if not settings.cors_origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-API-Key"],
        expose_headers=["Retry-After"],
    )


async def _http_error(services: Services, request: Request, error: HTTPException) -> Response:
    """Answer Starlette's own errors (no such path, wrong method) with a problem, or in the form of the v2 protocol."""
    kind = BY_STATUS.get(error.status_code, BY_STATUS[400])
    services.metrics.count_error(kind.name)
    if request.url.path.startswith("/v2/"):
        return json_response({"error": kind.title}, status=kind.status, headers=error.headers or {})
    return problem_response(Refused(kind.name, "See /docs for the endpoints of this service.", headers=error.headers))
