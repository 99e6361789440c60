"""Reading request bodies within their limits, and writing responses.

Not here: what a body means (`serving.input`), which requests are admitted (`serving.api.middleware`).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from migraine_assets.prediction.model_set import ModelNotReady
from serving.contract.problems import MEDIA_TYPE, Refused
from serving.input.tensors import whole_number
from serving.jobs import MemoryLease, client_left

JSON = "application/json"
# Answering a larger JSON body takes so long that other requests should not wait for it.
LONG_BODY_BYTES = 16 << 10

_encode = msgspec.json.Encoder().encode


def media_type(request: Request) -> str:
    """Return the media type of the body in lower case, without parameters. It is empty if the request names none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_json(request: Request, *, most: int, seconds: float, lease: MemoryLease | None = None) -> bytes:
    """Read the body of a request whose headers declare JSON in UTF-8.

    Raises `Refused`: 415 for another media type, and as `read_raw` does.
    """
    content_type = request.headers.get("content-type", "")
    if content_type != JSON:
        charset = content_type.lower().partition("charset=")[2].strip(' "').partition(";")[0] or "utf-8"
        if media_type(request) != JSON or charset not in ("utf-8", "utf8", "us-ascii"):
            raise Refused("unsupported-media-type", f"Send the header Content-Type: {JSON}, in UTF-8.")
    return await read_raw(request, most=most, seconds=seconds, lease=lease)


async def read_raw(request: Request, *, most: int, seconds: float, lease: MemoryLease | None = None) -> bytes:
    """Read the body of a request of any media type.

    Raises `Refused`: 415 if it is compressed (its size is unknown until it is unpacked), 413 beyond `most` bytes, 408
    if it takes longer than `seconds`, and with `lease` 503 if other bodies take the memory.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused("unsupported-media-type", "Send the body uncompressed, without Content-Encoding.")
    length = request.headers.get("content-length", "")
    if (declared := whole_number(length)) is not None and declared > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, most, lease)
    except TimeoutError:
        raise Refused("timeout", f"The body did not arrive within {seconds:g} s.") from None
    except ClientDisconnect:
        raise client_left() from None


async def _read(request: Request, most: int, lease: MemoryLease | None) -> bytes:
    # Not `request.stream()`, whose generator takes a noticeable share of a small request.
    receive, parts, size = request.receive, [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(most)
        if lease is not None:
            lease.add(len(part))
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(most: int) -> Refused:
    return Refused("too-large", f"At most {most} bytes are accepted here. Split the request.")


def json_response(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with `content` (structs, plain values) as JSON."""
    return Response(_encode(content), status, headers, JSON)


def problem_response(refused: Refused) -> Response:
    """Return the response to a refused request: problem details, RFC 9457."""
    return Response(_encode(refused.problem), refused.http_status, refused.headers, MEDIA_TYPE)


def refusal_of(error: Refused | ModelNotReady) -> Refused:
    """Return the problem that the client gets for `error`."""
    if isinstance(error, ModelNotReady):
        return Refused("not-ready", str(error), headers={"Retry-After": "5"})
    return error
