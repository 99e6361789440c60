"""The diary contract: one line for every field, and nothing derived from it is written a second time.

Here belongs what a field is called, may hold and means. Not here: how a file is read (`sources`), what is
done with a value out of bounds (`core.diary.validation`), features (`core.features.engine`).

One row of a diary is one participant and one day. Null means "not asked", never 0.
"""

from dataclasses import dataclass
from typing import Literal

Role = Literal["key", "static", "exposure", "premonitory", "outcome"]
Kind = Literal["string", "date", "category", "number", "flag"]


@dataclass(frozen=True)
class Field:
    """One column of the diary.

    `low` and `high` are inclusive bounds in `unit`; None means unbounded on that side. `consequence` marks an
    exposure that an attack of the same day can cause (a drug taken for it), so that it is known to a same-day
    (horizon 0) prediction only up to the day before, like an outcome.
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


def _flag(name: str, role: Role, description: str, *, consequence: bool = False) -> Field:
    return Field(name, "flag", role, description, "0/1", 0, 1, consequence=consequence)


FIELDS: tuple[Field, ...] = (
    Field("participant_id", "string", "key", "Who kept the diary: a pseudonym, never a name."),
    Field("date", "date", "key", "The calendar day that the row describes."),
    Field("age", "number", "static", "Age at the start of the diary.", "years", 10, 100),
    Field("sex", "category", "static", "Sex.", categories=("F", "M")),
    Field(
        "migraine_type",
        "category",
        "static",
        "Diagnosis: with aura, without aura, or both kinds of attack.",
        categories=("aura", "no_aura", "mixed", "other"),
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

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}
NAMES: tuple[str, ...] = tuple(BY_NAME)

ATTACK = "migraine_occurrence"
SEVERITY = "migraine_severity"

# Where a row came from: kept beside the contract's fields from the file to the quarantine, never a feature.
PROVENANCE: tuple[str, ...] = ("source_file", "source_row")


def names(*roles: Role) -> tuple[str, ...]:
    """The names of the fields with one of `roles`, in contract order."""
    return tuple(field.name for field in FIELDS if field.role in roles)
