"""Custom fields: fields that a clinic records beyond the diary contract, declared in params.yaml.

    contract:
      fields:
        hrv: {kind: number, unit: ms, low: 0, high: 300, role: exposure, description: Heart rate variability.,
              features: [today, mean_7d, deviation]}

Not here: the fields of the project (`core.contract`), the features of custom fields (`core.features.table`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from migraine_assets.core.contract import PROVENANCE, Contract, Derived, Encoding, Field
from migraine_assets.errors import ConfigurationError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
# Names that other columns of frames, documents and requests have.
_RESERVED = frozenset({*PROVENANCE, "unreadable", "superseded", "reason", "target", "entries", "items", "interpreted"})


@dataclass(frozen=True)
class CustomField:
    """A declared field.

    `low` and `high` are inclusive bounds of a number, in `unit`. `categories` maps each category to its number.
    `features`: the features to compute; a static field can only have "today". An outcome describes the attack, so a
    prediction for the same day does not use it. A field that is known ahead is also an input with its value on the
    predicted day.
    """

    kind: Literal["number", "flag", "category"]
    description: str
    role: Literal["static", "exposure", "known_ahead", "premonitory", "outcome"] = "exposure"
    unit: str = ""
    low: float | None = None
    high: float | None = None
    categories: Mapping[str, float] = field(default_factory=dict)
    features: tuple[Derived, ...] = ("today",)


def with_custom_fields(contract: Contract, declared: Mapping[str, CustomField]) -> Contract:
    """Return `contract` with the fields `declared`, by name, added at the end.

    Raises `ConfigurationError` for an invalid field.
    """
    fields = contract.updated(tuple(_field(contract, name, item) for name, item in declared.items()))
    for name in declared:
        if name.endswith("_ahead") and name.removesuffix("_ahead") in fields.by_name:
            raise _wrong(name, "That name is for the value of the other field on the predicted day (role: known_ahead)")
    return fields


def _field(contract: Contract, name: str, declared: CustomField) -> Field:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise _wrong(name, "A name has lower-case letters, digits and underscores, and begins with a letter")
    if name in contract.by_name or name in contract.by_column:
        raise _wrong(name, "The diary contract has a field of that name; change its bounds under contract.bounds")
    if declared.kind != "number" and (declared.low is not None or declared.high is not None or declared.unit):
        raise _wrong(name, "Only a number has a unit and bounds")
    if (declared.kind == "category") != bool(declared.categories):
        raise _wrong(name, "A category needs 'categories' with a number for each; other kinds must not have it")
    if declared.low is not None and declared.high is not None and declared.low >= declared.high:
        raise _wrong(name, "The lower bound must be below the upper one")
    if not declared.features or len(set(declared.features)) < len(declared.features):
        raise _wrong(name, "Name at least one feature, and each once")
    if declared.role == "static" and declared.features != ("today",):
        raise _wrong(name, "A static field does not change, so its only feature is 'today'")
    flag = declared.kind == "flag"
    return Field(
        name,
        declared.kind,
        declared.role,
        declared.description,
        unit="0/1" if flag else declared.unit,
        low=0 if flag else declared.low,
        high=1 if flag else declared.high,
        categories=tuple(declared.categories),
        encoding=Encoding(name, dict(declared.categories), "") if declared.categories else None,
        derived=declared.features,
    )


def _wrong(name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"The field '{name}' under contract.fields is not valid. {reason}.")
