"""Middleware of every request: API key, rate limit, security headers, counts, and the catch-all error handler.

Plain ASGI, because it runs for each request. Not here: bodies (`serving.api.bodies`), routes (`serving.app`).
"""

import logging
import re
from collections.abc import Callable, Iterable
from functools import partial

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migraine_assets.prediction.model_set import ModelNotReady
from migraine_assets.sheet.page import style_source
from serving.access.addresses import client_network
from serving.api.bodies import problem_response, refusal_of
from serving.contract.problems import Refused, rate_limited
from serving.services import Services

_log = logging.getLogger(__name__)

# Probes and scrapers need no key and are never limited. The documents need a key, because they show the inputs of the
# served models and cost as much as a prediction.
OPEN = frozenset({"/health", "/ready", "/metrics", "/v2/health/live", "/v2/health/ready"})
DOCUMENTS = frozenset({"/", "/openapi.json", "/contract"})
PAGES = frozenset({"/staff", "/docs"})

_MODEL = re.compile(r"/v2/models/[^/]+")
_KNOWN = frozenset(
    {
        "/predict",
        "/predict/batch",
        "/predict/table",
        "/feedback",
        "/forecasts",
        "/sheet",
        "/models",
        "/v2",
        *OPEN,
        *DOCUMENTS,
        *PAGES,
    }
)
_OF_MODEL = frozenset({"", "/ready", "/infer"})
# These paths contain the name of a participant, which must not appear in metrics or logs.
_OF_PARTICIPANT = (
    (re.compile(r"/forecast/[^/]+"), "/forecast/{participant}"),
    (re.compile(r"/sheet/[^/]+"), "/sheet/{participant}"),
    (re.compile(r"/diaries"), "/diaries"),
    (re.compile(r"/diaries/[^/]+"), "/diaries/{participant}"),
    (re.compile(r"/diaries/[^/]+/days"), "/diaries/{participant}/days"),
    (re.compile(r"/diaries/[^/]+/days/[^/]+"), "/diaries/{participant}/days/{date}"),
)

_POLICY = b"content-security-policy"
_SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
_HEADERS = (
    *_SECURITY,
    (b"cache-control", b"no-store"),
    (_POLICY, b"default-src 'none'; frame-ancestors 'none'"),
)
# Pages load files from this service, and their scripts send requests to it alone. Swagger UI has images as data URLs.
# They show the sheet in a frame, which inherits their policy.
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' {sheet}; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def endpoint(path: str) -> str:
    """Return the route template of `path`, which metrics count by. Never returns the path itself if it is unknown."""
    if path in _KNOWN:
        return path
    if path.startswith(("/page/", "/docs/")):
        return "/page/{file}"
    if path.startswith(("/forecast/", "/sheet/", "/diaries")):
        return next((template for form, template in _OF_PARTICIPANT if form.fullmatch(path)), "other")
    match = _MODEL.match(path)
    rest = path[match.end() :] if match else ""
    return f"/v2/models/{{name}}{rest}" if match and rest in _OF_MODEL else "other"


class RequestMiddleware:
    """Middleware that admits a request, counts it, and turns errors into responses."""

    def __init__(self, app: ASGIApp, services: Services, *, page: bool = False) -> None:
        """Wrap `app`. `page`: it serves static files for people, without keys and rate limits."""
        self._app, self._services, self._page = app, services, page
        policy = _PAGE_POLICY.format(sheet=style_source()).encode()
        self._headers = (*_SECURITY, (_POLICY, policy)) if page else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or pass on the lifespan."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        metrics = self._services.metrics
        metrics.enter()
        response = _Response(send, headers=self._headers, count=partial(self._count, scope))
        try:
            if not self._page:
                self._admit(scope)
            await self._app(scope, receive, response)
        except (Refused, ModelNotReady) as error:
            await self._refuse(refusal_of(error), scope, receive, response)
        except Exception:
            _log.exception("request failed", extra={"fields": {"endpoint": endpoint(scope["path"])}})
            if response.status:
                raise
            refused = Refused("internal-error", "The request failed and the error was logged.")
            await self._refuse(refused, scope, receive, response)
        finally:
            metrics.leave()
            if not response.status:
                self._count(scope, 499)

    def _count(self, scope: Scope, status: int) -> None:
        self._services.metrics.count_request(scope["method"], endpoint(scope["path"]), status)

    async def _refuse(self, refused: Refused, scope: Scope, receive: Receive, response: "_Response") -> None:
        self._services.metrics.count_error(refused.kind.name)
        await problem_response(refused)(scope, receive, response)

    def _admit(self, scope: Scope) -> None:
        """Raise `Refused`: 401 without a valid key if one is required, 429 beyond the rate limit."""
        services = self._services
        if scope["path"] in OPEN:
            return
        key = None
        if services.keys.required:
            headers = Headers(scope=scope)
            key = services.keys.check(headers.get("x-api-key") or headers.get("authorization"))
            if key is None:
                text = "Send a key as X-API-Key or as Authorization: Bearer; `migraine keys create` makes one."
                raise Refused("unauthorized", text, headers={"WWW-Authenticate": "Bearer"})
            scope["owner"] = services.keys.name_of(key)
        if services.limiter.active:
            trust = services.settings.trust_forwarded
            if wait := services.limiter.allow(key or client_network(scope, trust_forwarded=trust)):
                raise rate_limited(wait)


class _Response:
    """A `send` that adds the security headers and remembers the status. A policy of the response itself stays.

    A response is counted before it is sent. A replica that is killed in between may have counted a response that nobody
    received, but never sends one that is not counted.
    """

    def __init__(self, send: Send, *, headers: Iterable[tuple[bytes, bytes]], count: Callable[[int], None]) -> None:
        self._send, self._headers, self._count, self.status = send, headers, count, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._count(self.status)
            own = message.get("headers", ())
            headers = self._headers
            if any(name == _POLICY for name, _ in own):
                headers = tuple(header for header in headers if header[0] != _POLICY)
            message["headers"] = [*own, *headers]
        await self._send(message)
