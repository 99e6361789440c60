"""Decode a JSON body into a typed request, or explain what is wrong with it.

Here belong the pitfalls of JSON (invalid JSON, duplicate keys, NaN, huge numbers). Not here: the content of a body
(`serving.contract.requests`), its invalid fields (`serving.input.field_errors`), aliases (`serving.input.aliases`),
rules between values (`serving.input.cases`).
"""

import json
import re
from typing import Any

import msgspec
import orjson

from serving.contract.problems import Refused
from serving.contract.requests import DEFAULT, BatchRequest, RequestSchema
from serving.input.field_errors import field_errors, shown

# Larger bodies are not parsed a second time to name what is wrong with them.
EXPLAINED_BYTES = 1 << 20
NOT_STRICT = (Refused, msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(body: bytes, kind: Any, schema: RequestSchema = DEFAULT) -> Any:
    """Decode `body` as a struct of `kind`, a type of `schema`.

    Raises `Refused`: 400 for invalid JSON, 422 for invalid content.
    """
    try:
        return strict(body, kind, schema)
    except msgspec.ValidationError as error:
        if len(body) > EXPLAINED_BYTES:
            raise Refused("invalid-request", "The body is not an object as described in /openapi.json.") from None
        try:
            raise field_errors(body, str(error), kind, schema) from None
        except RecursionError as deep:
            raise _not_json(body, deep) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(body, error) from None


def strict(body: bytes, kind: Any, schema: RequestSchema) -> Any:
    """Decode `body` as a struct of `kind`. Raises one of `NOT_STRICT`."""
    request = schema.decoders[kind].decode(body)
    _refuse_duplicates(body, request)
    return request


def decode_predict(body: bytes, schema: RequestSchema = DEFAULT) -> Any:
    """Decode a body of `/predict`: a `DiaryRequest`, or a `DayRequest` for one day without history."""
    kind = schema.DiaryRequest if b'"entries"' in body else schema.DayRequest
    try:
        return decode(body, kind, schema)
    except Refused as refused:
        # The word may occur elsewhere, or the key may be escaped, so the parsed body decides.
        other = _request_type(body, schema)
        if other is None or other is kind:
            raise refused
    return decode(body, other, schema)


def _request_type(body: bytes, schema: RequestSchema) -> Any:
    try:
        content = orjson.loads(body)
    except ValueError:
        return None
    return (schema.DiaryRequest if "entries" in content else schema.DayRequest) if isinstance(content, dict) else None


def _refuse_duplicates(body: bytes, request: Any) -> None:
    """Raise `Refused` for an object that has a key twice.

    A fast test comes first: without duplicates, and without colons inside strings, a body has as many colons as keys.
    If the numbers differ, or escapes could hide colons, the slow exact check decides.
    """
    if type(request) is BatchRequest:
        if body.count(b":") != 1 + sum(bytes(item).count(b":") for item in request.items):
            raise _duplicate("items")
        return
    if b"\\" not in body and body.count(b":") == _keys(orjson.loads(body)):
        return
    try:
        json.loads(body, object_pairs_hook=unique)
    except _DuplicateKey as duplicate:
        raise _duplicate(str(duplicate)) from None


def _duplicate(name: str) -> Refused:
    return Refused("invalid-request", f"The key '{shown(name)}' occurs twice in one object. Give each key once.")


def _keys(body: dict[str, Any]) -> int:
    """Return the number of keys in an object of plain values and lists of flat objects, as every accepted body is."""
    return len(body) + sum(sum(map(len, value)) for value in body.values() if type(value) is list)


class _DuplicateKey(ValueError):
    pass


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of `pairs`, for `json.loads`. Raises `ValueError` for a key that occurs twice."""
    content = dict(pairs)
    if len(content) != len(pairs):
        seen: set[str] = set()
        raise _DuplicateKey(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return content


def _not_json(body: bytes, error: Exception) -> Refused:
    if not body.strip():
        return Refused("not-json", "The body is empty. Send a JSON object.")
    if isinstance(error, RecursionError):
        return Refused("not-json", "The body is nested too deeply. Send an object as described in /openapi.json.")
    if isinstance(error, UnicodeDecodeError):
        return Refused("not-json", "The body is not UTF-8 text. Send JSON in UTF-8.")
    match = re.search(r"\(byte \d+\)", str(error))
    position = f" {match[0]}" if match else ""
    return Refused("not-json", f"The body is not JSON{position}. JSON has no NaN, no Infinity and no comments.")
