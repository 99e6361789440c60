"""Request bodies: msgspec structs with their bounds, generated from a diary contract, and their decoders.

The served models decide which contract that is (`serving.model.watcher.ServedModels.requests`). No bound of the
contract is repeated here. Not here: decoding and explaining errors (`serving.input.decoding`), turning entries into
arrays (`serving.input.cases`), responses (`serving.contract.responses`).
"""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec

from migraine_assets.core.contract import CONTRACT, LARGEST, SEVERITY, Contract, Field
from migraine_assets.prediction.histories import row_layout
from serving.contract.responses import Interpreted

ENTRIES = 90
# A sheet covers up to half a year, with the rest of its first month and the look-back of its first forecast.
SHEET_ENTRIES = 366
PARTICIPANTS = 1000

# A pseudonym, without characters that have a meaning in a shell, in SQL or in HTML.
PARTICIPANT = "^[A-Za-z0-9._:@+=-]{1,64}$"
PARTICIPANT_ACCEPTED = "1 to 64 letters (A-Z, a-z), digits and . _ : @ + = -"

Participant = Annotated[str, msgspec.Meta(pattern=PARTICIPANT)]

_OTHER = {
    "participant_id": PARTICIPANT_ACCEPTED,
    "prediction_id": "the prediction_id of an earlier response",
    "date": "a date as YYYY-MM-DD, not in the future",
    "explain": "true or false",
    "entries": f"a list of 1 to {ENTRIES} days ({SHEET_ENTRIES} for a sheet), oldest first, each an object with a date",
    "items": f"a list of 1 to {PARTICIPANTS} bodies of /predict",
}


class BatchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Many participants. Each item is a body of `/predict`, decoded separately so that it can fail separately."""

    items: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=PARTICIPANTS)]


class RequestSchema:
    """The request bodies for one diary contract, and the rows of the array that their entries become.

    `numeric`: numbers and flags, in contract order. `encodings`: the number of each value of an encoded category.
    `columns`: the diary columns of the array, numbers first, then encoded categories; `fields`: the contract field of
    each, and `index`: the row of each; `of_field`: row and encoding (None: a number) of each contract field.

    Struct types: `Entry`, `DiaryRequest`, `SheetRequest`, `DayRequest`, `DayBatch` and `FeedbackRequest`; of kept
    diaries the requests `DayChange` and `ProfileChange` and the responses `KeptDay`, `KeptDays`, `KeptProfile` and
    `KeptDiary`. In an entry the numbers come last, from `first_number` on: one slice of it as a tuple.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.numeric = tuple(field.name for field in contract.of_kind("number", "flag"))
        self.categories = tuple(field.name for field in contract.of_kind("category"))
        self.static = contract.names("static")
        encoded = [field for field in contract.of_kind("category") if field.encoding]
        self.encodings = {field.name: dict(field.encoding.numbers) for field in encoded if field.encoding}
        layout = row_layout(contract)
        self.columns, self.fields = layout.columns, layout.fields
        self.index = {column: row for row, column in enumerate(self.columns)}
        self.of_field: dict[str, tuple[int, dict[str, float] | None]] = {
            field: (row, self.encodings.get(field)) for row, field in enumerate(self.fields)
        }
        self.first_number = 1 + len(self.categories)
        self._define_types()

    def _define_types(self) -> None:
        values = [*self._optional(self.categories), *self._optional(self.numeric)]
        identity = [("participant_id", Participant | None, None)]
        self.Entry: Any = _struct("Entry", [("date", dt.date), *values])
        entries = Annotated[list[self.Entry], msgspec.Meta(min_length=1, max_length=ENTRIES)]  # type: ignore[name-defined]
        static = self._optional(self.static)
        self.DiaryRequest: Any = _struct(
            "DiaryRequest", [("entries", entries), *identity, *static, ("explain", bool, False)]
        )
        year = Annotated[list[self.Entry], msgspec.Meta(min_length=1, max_length=SHEET_ENTRIES)]  # type: ignore[name-defined]
        self.SheetRequest: Any = _struct("SheetRequest", [("entries", year), *identity, *static])
        self.DayRequest: Any = _struct(
            "DayRequest", [("date", dt.date | None, None), *values, *identity, ("explain", bool, False)]
        )
        # The usual large batch, decoded at once: every item is one day without history.
        days = Annotated[list[self.DayRequest], msgspec.Meta(min_length=1, max_length=PARTICIPANTS)]  # type: ignore[name-defined]
        self.DayBatch: Any = _struct("DayBatch", [("items", days)])
        # The outcome of a predicted day.
        self.FeedbackRequest: Any = _struct(
            "FeedbackRequest",
            [
                ("prediction_id", Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]),
                ("migraine_occurrence", Annotated[float, msgspec.Meta(ge=0, le=1, multiple_of=1)] | bool),
                *self._optional([SEVERITY]),
            ],
        )
        self._define_kept_types(values)
        kinds = (
            self.DiaryRequest, self.SheetRequest, self.DayRequest, BatchRequest, self.DayBatch, self.FeedbackRequest,
            self.DayChange, self.ProfileChange,
        )  # fmt: skip
        self.decoders: dict[Any, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(kind) for kind in kinds}

    def _define_kept_types(self, values: list[tuple[str, Any, Any]]) -> None:
        """Define the types of kept diaries. An omitted field keeps its value, and a null erases it."""
        date = ("date", dt.date | msgspec.UnsetType, msgspec.UNSET)
        changes = [(name, kind | msgspec.UnsetType, msgspec.UNSET) for name, kind, _ in values]
        profile = [change for change in changes if change[0] in self.static]
        interpreted = ("interpreted", list[Interpreted] | msgspec.UnsetType, msgspec.UNSET)
        self.DayChange: Any = _struct("DayChange", [date, *changes])
        self.ProfileChange: Any = _struct("ProfileChange", profile)
        self.KeptDay: Any = _struct("KeptDay", [("date", dt.date), *changes, interpreted])
        self.KeptDays: Any = _struct("KeptDays", [("entries", list[self.KeptDay])])  # type: ignore[name-defined]
        self.KeptProfile: Any = _struct("KeptProfile", [("participant_id", Participant), *profile, interpreted])
        self.KeptDiary: Any = _struct(
            "KeptDiary",
            [("participant_id", Participant), ("entries", list[self.KeptDay]), *profile],  # type: ignore[name-defined]
        )

    def _optional(self, names: Iterable[str]) -> list[tuple[str, Any, Any]]:
        return [(name, value_type(self.contract.by_name[name]), None) for name in names]

    def accepted(self, name: str) -> str:
        """Return the accepted values of the field `name`, in words."""
        if name in _OTHER:
            return _OTHER[name]
        field = self.contract.by_name.get(name)
        if field is None:
            return "an object as described in /openapi.json"
        if field.kind == "category":
            return f"{', '.join(field.categories)} or null"
        return "0, 1, true, false or null" if field.kind == "flag" else _range(field)


@lru_cache(maxsize=16)
def request_schema(contract: Contract) -> RequestSchema:
    """Return the request bodies for `contract`. They are built once."""
    return RequestSchema(contract)


def value_type(field: Field) -> Any:
    """Return the type of the values that `field` accepts, which msgspec checks while decoding."""
    if field.kind == "category":
        return Literal[field.categories] | None
    if field.kind == "date":
        return dt.date
    high = LARGEST if field.high is None else field.high
    low = -LARGEST if field.low is None else field.low
    if field.kind == "flag":
        return Annotated[float, msgspec.Meta(ge=low, le=high, multiple_of=1)] | bool | None
    return Annotated[float, msgspec.Meta(ge=low, le=high)] | None


def _struct(name: str, fields: list[Any]) -> Any:
    # Decoded bodies hold no cycles, so the garbage collector need not track them.
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, gc=False, module=__name__)


def _range(field: Field) -> str:
    low, high = field.low, field.high
    if high is None:
        return "a number or null" if low is None else f"a number from {low:g} or null"
    unit = f" {field.unit}" if field.unit and not any(letter.isdigit() for letter in field.unit) else ""
    if low is None:
        return f"a number up to {high:g}{unit} or null"
    return f"a number from {low:g} to {high:g}{unit} or null"


# The schema of the contract of the source, used until a model is loaded. A module-level value, because Ray cannot
# serialize a deployment that closes over a decoder.
DEFAULT = request_schema(CONTRACT)
