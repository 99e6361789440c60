"""Request bodies: msgspec structs with their bounds, generated from the diary contract, and their decoders.

Not here: decoding and explaining errors (`serving.input.decoding`), turning entries into arrays
(`serving.input.cases`), responses (`serving.contract.responses`). No bound of the contract is repeated here.
"""

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec

from migraine_assets.core import contract
from migraine_assets.core.contract import LARGEST, Field

ENTRIES = 90
PARTICIPANTS = 1000

# A pseudonym, without characters that have a meaning in a shell, in SQL or in HTML.
PARTICIPANT = "^[A-Za-z0-9._:@+=-]{1,64}$"
PARTICIPANT_ACCEPTED = "1 to 64 letters (A-Z, a-z), digits and . _ : @ + = -"

NUMERIC: tuple[str, ...] = tuple(field.name for field in contract.FIELDS if field.kind in ("number", "flag"))
CATEGORIES: tuple[str, ...] = tuple(field.name for field in contract.FIELDS if field.kind == "category")
STATIC: tuple[str, ...] = contract.names("static")
FLAGS: tuple[str, ...] = tuple(field.name for field in contract.FIELDS if field.kind == "flag")

Participant = Annotated[str, msgspec.Meta(pattern=PARTICIPANT)]


def value_type(field: Field) -> Any:
    """The values that `field` accepts, as a type that msgspec checks while decoding."""
    if field.kind == "category":
        return Literal[field.categories] | None
    if field.kind == "date":
        return dt.date
    high = LARGEST if field.high is None else field.high
    low = -LARGEST if field.low is None else field.low
    if field.kind == "flag":
        return Annotated[float, msgspec.Meta(ge=low, le=high, multiple_of=1)] | bool | None
    return Annotated[float, msgspec.Meta(ge=low, le=high)] | None


def _optional(names: tuple[str, ...]) -> list[tuple[str, Any, Any]]:
    return [(name, value_type(contract.BY_NAME[name]), None) for name in names]


def _struct(name: str, fields: list[Any]) -> Any:
    # Decoded bodies hold no cycles, so the garbage collector need not track them.
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, gc=False, module=__name__)


# The numbers come last, in contract order: one slice of `astuple(entry)` holds all of them.
Entry: Any = _struct("Entry", [("date", dt.date), *_optional(CATEGORIES), *_optional(NUMERIC)])
FIRST_NUMBER = 1 + len(CATEGORIES)

DiaryRequest: Any = _struct(
    "DiaryRequest",
    [
        ("entries", Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=ENTRIES)]),
        ("participant_id", Participant | None, None),
        *_optional(STATIC),
        ("explain", bool, False),
    ],
)
DayRequest: Any = _struct(
    "DayRequest",
    [
        ("date", dt.date | None, None),
        *_optional(CATEGORIES),
        *_optional(NUMERIC),
        ("participant_id", Participant | None, None),
        ("explain", bool, False),
    ],
)


class BatchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Many participants. Each item is a body of `/predict`, decoded separately so that it can fail separately."""

    items: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=PARTICIPANTS)]


class DayBatch(msgspec.Struct, forbid_unknown_fields=True):
    """The usual large batch, decoded at once: every item is one day without history."""

    items: Annotated[list[DayRequest], msgspec.Meta(min_length=1, max_length=PARTICIPANTS)]


class FeedbackRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The outcome of a predicted day."""

    prediction_id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    migraine_occurrence: Annotated[float, msgspec.Meta(ge=0, le=1, multiple_of=1)] | bool
    migraine_severity: value_type(contract.BY_NAME[contract.SEVERITY]) = None  # type: ignore[valid-type]


# At module level, because Ray cannot serialize a deployment that closes over a decoder.
DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (DiaryRequest, DayRequest, BatchRequest, DayBatch, FeedbackRequest)
}

_OTHER = {
    "participant_id": PARTICIPANT_ACCEPTED,
    "prediction_id": "the prediction_id of an earlier response",
    "date": "a date as YYYY-MM-DD, not in the future",
    "explain": "true or false",
    "entries": f"a list of 1 to {ENTRIES} days, oldest first, each an object with a date",
    "items": f"a list of 1 to {PARTICIPANTS} bodies of /predict",
}


def accepted(name: str) -> str:
    """The accepted values of the field `name`, in words."""
    if name in _OTHER:
        return _OTHER[name]
    field = contract.BY_NAME.get(name)
    if field is None:
        return "an object as described in /openapi.json"
    if field.kind == "category":
        return f"{', '.join(field.categories)} or null"
    return "0, 1, true, false or null" if field.kind == "flag" else _range(field)


def _range(field: Field) -> str:
    low, high = field.low, field.high
    if high is None:
        return f"a number from {low:g} or null"
    unit = f" {field.unit}" if field.unit and not any(letter.isdigit() for letter in field.unit) else ""
    return f"a number from {low:g} to {high:g}{unit} or null"
