"""Bodies with other names or spellings than the contract's: the aliases that are accepted in files are accepted here.

A body in the contract's own names never reaches this module: aliases are looked up only after the strict decoder has
refused. Not here: the aliases (`migraine_assets.core.diary.aliases`), the strict decoder (`serving.input.decoding`),
rules between values (`serving.input.cases`).
"""

import datetime as dt
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from migraine_assets.core.contract import Field
from migraine_assets.core.diary.aliases import ALIASES, SPELLINGS, Alias, canonical
from serving.contract.problems import FieldProblem, Refused, invalid, invalid_fields
from serving.contract.requests import DEFAULT, RequestSchema
from serving.contract.responses import Interpreted
from serving.input.cases import Case, case_of
from serving.input.decoding import decode, decode_predict, unique
from serving.input.field_errors import shown

T = TypeVar("T")
_BY_SPELLING = {canonical(alias.name): alias for alias in ALIASES}


class Reading(msgspec.Struct, frozen=True):
    """A body in the names of the contract. `original_names`: the name in the request by contract field."""

    body: bytes
    interpreted: tuple[Interpreted, ...]
    original_names: dict[str, str]

    def in_original_names(self, refused: Refused) -> Refused:
        """Return the same error with the names that the request uses."""
        if not refused.errors:
            return refused
        return invalid_fields(tuple(self._renamed(error) for error in refused.errors))

    def _renamed(self, error: FieldProblem) -> FieldProblem:
        parent, _, leaf = error.path.rpartition(".")
        return FieldProblem(f"{parent}.{self.original_names.get(leaf, leaf)}", error.reason, error.accepted)


def read_case(body: bytes, *, now: dt.datetime, schema: RequestSchema = DEFAULT) -> Case:
    """Return the case of a body of `/predict`, in the contract's names or in aliases. Raises `Refused`."""

    def strict(names_of_contract: bytes) -> Case:
        # The bytes that were sent identify a request without a participant.
        return case_of(decode_predict(names_of_contract, schema), now=now, body=body, schema=schema)

    try:
        return strict(body)
    except Refused as refused:
        case, interpreted = _retried(strict, body, refused, _known_of_predict, schema)
    return replace(case, interpreted=interpreted)


def read_sheet_case(body: bytes, *, now: dt.datetime, schema: RequestSchema = DEFAULT) -> Case:
    """Return the case of a body of `/sheet`, in the contract's names or in aliases. Raises `Refused`."""
    request, _ = read_renamed(body, schema.SheetRequest, schema)
    return case_of(request, now=now, schema=schema)


def read_feedback(body: bytes, schema: RequestSchema = DEFAULT) -> tuple[Any, tuple[Interpreted, ...]]:
    """Decode a body of `/feedback`: the `FeedbackRequest` and the aliases that it used. Raises `Refused` if invalid."""
    return read_renamed(body, schema.FeedbackRequest, schema)


def read_renamed(body: bytes, kind: Any, schema: RequestSchema = DEFAULT) -> tuple[Any, tuple[Interpreted, ...]]:
    """Decode a body as `kind`, a type of `schema`, and the aliases that it used. Raises `Refused` if invalid."""

    def strict(names_of_contract: bytes) -> Any:
        return decode(names_of_contract, kind, schema)

    try:
        return strict(body), ()
    except Refused as refused:
        return _retried(strict, body, refused, lambda *_: kind.__struct_fields__, schema)


Known = Callable[[Mapping[str, Any], RequestSchema], Collection[str]]


def _retried(
    strict: Callable[[bytes], T], body: bytes, refused: Refused, known: Known, schema: RequestSchema
) -> tuple[T, tuple[Interpreted, ...]]:
    """Read the body again in the names of the contract. Raises `refused` if it has no alias."""
    reading = _interpret(body, known, schema) if refused.kind.name == "invalid-request" else None
    if reading is None:
        raise refused
    try:
        return strict(reading.body), reading.interpreted
    except Refused as again:
        raise reading.in_original_names(again) from None


def _known_of_predict(content: Mapping[str, Any], schema: RequestSchema) -> Collection[str]:
    kind = schema.DiaryRequest if "entries" in content else schema.DayRequest
    fields: tuple[str, ...] = kind.__struct_fields__
    return fields


def _interpret(body: bytes, known: Known, schema: RequestSchema) -> Reading | None:
    """Translate `body` to the names of the contract. Returns None if it has no alias or is not an object."""
    try:
        content = json.loads(body, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    taken: dict[Interpreted, None] = {}
    _rename(content, "$", known(content, schema), schema, taken)
    entries = content.get("entries")
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            _rename(entry, f"$.entries[{position}]", schema.Entry.__struct_fields__, schema, taken)
    if not taken:
        return None
    return Reading(json.dumps(content).encode(), tuple(taken), {one.field: one.given for one in taken})


def _rename(
    content: dict[str, Any], path: str, known: Collection[str], schema: RequestSchema, taken: dict[Interpreted, None]
) -> None:
    """Rename aliases in `content` and recode their values. Raises `Refused` if two names mean one field."""
    for name in list(content):
        alias = None if name in known else _alias(name, schema)
        target = name if name in known else alias.field if alias else ""
        if target not in known:
            continue
        if alias and target in content:
            raise invalid(f"{path}.{shown(name)}", f"names the same field as {target}", f"{target} alone")
        value = content.pop(name) if alias else content[name]
        field = schema.contract.by_name.get(target)
        code = _code(value, field, alias) if field else None
        content[target] = value if code is None else code
        if alias or code is not None:
            taken[Interpreted(shown(name), target, code)] = None


def _alias(name: str, schema: RequestSchema) -> Alias | None:
    """Return the alias with this name, or one for another spelling of a field's own name, such as sleepHours."""
    spelling = canonical(name)
    own = next((field for field in schema.contract.by_name if canonical(field) == spelling), None)
    return Alias(name, own) if own else _BY_SPELLING.get(spelling)


def _code(value: object, field: Field, alias: Alias | None) -> str | None:
    """Return the category that `value` is another spelling of, or None."""
    if not field.categories or isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = (value if isinstance(value, str) else f"{value:.15g}").strip()
    code = dict(alias.recode if alias else ()).get(text) or SPELLINGS.get(field.name, {}).get(text.casefold())
    return code if code in field.categories and code != value else None
