"""The diary contract: one line for every field. Schemas, request models and documents are derived from it.

This module defines the name, type, bounds and meaning of each field, and the class `Contract`, which holds all fields.
Not here: reading files (`sources`), handling values out of bounds (`core.diary.validation`), features
(`core.features.table`).

One row of a diary is one participant and one day. Null means "not asked", never 0.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from migraine_assets.errors import ConfigurationError

# A field that is known ahead is an exposure whose value on the predicted day is known before it.
Role = Literal["key", "static", "exposure", "known_ahead", "premonitory", "outcome"]
Kind = Literal["string", "date", "category", "number", "flag"]
# The features that a field declared in parameters can have.
Derived = Literal["today", "mean_7d", "mean_28d", "deviation", "change"]

# Far above any quantity of a diary, and the product of two smaller values is still finite as float32.
LARGEST = 1e9


@dataclass(frozen=True)
class Encoding:
    """The numeric form of a category: the name of its diary column, and the number of each category.

    A category without a number becomes null in that column.
    """

    column: str
    numbers: Mapping[str, float] = field(hash=False)
    description: str


@dataclass(frozen=True)
class Field:
    """One field of the diary.

    `low` and `high` are inclusive bounds in `unit`; None means unbounded on that side. `consequence` marks an exposure
    that an attack of the same day can cause, such as a drug. A same-day prediction (horizon 0) uses such a field only
    up to the day before, like an outcome. `encoding` is the numeric form of a category. `derived`: features of a field
    that is declared in parameters; the features of other fields are in `core.features.table`.
    """

    name: str
    kind: Kind
    role: Role
    description: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()
    consequence: bool = False
    encoding: Encoding | None = None
    derived: tuple[Derived, ...] = ()

    @property
    def column(self) -> str:
        """The name of the field's column in a `core.features.diary.Diary`."""
        return self.encoding.column if self.encoding else self.name

    @property
    def numeric(self) -> bool:
        """Whether the field has a diary column. Keys, and categories without an encoding, have none."""
        return self.kind in ("number", "flag") or self.encoding is not None


def _flag(name: str, role: Role, description: str, *, consequence: bool = False) -> Field:
    return Field(name, "flag", role, description, "0/1", 0, 1, consequence=consequence)


FIELDS: tuple[Field, ...] = (
    Field("participant_id", "string", "key", "Who kept the diary: a pseudonym, never a name."),
    Field("date", "date", "key", "The calendar day that the row describes."),
    Field("age", "number", "static", "Age at the start of the diary.", "years", 10, 100),
    Field(
        "sex",
        "category",
        "static",
        "Sex.",
        categories=("F", "M"),
        encoding=Encoding("sex", {"F": 1.0, "M": 0.0}, "1 female, 0 male."),
    ),
    Field(
        "migraine_type",
        "category",
        "static",
        "Diagnosis: with aura, without aura, or both kinds of attack.",
        categories=("aura", "no_aura", "mixed", "other"),
        encoding=Encoding(
            "aura",
            {"aura": 1.0, "mixed": 1.0, "no_aura": 0.0},
            "1 where some attacks come with aura, 0 where none do.",
        ),
    ),
    _flag("preventive_medication", "static", "Takes a preventive drug regularly."),
    Field("sleep_hours", "number", "exposure", "Sleep in the night before.", "h", 0, 24),
    Field("sleep_quality", "number", "exposure", "Sleep quality, 10 is best.", "1-10", 1, 10),
    Field("stress_level", "number", "exposure", "Perceived stress, 10 is highest.", "1-10", 1, 10),
    Field("hydration", "number", "exposure", "Fluid drunk.", "l", 0, 10),
    Field("exercise", "number", "exposure", "Exercise: sessions in the past week.", "0-7", 0, 7),
    Field("screen_time", "number", "exposure", "Time in front of a screen.", "h", 0, 24),
    Field("caffeine_intake", "number", "exposure", "Caffeinated drinks.", "servings", 0, 20),
    Field("alcohol_intake", "number", "exposure", "Alcoholic drinks.", "servings", 0, 20),
    Field("weather_pressure", "number", "exposure", "Barometric pressure.", "hPa", 870, 1085),
    Field("humidity", "number", "exposure", "Relative humidity.", "%", 0, 100),
    Field("temperature_change", "number", "exposure", "Change since the day before.", "°C", -40, 40),
    Field("air_quality", "number", "exposure", "Air quality index, as the source measures it.", "index", 0),
    _flag("weather_changes", "exposure", "A change of weather was noticed."),
    _flag("menstrual_cycle", "exposure", "Perimenstrual day (two days before to three days after onset)."),
    _flag("dehydration", "exposure", "Felt dehydrated."),
    _flag("bright_light", "exposure", "Exposed to bright or flickering light."),
    _flag("loud_noises", "exposure", "Exposed to loud noise."),
    _flag("strong_smells", "exposure", "Exposed to strong smells."),
    _flag("missed_meals", "exposure", "Missed or delayed a meal."),
    _flag("specific_foods", "exposure", "Ate a food suspected as a trigger."),
    _flag("physical_activity", "exposure", "Strenuous physical activity."),
    _flag("neck_pain", "exposure", "Neck pain or stiffness."),
    _flag("medication", "exposure", "Took an acute or preventive drug that day.", consequence=True),
    _flag("yawning", "premonitory", "Unusual yawning."),
    _flag("poor_concentration", "premonitory", "Difficulty concentrating."),
    _flag("mood_change", "premonitory", "Irritable or low mood."),
    _flag("fatigue", "premonitory", "Unusual fatigue."),
    _flag("migraine_occurrence", "outcome", "An attack on this day."),
    Field("migraine_severity", "number", "outcome", "Worst intensity; null without an attack.", "0-10", 0, 10),
    Field("duration_h", "number", "outcome", "Duration of the attack; null without one.", "h", 0, 72),
)

