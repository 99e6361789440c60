"""Preprocessing: from accepted rows to a diary that can be computed with; every change is counted.

Here belong repeated rows, clinically impossible values, extremes and outcomes of days without an attack. Not
here: rows that are refused (`core.diary.validation`), and no imputation and no scaling, which are fitted inside the
models' pipelines on training rows only. All limits are fixed, none is estimated from the data, so that a second
pass changes nothing and a delivery's rows do not depend on what else it holds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, BY_NAME, SEVERITY
from migraine_assets.core.diary.columns import numbers
from migraine_assets.core.diary.duplicates import repeated
from migraine_assets.errors import ConfigurationError

HOURS_OF_A_DAY = 24.0

Mask = NDArray[np.bool_]

ACTION_COLUMNS: tuple[str, ...] = ("field", "action", "count", "low", "high")


@dataclass(frozen=True)
class Clip:
    """Values of `field` outside `low`..`high` (its unit) become the limit; None leaves that side open."""

    field: str
    low: float | None
    high: float | None
    why: str = ""


CLIPS: tuple[Clip, ...] = (
    Clip("sleep_hours", None, 18, "Longer sleep is nearly always a sum over two nights."),
    Clip("screen_time", None, 18, "More is several screens counted twice."),
    Clip("hydration", None, 6, "Beyond 6 l the dose no longer differs."),
    Clip("caffeine_intake", None, 12, "Rare beyond; the risk is described from 3 servings on."),
    Clip("alcohol_intake", None, 12, "Rare beyond; the risk is described from 5 drinks on."),
    Clip("weather_pressure", 920, 1065, "Sea-level pressure outside is met in a few storms of a century."),
    Clip("temperature_change", -25, 25, "A larger change of a daily mean is an instrument's."),
    Clip("air_quality", None, 500, "The top of the usual index."),
)


@dataclass(frozen=True)
class Impossible:
    """Values that cannot be true together: the rows (mask), and the fields to null as any may be wrong."""

    name: str
    what: str
    fields: tuple[str, ...]
    rows: Callable[[pd.DataFrame], Mask]


def _more_than_a_day(frame: pd.DataFrame) -> Mask:
    too_long: Mask = numbers(frame, "sleep_hours") + numbers(frame, "screen_time") > HOURS_OF_A_DAY
    return too_long


def _good_sleep_without_sleep(frame: pd.DataFrame) -> Mask:
    sleepless: Mask = numbers(frame, "sleep_hours") == 0
    rested: Mask = numbers(frame, "sleep_quality") > 5
    return sleepless & rested


def _perimenstrual_man(frame: pd.DataFrame) -> Mask:
    is_man: Mask = (frame["sex"] == "M").to_numpy(dtype=np.bool_)
    perimenstrual: Mask = numbers(frame, "menstrual_cycle") == 1
    return is_man & perimenstrual


def _without_attack(frame: pd.DataFrame) -> Mask:
    quiet: Mask = numbers(frame, ATTACK) != 1
    return quiet


IMPOSSIBLE: tuple[Impossible, ...] = (
    Impossible(
        "day_too_long",
        "nulled: sleep and screen time add up to more than 24 h",
        ("sleep_hours", "screen_time"),
        _more_than_a_day,
    ),
    Impossible(
        "good_sleep_without_sleep",
        "nulled: no sleep at all, of good quality",
        ("sleep_hours", "sleep_quality"),
        _good_sleep_without_sleep,
    ),
    Impossible(
        "perimenstrual_man",
        "nulled: a perimenstrual day of a man",
        ("menstrual_cycle",),
        _perimenstrual_man,
    ),
    Impossible(
        "no_attack",
        "nulled: described although there was no attack",
        (SEVERITY, "duration_h"),
        _without_attack,
    ),
)


@dataclass(frozen=True)
class PreprocessSettings:
    """The limits at which extremes are clipped. Raises `ConfigurationError` for a limit that cannot be used."""

    clips: tuple[Clip, ...] = CLIPS

    def __post_init__(self) -> None:
        for clip in self.clips:
            _check(clip)


@dataclass(frozen=True)
class Preprocessed:
    """The diary, sorted by participant and date, and what was done to it.

    `actions` (`ACTION_COLUMNS`) has a line for every limit and rule, also where it met no row (count 0), so
    that the limits in force are on record; `field` is "(row)" where whole rows were dropped.
    """

    diary: pd.DataFrame
    actions: pd.DataFrame


def preprocess(valid: pd.DataFrame, *, settings: PreprocessSettings) -> Preprocessed:
    """Settle accepted rows: null what is impossible, clip extremes, sort, drop repeated rows.

    `valid` is left as it is. Rows without a date keep their order within a participant and are never dropped.
    """
    frame = valid.copy()
    actions: list[tuple[str, str, int, float | None, float | None]] = []
    for rule in IMPOSSIBLE:
        rows = rule.rows(frame)
        actions += [(name, rule.what, _null(frame, name, rows), None, None) for name in rule.fields]
    actions += [(c.field, "clipped", _clip(frame, c), c.low, c.high) for c in settings.clips]
    # Dropped last, since settling can make rows equal.
    frame = frame.sort_values(["participant_id", "date"], kind="stable", ignore_index=True)
    again = repeated(frame)
    actions.append(("(row)", "dropped: repeats another row of the same day", int(again.sum()), None, None))
    table = pd.DataFrame(actions, columns=list(ACTION_COLUMNS)).astype({"low": "float64", "high": "float64"})
    return Preprocessed(frame[~again].reset_index(drop=True), table)


def _null(frame: pd.DataFrame, name: str, rows: Mask) -> int:
    values = numbers(frame, name)
    hit = rows & ~np.isnan(values)
    if hit.any():
        frame[name] = np.where(hit, np.nan, values)
    return int(hit.sum())


def _clip(frame: pd.DataFrame, clip: Clip) -> int:
    values = numbers(frame, clip.field)
    low = -np.inf if clip.low is None else clip.low
    high = np.inf if clip.high is None else clip.high
    hit = (values < low) | (values > high)
    if hit.any():
        frame[clip.field] = np.clip(values, low, high)
    return int(hit.sum())


def _check(clip: Clip) -> None:
    field = BY_NAME.get(clip.field)
    if field is None or field.kind != "number" or field.role == "outcome":
        raise ConfigurationError(f"'{clip.field}' cannot be clipped: it is no numeric exposure of the diary contract.")
    low = -np.inf if clip.low is None else clip.low
    high = np.inf if clip.high is None else clip.high
    # A limit outside the contract would move a value to where validation refuses it.
    outside = any(not _within(limit, field.low, field.high) for limit in (clip.low, clip.high) if limit is not None)
    if outside or not low < high:
        raise ConfigurationError(
            f"{clip.field} cannot be clipped to {clip.low}..{clip.high}: the lower limit must be below "
            f"the upper one, and both within the contract's {field.low}..{field.high}."
        )


def _within(limit: float, low: float | None, high: float | None) -> bool:
    return (low is None or limit >= low) and (high is None or limit <= high)
