"""Every invalid field of a body that the decoder has refused, with the reason and what is accepted.

The decoder stops at the first error. Here each value is checked alone, and msgspec's messages are reworded without the
values that they quote. Not here: decoding (`serving.input.decoding`), the content of a body
(`serving.contract.requests`).
"""

import difflib
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import msgspec
import orjson

from serving.contract.problems import FieldProblem, Refused, invalid, invalid_fields
from serving.contract.requests import BatchRequest, RequestSchema

# Errors in one answer.
MOST = 20
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


def field_errors(body: bytes, message: str, kind: Any, schema: RequestSchema) -> Refused:
    """Return an error with the invalid fields of `body`, which msgspec refused as a `kind` with `message`."""
    errors = tuple(islice(_errors_of(body, kind, schema), MOST))
    return invalid_fields(errors) if errors else explained(message, kind, schema)


def _errors_of(body: bytes, kind: Any, schema: RequestSchema) -> Iterator[FieldProblem]:
    # The items of a batch are decoded and refused one by one.
    if kind in (BatchRequest, schema.DayBatch):
        return
    try:
        content = orjson.loads(body)
    except ValueError:
        return
    if isinstance(content, dict):
        yield from _object_errors(content, "$", kind, schema)


def _object_errors(content: dict[str, Any], path: str, kind: Any, schema: RequestSchema) -> Iterator[FieldProblem]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name, value in content.items():
        if name not in fields:
            yield from _unknown(path, name, kind, schema).errors
        elif message := _refusal(value, fields[name].type):
            inner = list(_entry_errors(value, f"{path}.{name}", schema)) if name == "entries" else []
            yield from inner or explained(message, kind, schema, path=f"{path}.{name}").errors
    for name, field in fields.items():
        if field.required and name not in content:
            yield from _missing(path, name, schema).errors


def _entry_errors(entries: object, path: str, schema: RequestSchema) -> Iterator[FieldProblem]:
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield from _object_errors(entry, f"{path}[{position}]", schema.Entry, schema)


def _refusal(value: object, kind: Any) -> str:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def explained(message: str, kind: Any, schema: RequestSchema, *, path: str = "$") -> Refused:
    """Translate msgspec's `message` about the value at `path` to a problem: path, reason, what is accepted."""
    at = _AT.search(message)
    path, text = (path + at[1].removeprefix("$") if at else path), _AT.sub("", message)
    if match := re.match(r"Object contains unknown field `(.*)`", text, re.DOTALL):
        return _unknown(path, match[1], schema.Entry if "entries[" in path else kind, schema)
    if match := re.match(r"Object missing required field `(.*)`", text, re.DOTALL):
        return _missing(path, match[1], schema)
    for pattern, explain in _MESSAGES:
        if match := re.match(pattern, text, re.DOTALL):
            return explain(path, match, schema)
    return invalid(path, "cannot be accepted", schema.accepted(_leaf(path)))


def shown(name: str) -> str:
    """Return `name`, which the client chose, as it may be shown: short and without control characters."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in name[:_LONGEST_NAME])
    return printable + ("..." if len(name) > _LONGEST_NAME else "")


def _leaf(path: str) -> str:
    return re.sub(r"\[[^\]]*\]$", "", path).rsplit(".", 1)[-1]


def _unknown(path: str, name: str, kind: Any, _: RequestSchema) -> Refused:
    known = kind.__struct_fields__
    near = difflib.get_close_matches(name[:_LONGEST_NAME], known, 1)
    hint = f"did you mean {near[0]}" if near else ", ".join(known)
    return invalid(f"{path}.{shown(name)}", "is not a field of this object", hint)


def _missing(path: str, name: str, schema: RequestSchema) -> Refused:
    return invalid(f"{path}.{name}", "is missing", schema.accepted(name))


def _wrong_type(path: str, match: re.Match[str], schema: RequestSchema) -> Refused:
    return invalid(path, f"is {_KINDS.get(match[2], match[2])}", _accepted_type(path, match[1], schema))


def _accepted_type(path: str, types: str, schema: RequestSchema) -> str:
    if path == "$" or path.endswith("]"):
        return "an object as described in /openapi.json"
    return schema.accepted(_leaf(path)) if _leaf(path) else types


Explanation = Callable[[str, re.Match[str], RequestSchema], Refused]


def _because(reason: str) -> Explanation:
    return lambda path, _, schema: invalid(path, reason, schema.accepted(_leaf(path)))


_MESSAGES: tuple[tuple[str, Explanation], ...] = (
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
