"""Pages for people: `/`, `/staff` and `/docs`, and their static files.

Files are read at their first request, cached with their compressed form, and revalidated by ETag. Not here: the files
(`serving/page`; Swagger UI: the package `fastapi_offline`), security headers (`serving.api.middleware`), the JSON at
`/` (`serving.api.status`).
"""

import asyncio
import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from serving.settings import ServingSettings

# Browsers revalidate every file, so that old and new scripts are never mixed after an upgrade.
_CACHE = "no-cache"
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_SWAGGER = ("swagger-ui-bundle.js", "swagger-ui.css")

Page = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class StaticFile:
    """The content of a file, plain and compressed."""

    content: bytes
    compressed: bytes
    etag: str
    media_type: str


def pages(settings: ServingSettings) -> Mapping[str, Page]:
    """Return the handler of GET for each path of a page or of one of its files."""
    folder = Path(str(files("serving") / "page"))
    paths: dict[str, Path] = {}
    if settings.page:
        paths |= {"/": folder / "index.html", "/staff": folder / "staff.html", "/sw.js": folder / "sw.js"}
    if settings.docs:
        swagger = _swagger()
        paths |= {"/docs": folder / "docs.html"} | {f"/docs/{name}": swagger / name for name in _SWAGGER}
    if paths:
        paths |= {f"/page/{path.name}": path for path in folder.iterdir() if path.suffix in _MEDIA_TYPES}
    return {address: partial(_send, path) for address, path in paths.items()}


def for_a_browser(scope: Scope) -> bool:
    """Return whether the client accepts HTML."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


@lru_cache(maxsize=128)
def read_file(path: Path) -> StaticFile:
    """Read the file at `path`. Raises `OSError`."""
    content = path.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return StaticFile(content, gzip.compress(content, 9, mtime=0), etag, _MEDIA_TYPES[path.suffix])


def _swagger() -> Path:
    """Return the folder of Swagger UI. Its package is not imported, since it imports FastAPI."""
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("The package fastapi-offline, which has the files of Swagger UI, is not installed.")
    return Path(spec.origin).parent / "static"


async def _send(path: Path, request: Request) -> Response:
    # In a thread, because the first request takes long: compressing Swagger UI takes 0.1 s.
    file = await asyncio.to_thread(read_file, path)
    headers = {"etag": file.etag, "cache-control": _CACHE, "vary": "accept, accept-encoding"}
    if file.etag in request.headers.get("if-none-match", "").replace("W/", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        # The compressed content is another representation, so its tag is a weak one.
        headers |= {"content-encoding": "gzip", "etag": f"W/{file.etag}"}
        return Response(file.compressed, headers=headers, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)
