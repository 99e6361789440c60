"""Cleaning of values: contradictions become null, and extreme values are clipped to a limit. The rules are data.

Training (`core.diary.preprocess`) and the service both call `Cleaner`, the only implementation. A model bundle contains
the rules of its training. Not here: rows that are quarantined (`core.diary.rules`), repeated rows
(`core.diary.duplicates`). This module needs only NumPy, because the service imports it.

All limits are fixed and none is estimated from the data. So cleaning twice changes nothing, and the values of a row do
not depend on other rows.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT, DURATION, SEVERITY, Contract
from migraine_assets.errors import ConfigurationError

Floats = NDArray[np.float64]
Comparison = Literal["above", "below", "equals", "differs"]


@dataclass(frozen=True)
class Clip:
    """The limits to which values of `field` are clipped, in its unit; None means no limit on that side."""

    field: str
    low: float | None
    high: float | None
    why: str = ""


@dataclass(frozen=True)
class Condition:
    """A comparison of the sum of `columns` with `value`. A null differs from any value; other comparisons are false."""

    columns: tuple[str, ...]
    comparison: Comparison
    value: float


@dataclass(frozen=True)
class Contradiction:
    """Values that cannot all be true: if every condition in `when` holds, the columns `nulled` become null."""

    name: str
    when: tuple[Condition, ...]
    nulled: tuple[str, ...]
    description: str

    @property
    def columns(self) -> frozenset[str]:
        """The diary columns that the rule reads or changes."""
        return frozenset(self.nulled).union(*(condition.columns for condition in self.when))


CLIPS: tuple[Clip, ...] = (
    Clip("sleep_hours", None, 18.0, "Longer sleep is nearly always a sum over two nights."),
    Clip("screen_time", None, 18.0, "More is several screens counted twice."),
    Clip("hydration", None, 6.0, "Beyond 6 l the dose no longer differs."),
    Clip("caffeine_intake", None, 12.0, "Rare beyond; the risk is described from 3 servings on."),
    Clip("alcohol_intake", None, 12.0, "Rare beyond; the risk is described from 5 drinks on."),
    Clip("weather_pressure", 920.0, 1065.0, "Sea-level pressure leaves this range in a few storms of a century."),
    Clip("temperature_change", -25.0, 25.0, "A larger change of a daily mean is an instrument error."),
    Clip("air_quality", None, 500.0, "The top of the usual index."),
)

CONTRADICTIONS: tuple[Contradiction, ...] = (
    Contradiction(
        "day_too_long",
        (Condition(("sleep_hours", "screen_time"), "above", 24.0),),
        ("sleep_hours", "screen_time"),
        "sleep and screen time add up to more than 24 h",
    ),
    Contradiction(
        "good_sleep_without_sleep",
        (Condition(("sleep_hours",), "equals", 0.0), Condition(("sleep_quality",), "above", 5.0)),
        ("sleep_hours", "sleep_quality"),
        "no sleep at all, of good quality",
    ),
    Contradiction(
        "perimenstrual_man",
        (Condition(("sex",), "equals", 0.0), Condition(("menstrual_cycle",), "equals", 1.0)),
        ("menstrual_cycle",),
        "a perimenstrual day of a man",
    ),
    Contradiction(
        "no_attack",
        (Condition((ATTACK,), "differs", 1.0),),
        (SEVERITY, DURATION),
        "described although there was no attack",
    ),
)


@dataclass(frozen=True)
class Cleaning:
    """The cleaning rules. Contradictions are applied first, then clips."""

    clips: tuple[Clip, ...]
    contradictions: tuple[Contradiction, ...]

    @property
    def columns(self) -> frozenset[str]:
        """The diary columns that any rule reads or changes."""
        return frozenset(clip.field for clip in self.clips).union(*(rule.columns for rule in self.contradictions))

    def narrowed(self, columns: set[str]) -> "Cleaning":
        """Return the rules that affect `columns`, directly or through a column that another rule reads."""
        needed = set(columns)
        while more := {c for rule in self.contradictions if needed & {*rule.nulled} for c in rule.columns} - needed:
            needed |= more
        contradictions = tuple(rule for rule in self.contradictions if needed & {*rule.nulled})
        return Cleaning(tuple(clip for clip in self.clips if clip.field in needed), contradictions)


def cleaning_for(contract: Contract, clips: Sequence[Clip] = CLIPS) -> Cleaning:
    """Return the rules for `contract`, with `clips`.

    The default clips adapt to the contract: a limit that its bounds already enforce is left out. Contradictions between
    fields that the contract lacks are left out too. Raises `ConfigurationError` for a clip that cannot be used.
    """
    if tuple(clips) == CLIPS:
        clips = [clip for clip in (_within_bounds(clip, contract) for clip in CLIPS) if clip]
    for clip in clips:
        _check(clip, contract)
    known = {*contract.columns}
    return Cleaning(tuple(clips), tuple(rule for rule in CONTRADICTIONS if rule.columns <= known))


class Cleaner:
    """Cleaning rules for an array of days, float64[columns, n]; `columns` names its rows.

    `counted`: the column, description and limits (low, high) of each count of `clean`. `changing`: the columns that any
    rule can change.
    """

    def __init__(self, cleaning: Cleaning, columns: Sequence[str]) -> None:
        index = {name: row for row, name in enumerate(columns)}
        self._rules = [_bound(rule, index) for rule in cleaning.contradictions]
        self._clipped = np.array([index[clip.field] for clip in cleaning.clips], dtype=np.intp)
        self._low = np.array([[-np.inf if clip.low is None else clip.low] for clip in cleaning.clips])
        self._high = np.array([[np.inf if clip.high is None else clip.high] for clip in cleaning.clips])
        nulled = [
            (name, f"nulled: {rule.description}", None, None)
            for rule in cleaning.contradictions
            for name in rule.nulled
        ]
        clipped = [(clip.field, "clipped", clip.low, clip.high) for clip in cleaning.clips]
        self.counted: list[tuple[str, str, float | None, float | None]] = [*nulled, *clipped]
        self.changing = tuple(name for name in columns if any(name == item[0] for item in self.counted))

    def clean(self, days: Floats, *, counts: NDArray[np.int64] | None = None) -> Floats:
        """Return a cleaned copy of `days`.

        The number of values that each rule changes is added to `counts`, int64[len(counted)].
        """
        cleaned = days.copy()
        first = 0
        for conditions, nulled in self._rules:
            hit = _all_hold(conditions, cleaned)
            if hit.any():
                for number, row in enumerate(nulled, start=first):
                    if counts is not None:
                        counts[number] += np.count_nonzero(hit & (cleaned[row] == cleaned[row]))
                    cleaned[row][hit] = np.nan
            first += len(nulled)
        if len(self._clipped):
            values = cleaned[self._clipped]
            if counts is not None:
                counts[first:] += np.count_nonzero((values < self._low) | (values > self._high), axis=1)
            cleaned[self._clipped] = np.minimum(np.maximum(values, self._low), self._high)
        return cleaned


_Bound = tuple[tuple[int, ...], Callable[[Any, Any], Any], float]
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "above": operator.gt,
    "below": operator.lt,
    "equals": operator.eq,
    "differs": operator.ne,
}


def _bound(rule: Contradiction, index: dict[str, int]) -> tuple[list[_Bound], list[int]]:
    conditions = [(tuple(index[name] for name in c.columns), _COMPARE[c.comparison], c.value) for c in rule.when]
    return conditions, [index[name] for name in rule.nulled]


def _all_hold(conditions: list[_Bound], days: Floats) -> NDArray[np.bool_]:
    hit: Any = None
    for rows, compare, value in conditions:
        total = days[rows[0]]
        for row in rows[1:]:
            total = total + days[row]
        holds = compare(total, value)
        hit = holds if hit is None else hit & holds
    return np.asarray(hit, dtype=np.bool_)


def _within_bounds(clip: Clip, contract: Contract) -> Clip | None:
    """Return the clip without limits that the contract's bounds enforce; None if no limit is left, or no field."""
    item = contract.by_name.get(clip.field)
    if item is None:
        return None
    low = None if clip.low is None or (item.low is not None and item.low >= clip.low) else clip.low
    high = None if clip.high is None or (item.high is not None and item.high <= clip.high) else clip.high
    return None if low is None and high is None else Clip(clip.field, low, high, clip.why)


def _check(clip: Clip, contract: Contract) -> None:
    item = contract.by_name.get(clip.field)
    if item is None or item.kind != "number" or item.role == "outcome":
        raise ConfigurationError(
            f"'{clip.field}' cannot be clipped: it is not a numeric exposure of the diary contract."
        )
    low = -np.inf if clip.low is None else clip.low
    high = np.inf if clip.high is None else clip.high
    # A limit outside the contract's bounds would turn a valid value into one that validation refuses.
    outside = any(not _inside(limit, item.low, item.high) for limit in (clip.low, clip.high) if limit is not None)
    if outside or not low < high:
        raise ConfigurationError(
            f"{clip.field} cannot be clipped to {clip.low}..{clip.high}: the lower limit must be below "
            f"the upper one, and both within the contract's {item.low}..{item.high}."
        )


def _inside(limit: float, low: float | None, high: float | None) -> bool:
    return (low is None or limit >= low) and (high is None or limit <= high)


DEFAULT: Cleaning = cleaning_for(CONTRACT)
