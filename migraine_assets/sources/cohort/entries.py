"""From what happened to what was written down: the days with an entry, and the cells that stay empty.

An empty cell means "not asked" or "not answered", never 0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, NAMES, SEVERITY
from migraine_assets.sources.cohort.exposures import Grids
from migraine_assets.sources.cohort.people import People
from migraine_assets.sources.cohort.rng import BURN_IN, Flags, Floats, Ints, stream
from migraine_assets.sources.cohort.settings import SyntheticSettings

Columns = dict[str, NDArray[Any]]
MEAN_GAP = 2.0  # days


@dataclass(frozen=True)
class Blank:
    """How often a field stays empty: for `never` of the people always, else on `skipped` of their days.

    People who never fill in one field of a `group` fill in none of it (no location shared: no weather).
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
    """Which cells of a grid were written down, participant by participant and day by day; shape (rows,) each.

    `person` and `day` (of the diary, from 0) of each row; `cell` its place in a flattened grid, and `cell +
    people` is the same person's next day.
    """

    person: Ints
    day: Ints
    cell: Ints


def entries(settings: SyntheticSettings) -> Entries:
    """The days with an entry: always the first, then with gaps of some days, until the end or an early stop."""
    person, day = np.nonzero(_present(settings).T)
    return Entries(person, day, (BURN_IN + day) * settings.participants + person)


def _present(settings: SyntheticSettings) -> Flags:
    """Whether there is an entry; shape (days, participants)."""
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


def write_down(settings: SyntheticSettings, people: People, grids: Grids, kept: Entries) -> Columns:
    """The diary: the contract's columns in its order; rows by participant and date."""
    rows = {name: grid.ravel()[kept.cell] for name, grid in grids.items()}
    rows["menstrual_cycle"][~people.female[kept.person]] = np.nan  # men are not asked
    columns = rows | _static(people, kept) | _keys(settings, people, kept)
    for blank in BLANKS:
        _blank(columns[blank.field], _empty(settings, blank, kept))
    unknown = np.isnan(rows[ATTACK])
    for outcome in (SEVERITY, "duration_h"):
        rows[outcome][unknown] = np.nan
    return {name: columns[name] for name in NAMES}


def _keys(settings: SyntheticSettings, people: People, kept: Entries) -> Columns:
    first = np.datetime64(settings.start, "D").astype(np.int64)
    day = (first + people.joined[kept.person] + kept.day).astype("datetime64[D]")
    return {
        "participant_id": people.name[kept.person],
        "date": day.astype("datetime64[ns]"),
    }


def _static(people: People, kept: Entries) -> Columns:
    sex = np.where(people.female, "F", "M").astype(object)
    values = {
        "age": people.age,
        "sex": sex,
        "migraine_type": people.migraine_type,
        "preventive_medication": people.preventive.astype(np.float64),
    }
    return {name: value[kept.person] for name, value in values.items()}


def _empty(settings: SyntheticSettings, blank: Blank, kept: Entries) -> Flags:
    """The rows in which a field is empty. More nulls always include the fewer, for the same seed."""
    seed, more = settings.seed, settings.missing_values
    who = stream(seed, f"never {blank.group or blank.field}").random(settings.participants) < blank.never * more
    empty = who[kept.person]
    if blank.skipped:
        empty |= stream(seed, f"skipped {blank.field}").random(len(empty), dtype=np.float32) < blank.skipped * more
    return empty


def _blank(values: NDArray[Any], empty: Flags) -> None:
    values[empty] = None if values.dtype == object else np.nan
