"""What every request passes, whatever it asks: key, rate limit, headers, counts, and the last refuge of an error.

Plain ASGI, since this runs for each request. Not here: bodies (`bodies`), answers (`handlers`).
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.bodies import problem_answer
from serving.contract.problems import Refused
from serving.services import Services

_log = logging.getLogger(__name__)

# Open to probes and scrapers without a key, and never limited.
OPEN = frozenset({"/health", "/ready", "/metrics", "/v2/health/live", "/v2/health/ready"})
DOCUMENTS = frozenset({"/docs", "/openapi.json"})

_MODEL = re.compile(r"/v2/models/[^/]+")
_KNOWN = frozenset({"/predict", "/predict/batch", "/feedback", "/models", "/v2", *OPEN, *DOCUMENTS})
_OF_MODEL = frozenset({"", "/ready", "/infer"})

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# The page of /docs loads its script and style from the address that FastAPI names.
_PAGE_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; frame-ancestors 'none'; connect-src 'self'; img-src data: https://fastapi.tiangolo.com; "
    b"script-src 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'unsafe-inline' https://cdn.jsdelivr.net",
)


def endpoint(path: str) -> str:
    """The template of a path, for counting: never the path as sent."""
    if path in _KNOWN:
        return path
    match = _MODEL.match(path)
    rest = path[match.end() :] if match else ""
    return f"/v2/models/{{name}}{rest}" if match and rest in _OF_MODEL else "other"


class Gate:
    """The application behind its door. `straight`: applications for a method and a path, asked instead of `app`."""

    def __init__(
        self, app: ASGIApp, services: Services, *, straight: Mapping[tuple[str, str], ASGIApp] | None = None
    ) -> None:
        self._app, self._services, self._straight = app, services, straight or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the lifespan."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, page=scope["path"] == "/docs", counted=partial(self._count, scope))
        try:
            self._admit(scope)
            inside = self._straight.get((scope["method"], scope["path"]), self._app)
            await inside(scope, receive, answer)
        except Refused as refused:
            await self._refuse(refused, scope, receive, answer)
        except Exception:
            _log.exception("request failed", extra={"fields": {"endpoint": endpoint(scope["path"])}})
            if answer.status:
                raise
            await self._refuse(Refused("internal-error", "The request failed and was logged."), scope, receive, answer)
        finally:
            if not answer.status:
                self._count(scope, 499)

    def _count(self, scope: Scope, status: int) -> None:
        self._services.metrics.count_request(scope["method"], endpoint(scope["path"]), status)

    async def _refuse(self, refused: Refused, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        self._services.metrics.count_error(refused.kind.name)
        await problem_answer(refused)(scope, receive, answer)

    def _admit(self, scope: Scope) -> None:
        """Raises `Refused`: 401 without a valid key where one is required, 429 beyond the rate."""
        services, path = self._services, scope["path"]
        if path in OPEN or (path in DOCUMENTS and services.settings.docs):
            return
        key = None
        if services.keys.required:
            headers = Headers(scope=scope)
            key = services.keys.check(headers.get("x-api-key") or headers.get("authorization"))
            if key is None:
                text = "Send a key in the header X-API-Key or as Authorization: Bearer; `migraine keys` makes them."
                raise Refused("unauthorized", text, headers={"WWW-Authenticate": "Bearer"})
        wait = services.limiter.allow(key or self._address(scope))
        if wait:
            seconds = str(max(1, round(wait + 0.5)))
            raise Refused("rate-limited", f"Try again in {seconds} s.", headers={"Retry-After": seconds})

    def _address(self, scope: Scope) -> str:
        if self._services.settings.trust_forwarded:
            forwarded = Headers(scope=scope).get("x-forwarded-for", "").rpartition(",")[2].strip()
            if forwarded:
                return forwarded
        client: Iterable[str] = scope.get("client") or ("unknown",)
        return next(iter(client))


class _Answer:
    """`send` that adds the security headers, which no endpoint sets, and remembers the status.

    An answer is counted before it is sent: a replica that is killed in between has counted one that nobody got, and
    never given one that is not counted.
    """

    def __init__(self, send: Send, *, page: bool, counted: Callable[[int], None]) -> None:
        self._send, self._page, self._counted, self.status = send, page, counted, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._counted(self.status)
            headers = message.get("headers", ())
            message["headers"] = [*headers, *_HEADERS, _PAGE_POLICY if self._page else _POLICY]
        await self._send(message)
