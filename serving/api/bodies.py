"""Reading a request's body with its limits, and writing answers.

Not here: what a body means (`decoding`, `tables`, `tensors`).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from serving.contract.problems import MEDIA_TYPE, Refused

JSON = "application/json"
_encode = msgspec.json.Encoder().encode


def media_type(request: Request) -> str:
    """The media type of the body, without parameters, in small letters; empty where it is not said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_json(request: Request) -> None:
    """Raises `Refused` (415) for a body that does not say that it is JSON, in UTF-8 and uncompressed."""
    kind = request.headers.get("content-type", "")
    if kind != JSON:
        charset = kind.lower().partition("charset=")[2].strip(' "').partition(";")[0] or "utf-8"
        if media_type(request) != JSON or charset not in ("utf-8", "utf8", "us-ascii"):
            raise Refused("unsupported-media-type", f"Send the header Content-Type: {JSON}, in UTF-8.")
    require_plain(request)


def require_plain(request: Request) -> None:
    """Raises `Refused` (415) for a compressed body: its size cannot be known before it is unpacked."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused("unsupported-media-type", "Send the body uncompressed, without Content-Encoding.")


async def read_body(request: Request, *, most: int, seconds: float) -> bytes:
    """The whole body. Raises `Refused`: 413 beyond `most` bytes, 408 where it takes more than `seconds`."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, most)
    except TimeoutError:
        raise Refused("timeout", f"The body did not arrive within {seconds:g} s.") from None
    except ClientDisconnect:
        raise Refused("bad-request", "The client went away.") from None


async def _read(request: Request, most: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return b"".join(parts)


def _too_large(most: int) -> Refused:
    return Refused("too-large", f"At most {most} bytes are accepted here. Split the request.")


def json_answer(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`content` (structs, plain values) as JSON."""
    return Response(_encode(content), status, headers, JSON)


def problem_answer(refused: Refused) -> Response:
    """The problem as the body of an error."""
    return Response(_encode(refused.problem), refused.http_status, refused.headers, MEDIA_TYPE)
