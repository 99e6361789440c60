"""Diary entries: which days have an entry, and which cells are empty.

An empty cell means "not asked" or "not answered", never 0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, NAMES, SEVERITY
from migraine_assets.sources.cohort.exposures import Grids
from migraine_assets.sources.cohort.participants import Participants
from migraine_assets.sources.cohort.rng import BURN_IN, Flags, Floats, Ints, stream
from migraine_assets.sources.cohort.settings import SyntheticSettings

Columns = dict[str, NDArray[Any]]
MEAN_GAP = 2.0  # days


@dataclass(frozen=True)
class Blank:
    """Empty cells of a field.

    `never`: share of participants who never fill it in. `skipped`: share of days on which the others leave it empty.

    Participants who never fill in one field of a `group` leave the whole group empty (no location, no weather).
    """

    field: str
    never: float
    skipped: float
    group: str = ""


BLANKS: tuple[Blank, ...] = (
    Blank("age", 0.02, 0),
    Blank("sex", 0.01, 0),
    Blank("migraine_type", 0.08, 0),
    Blank("preventive_medication", 0.04, 0),
    Blank("sleep_hours", 0.02, 0.04),
    Blank("sleep_quality", 0.03, 0.04),
    Blank("stress_level", 0.02, 0.04),
    Blank("hydration", 0.12, 0.08),
    Blank("exercise", 0.10, 0.06),
    Blank("screen_time", 0.20, 0.08),
    Blank("caffeine_intake", 0.05, 0.05),
    Blank("alcohol_intake", 0.06, 0.05),
    Blank("weather_pressure", 0.08, 0.02, "weather"),
    Blank("humidity", 0.08, 0.02, "weather"),
    Blank("temperature_change", 0.08, 0.02, "weather"),
    Blank("air_quality", 0.25, 0.05, "weather"),
    Blank("weather_changes", 0.05, 0.04),
    Blank("menstrual_cycle", 0.03, 0.02),
    Blank("dehydration", 0.05, 0.04),
    Blank("bright_light", 0.05, 0.04, "surroundings"),
    Blank("loud_noises", 0.05, 0.04, "surroundings"),
    Blank("strong_smells", 0.05, 0.04, "surroundings"),
    Blank("missed_meals", 0.03, 0.04),
    Blank("specific_foods", 0.15, 0.05),
    Blank("physical_activity", 0.04, 0.04),
    Blank("neck_pain", 0.04, 0.04),
    Blank("medication", 0.03, 0.03),
    Blank("yawning", 0.08, 0.05, "premonitory"),
    Blank("poor_concentration", 0.08, 0.05, "premonitory"),
    Blank("mood_change", 0.08, 0.05, "premonitory"),
    Blank("fatigue", 0.08, 0.05, "premonitory"),
    Blank(ATTACK, 0, 0.01),
    Blank(SEVERITY, 0.01, 0.05),
    Blank("duration_h", 0.06, 0.15),
)


@dataclass(frozen=True)
class Entries:
    """The cells of a grid that have an entry, by participant and day; arrays of shape (rows,).

    `person`: index of the participant; `day`: day of the diary, from 0; `cell`: index in the flattened grid, where
    `cell + participants` is the next day of the same participant.
    """

    person: Ints
    day: Ints
    cell: Ints


def sample_entries(settings: SyntheticSettings) -> Entries:
    """Sample the days with an entry: always the first, then others with gaps, until the end or an early dropout."""
    person, day = np.nonzero(_present(settings).T)
    return Entries(person, day, (BURN_IN + day) * settings.participants + person)


def _present(settings: SyntheticSettings) -> Flags:
    """Return which days have an entry; shape (days, participants)."""
    shape = (settings.days, settings.participants)
    end = 1 / MEAN_GAP
    begin = min(end * settings.missing_days / (1 - settings.missing_days), 1.0)
    chance = stream(settings.seed, "gaps").random(shape)
    written = np.ones(shape, dtype=np.bool_)
    for day in range(1, settings.days):
        written[day] = chance[day] >= np.where(written[day - 1], begin, 1 - end)
    return written & (np.arange(settings.days)[:, None] < _last_day(settings))


def _last_day(settings: SyntheticSettings) -> Floats:
    rng = stream(settings.seed, "dropout")
    leaves = rng.random(settings.participants) < settings.dropout
    when = 1 + np.floor(rng.random(settings.participants) * (settings.days - 1))
    return np.where(leaves, when, settings.days)


def diary_columns(settings: SyntheticSettings, participants: Participants, grids: Grids, entries: Entries) -> Columns:
    """Return the columns of the diary in the order of the contract; rows are sorted by participant and date."""
    rows = {name: grid.ravel()[entries.cell] for name, grid in grids.items()}
    rows["menstrual_cycle"][~participants.female[entries.person]] = np.nan  # men are not asked
    columns = rows | _static(participants, entries) | _keys(settings, participants, entries)
    for blank in BLANKS:
        _blank(columns[blank.field], _empty(settings, blank, entries))
    unknown = np.isnan(rows[ATTACK])
    for outcome in (SEVERITY, "duration_h"):
        rows[outcome][unknown] = np.nan
    return {name: columns[name] for name in NAMES}


def _keys(settings: SyntheticSettings, participants: Participants, entries: Entries) -> Columns:
    first = np.datetime64(settings.start, "D").astype(np.int64)
    day = (first + participants.joined[entries.person] + entries.day).astype("datetime64[D]")
    return {
        "participant_id": participants.name[entries.person],
        "date": day.astype("datetime64[ns]"),
    }


def _static(participants: Participants, entries: Entries) -> Columns:
    sex = np.where(participants.female, "F", "M").astype(object)
    values = {
        "age": participants.age,
        "sex": sex,
        "migraine_type": participants.migraine_type,
        "preventive_medication": participants.preventive.astype(np.float64),
    }
    return {name: value[entries.person] for name, value in values.items()}


def _empty(settings: SyntheticSettings, blank: Blank, entries: Entries) -> Flags:
    """Return which rows of a field are empty. For the same seed, a larger factor only adds empty rows."""
    seed, factor = settings.seed, settings.missing_values
    never = stream(seed, f"never {blank.group or blank.field}").random(settings.participants) < blank.never * factor
    empty = never[entries.person]
    if blank.skipped:
        empty |= stream(seed, f"skipped {blank.field}").random(len(empty), dtype=np.float32) < blank.skipped * factor
    return empty


def _blank(values: NDArray[Any], empty: Flags) -> None:
    values[empty] = None if values.dtype == object else np.nan
