"""Decode a JSON body into a typed request, or explain what is wrong with it.

Here belong the pitfalls of JSON (invalid JSON, duplicate keys, NaN, huge numbers) and the translation of msgspec's
messages. Not here: what a body may hold (`serving.contract.requests`), rules between its values
(`serving.input.cases`).
"""

import difflib
import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from serving.contract.problems import Refused, invalid
from serving.contract.requests import DEFAULT, BatchRequest, RequestSchema

_LONGEST_NAME = 60
_AT = re.compile(r" - at `(.*)`$", re.DOTALL)
_KINDS = {
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def decode(body: bytes, kind: Any, schema: RequestSchema = DEFAULT) -> Any:
    """Decode `body` as a struct of `kind`, a type of `schema`.

    Raises `Refused`: 400 for invalid JSON, 422 for invalid content.
    """
    try:
        request = schema.decoders[kind].decode(body)
    except msgspec.ValidationError as error:
        raise _explained(str(error), kind, schema) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_json(body, error) from None
    _refuse_duplicates(body, request)
    return request


def decode_predict(body: bytes, schema: RequestSchema = DEFAULT) -> Any:
    """Decode a body of `/predict`: a `DiaryRequest`, or a `DayRequest` for one day without history."""
    kind = schema.DiaryRequest if b'"entries"' in body else schema.DayRequest
    try:
        return decode(body, kind, schema)
    except Refused as refused:
        # The word may occur elsewhere, or the key may be escaped: the parsed body decides, not the bytes.
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

    A fast test first: without duplicates, and without colons inside strings, a body has as many colons as keys. Where
    the numbers differ, or escapes could hide colons, the slow exact check decides.
    """
    if type(request) is BatchRequest:
        if body.count(b":") != 1 + sum(bytes(item).count(b":") for item in request.items):
            raise _duplicate("items")
        return
    if b"\\" not in body and body.count(b":") == _keys(orjson.loads(body)):
        return
    try:
        json.loads(body, object_pairs_hook=_unique)
    except _DuplicateKey as duplicate:
        raise _duplicate(str(duplicate)) from None


def _duplicate(name: str) -> Refused:
    return Refused("invalid-request", f"The key '{shown(name)}' occurs twice in one object. Give each key once.")


def _keys(body: dict[str, Any]) -> int:
    """The number of keys in an object of plain values and lists of flat objects, as every accepted body is."""
    return len(body) + sum(sum(map(len, value)) for value in body.values() if type(value) is list)


class _DuplicateKey(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        seen: set[str] = set()
        raise _DuplicateKey(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return content


def shown(name: str) -> str:
    """`name`, which the client chose, shortened and without control characters, to be repeated in a message."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in name[:_LONGEST_NAME])
    return printable + ("..." if len(name) > _LONGEST_NAME else "")


def _not_json(body: bytes, error: Exception) -> Refused:
    if not body.strip():
        return Refused("not-json", "The body is empty. Send a JSON object.")
    if isinstance(error, UnicodeDecodeError):
        return Refused("not-json", "The body is not UTF-8 text. Send JSON in UTF-8.")
    match = re.search(r"\(byte \d+\)", str(error))
    position = f" {match[0]}" if match else ""
    return Refused("not-json", f"The body is not JSON{position}. JSON has no NaN, no Infinity and no comments.")


def _explained(message: str, kind: Any, schema: RequestSchema) -> Refused:
    """msgspec's message as a problem: path, reason, what is accepted. Values that it quotes are left out."""
    at = _AT.search(message)
    path, text = (at[1] if at else "$"), _AT.sub("", message)
    for pattern, explain in _MESSAGES:
        if match := re.match(pattern, text, re.DOTALL):
            return explain(path, match, kind, schema)
    return invalid(path, "cannot be accepted", schema.accepted(_leaf(path)))


def _leaf(path: str) -> str:
    return re.sub(r"\[[^\]]*\]$", "", path).rsplit(".", 1)[-1]


def _unknown(path: str, match: re.Match[str], kind: Any, schema: RequestSchema) -> Refused:
    name = match[1]
    known = schema.Entry.__struct_fields__ if "entries[" in path else kind.__struct_fields__
    near = difflib.get_close_matches(name[:_LONGEST_NAME], known, 1)
    hint = f"did you mean {near[0]}" if near else ", ".join(known)
    return invalid(f"{path}.{shown(name)}", "is not a field of this object", hint)


def _missing(path: str, match: re.Match[str], _: Any, schema: RequestSchema) -> Refused:
    return invalid(f"{path}.{match[1]}", "is missing", schema.accepted(match[1]))


def _wrong_type(path: str, match: re.Match[str], _: Any, schema: RequestSchema) -> Refused:
    return invalid(path, f"is {_KINDS.get(match[2], match[2])}", _accepted_type(path, match[1], schema))


def _accepted_type(path: str, types: str, schema: RequestSchema) -> str:
    if path == "$" or path.endswith("]"):
        return "an object as described in /openapi.json"
    return schema.accepted(_leaf(path)) if _leaf(path) else types


Explanation = Callable[[str, re.Match[str], Any, RequestSchema], Refused]


def _because(reason: str) -> Explanation:
    return lambda path, _, __, schema: invalid(path, reason, schema.accepted(_leaf(path)))


_MESSAGES: tuple[tuple[str, Explanation], ...] = (
    (r"Object contains unknown field `(.*)`", _unknown),
    (r"Object missing required field `(.*)`", _missing),
    (r"Expected `array` of length <=", _because("has too many items")),
    (r"Expected `array` of length >=", _because("is empty")),
    (r"Expected `(?:float|int)` (?:<=|<)", _because("is above the highest accepted value")),
    (r"Expected `(?:float|int)` (?:>=|>)", _because("is below the lowest accepted value")),
    (r"Expected `(?:float|int)` that's a multiple", _because("is neither 0 nor 1")),
    (r"Expected `str` matching regex", _because("does not have the accepted form")),
    (r"Expected `(.*)`, got `(.*)`", _wrong_type),
    (r"Invalid enum value", _because("is not one of the accepted values")),
    (r"Number out of range|Integer value out of range", _because("is too large a number")),
    (r"Invalid RFC3339", _because("is not a calendar date")),
)