ATTACK = "migraine_occurrence"
SEVERITY = "migraine_severity"
DURATION = "duration_h"

# The origin of a row: columns that raw, validated and quarantined rows have, and that are never features.
PROVENANCE: tuple[str, ...] = ("source_file", "source_row")


@dataclass(frozen=True)
class Bounds:
    """New bounds of a field in its unit; None keeps the current bound."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Contract:
    """The fields of a diary, in order. Every stage that reads fields takes a contract."""

    fields: tuple[Field, ...] = FIELDS

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by their name."""
        return {item.name: item for item in self.fields}

    @cached_property
    def by_column(self) -> Mapping[str, Field]:
        """The fields by their diary column, including keys."""
        return {item.column: item for item in self.fields}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The diary columns of the numeric fields, in order."""
        return tuple(item.column for item in self.fields if item.numeric)

    @cached_property
    def withheld(self) -> frozenset[str]:
        """The columns that a same-day prediction uses only up to the day before: outcomes and consequences."""
        return frozenset(item.column for item in self.fields if item.role == "outcome" or item.consequence)

    def names(self, *roles: Role) -> tuple[str, ...]:
        """Return the names of the fields with one of `roles`, in order; without `roles`, the names of all fields."""
        return tuple(item.name for item in self.fields if not roles or item.role in roles)

    def of_kind(self, *kinds: Kind) -> tuple[Field, ...]:
        """Return the fields whose kind is one of `kinds`, in order."""
        return tuple(item for item in self.fields if item.kind in kinds)

    def with_bounds(self, bounds: Mapping[str, Bounds]) -> "Contract":
        """Return a copy with changed bounds. Raises `ConfigurationError` for an unknown name or impossible bounds."""
        for name in bounds:
            self._check_bounded(name)
        changed = tuple(_bounded(item, bounds[item.name]) if item.name in bounds else item for item in self.fields)
        return Contract(changed)

    def with_known_ahead(self, known: Sequence[str]) -> "Contract":
        """The same contract with the exposures `known` in the role known_ahead. Raises `ConfigurationError`."""
        for name in known:
            item = self.by_name.get(name)
            if item is None or item.role not in ("exposure", "known_ahead") or item.consequence or not item.numeric:
                close = difflib.get_close_matches(name, self.names("exposure"), 1)
                hint = f"Did you mean '{close[0]}'?" if item is None and close else "It must be an exposure."
                raise ConfigurationError(f"'{name}' cannot be known ahead. {hint}")
        roles = {name: replace(self.by_name[name], role="known_ahead") for name in known}
        return self.updated(tuple(roles.values()))

    def updated(self, fields: tuple[Field, ...]) -> "Contract":
        """Return a copy in which `fields` replace the fields of the same name; new names are added at the end."""
        newer = {item.name: item for item in fields}
        fields_in_order = tuple(newer.pop(item.name, item) for item in self.fields)
        return Contract((*fields_in_order, *newer.values()))

    def _check_bounded(self, name: str) -> None:
        numbers = [item.name for item in self.of_kind("number")]
        if name not in numbers:
            close = difflib.get_close_matches(name, numbers, 1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Fields with bounds: {', '.join(numbers)}."
            raise ConfigurationError(f"The diary contract has no numeric field '{name}' with bounds to change. {hint}")


def _bounded(item: Field, bounds: Bounds) -> Field:
    low = item.low if bounds.low is None else bounds.low
    high = item.high if bounds.high is None else bounds.high
    lowest, highest = (-LARGEST if low is None else low), (LARGEST if high is None else high)
    if not -LARGEST <= lowest < highest <= LARGEST:
        raise ConfigurationError(
            f"'{item.name}' cannot be bounded by {low} and {high}: the lower bound must be below the upper one, "
            f"and both within {-LARGEST:g} and {LARGEST:g}."
        )
    return replace(item, low=low, high=high)


CONTRACT = Contract()
BY_NAME: Mapping[str, Field] = CONTRACT.by_name
NAMES: tuple[str, ...] = CONTRACT.names()


def names(*roles: Role) -> tuple[str, ...]:
    """Return the names of the fields with one of `roles`, in contract order."""
    return CONTRACT.names(*roles)
