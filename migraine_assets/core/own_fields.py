"""Fields of one's own: what a clinic records beyond the diary contract, declared in params.yaml.

    contract:
      fields:
        hrv: {kind: number, unit: ms, low: 0, high: 300, role: exposure, description: Heart rate variability.,
              features: [today, mean_7d, deviation]}

Not here: the fields of the project (`core.contract`), the features that they become (`core.features.table`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from migraine_assets.core.contract import PROVENANCE, Contract, Derived, Encoding, Field
from migraine_assets.errors import ConfigurationError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
# Columns that stand beside the fields, or that name something else.
_RESERVED = frozenset({*PROVENANCE, "unreadable", "superseded", "reason", "target", "entries", "items", "interpreted"})


@dataclass(frozen=True)
class OwnField:
    """One field. `low` and `high` are inclusive bounds in `unit`, for numbers. `categories` maps each category to its
    number. `features`: what is computed of it; a static field has its value of today only. An outcome is a description
    of the attacks, which a prediction for the same day does not know.
    """

    kind: Literal["number", "flag", "category"]
    description: str
    role: Literal["static", "exposure", "premonitory", "outcome"] = "exposure"
    unit: str = ""
    low: float | None = None
    high: float | None = None
    categories: Mapping[str, float] = field(default_factory=dict)
    features: tuple[Derived, ...] = ("today",)


def with_own_fields(contract: Contract, own: Mapping[str, OwnField]) -> Contract:
    """Return `contract` with the fields `own` after its own ones, by name. Raises `ConfigurationError`."""
    return contract.updated(tuple(_field(contract, name, item) for name, item in own.items()))


def _field(contract: Contract, name: str, own: OwnField) -> Field:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise _wrong(name, "A name has lower-case letters, digits and underscores, and begins with a letter")
    if name in contract.by_name or name in contract.by_column:
        raise _wrong(name, "The diary contract has a field of that name; change its bounds under contract.bounds")
    if own.kind != "number" and (own.low is not None or own.high is not None or own.unit):
        raise _wrong(name, "Only a number has a unit and bounds")
    if (own.kind == "category") != bool(own.categories):
        raise _wrong(name, "A category, and nothing else, needs 'categories' with a number for each")
    if own.low is not None and own.high is not None and own.low >= own.high:
        raise _wrong(name, "The lower bound must be below the upper one")
    if not own.features or len(set(own.features)) < len(own.features):
        raise _wrong(name, "Name at least one feature, and each once")
    if own.role == "static" and own.features != ("today",):
        raise _wrong(name, "A static field does not change, so that its only feature is 'today'")
    flag = own.kind == "flag"
    return Field(
        name,
        own.kind,
        own.role,
        own.description,
        unit="0/1" if flag else own.unit,
        low=0 if flag else own.low,
        high=1 if flag else own.high,
        categories=tuple(own.categories),
        encoding=Encoding(name, dict(own.categories), "") if own.categories else None,
        derived=own.features,
    )


def _wrong(name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"The field '{name}' under contract.fields is not valid. {reason}.")
