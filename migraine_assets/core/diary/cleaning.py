"""Cleaning of values: contradictions become null, extremes become a limit. The rules are data.

Training (`core.diary.preprocess`) and the service both call `Cleaner`, the only implementation. A model bundle carries
the rules that it was trained with. Not here: rows that are refused (`core.diary.rules`), repeated rows
(`core.diary.duplicates`). NumPy only: the service imports this module.

All limits are fixed and none is estimated from the data, so a second pass changes nothing, and the rows of one
delivery do not depend on the others.
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
    """Values of `field` outside `low`..`high` (its unit) become the limit; None leaves that side open."""

    field: str
    low: float | None
    high: float | None
    why: str = ""


@dataclass(frozen=True)
class Condition:
    """The sum of `columns` compared with `value`. A null differs from every value; no other comparison holds for it."""

    columns: tuple[str, ...]
    comparison: Comparison
    value: float


@dataclass(frozen=True)
class Contradiction:
    """Values that cannot be true together: if all of `when` hold, `nulled` become null, since any may be wrong."""

    name: str
    when: tuple[Condition, ...]
    nulled: tuple[str, ...]
    description: str

    @property
    def columns(self) -> frozenset[str]:
        """The diary columns that it reads or changes."""
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
    """The rules, in the order in which they apply: contradictions, then clips."""

    clips: tuple[Clip, ...]
    contradictions: tuple[Contradiction, ...]

    @property
    def columns(self) -> frozenset[str]:
        """The diary columns that any rule reads or changes."""
        return frozenset(clip.field for clip in self.clips).union(*(rule.columns for rule in self.contradictions))

    def narrowed(self, columns: set[str]) -> "Cleaning":
        """Only the rules that change one of `columns`, or a column that such a rule reads."""
        needed = set(columns)
        while more := {c for rule in self.contradictions if needed & {*rule.nulled} for c in rule.columns} - needed:
            needed |= more
        kept = tuple(rule for rule in self.contradictions if needed & {*rule.nulled})
        return Cleaning(tuple(clip for clip in self.clips if clip.field in needed), kept)


def cleaning_for(contract: Contract, clips: Sequence[Clip] = CLIPS) -> Cleaning:
    """The rules for `contract`, with `clips`. Raises `ConfigurationError` for a clip that cannot be used.

    The default clips adapt to the contract: a limit that its bounds already enforce is left out. Contradictions between
    fields that the contract lacks are left out too.
    """
    if tuple(clips) == CLIPS:
        clips = [clip for clip in (_within_bounds(clip, contract) for clip in CLIPS) if clip]
    for clip in clips:
        _check(clip, contract)
    known = {*contract.columns}
    return Cleaning(tuple(clips), tuple(rule for rule in CONTRADICTIONS if rule.columns <= known))


class Cleaner:
    """Cleaning rules bound to the rows of an array of days, float64[columns, n].

    `columns` names the rows. `counted` names what `clean` counts: (column, description, low, high) of every rule.
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
        """A cleaned copy of `days`. Adds the number of changed values of each rule to `counts`, int64[len(counted)]."""
        kept = days.copy()
        first = 0
        for conditions, nulled in self._rules:
            hit = _all_hold(conditions, kept)
            if hit.any():
                for number, row in enumerate(nulled, start=first):
                    if counts is not None:
                        counts[number] += np.count_nonzero(hit & (kept[row] == kept[row]))
                    kept[row][hit] = np.nan
            first += len(nulled)
        if len(self._clipped):
            values = kept[self._clipped]
            if counts is not None:
                counts[first:] += np.count_nonzero((values < self._low) | (values > self._high), axis=1)
            kept[self._clipped] = np.minimum(np.maximum(values, self._low), self._high)
        return kept


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
    """The clip without the limits that the bounds of its field enforce; None if none is left or there is no field."""
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
    # A limit outside the contract would move a value to where validation refuses it.
    outside = any(not _inside(limit, item.low, item.high) for limit in (clip.low, clip.high) if limit is not None)
    if outside or not low < high:
        raise ConfigurationError(
            f"{clip.field} cannot be clipped to {clip.low}..{clip.high}: the lower limit must be below "
            f"the upper one, and both within the contract's {item.low}..{item.high}."
        )


def _inside(limit: float, low: float | None, high: float | None) -> bool:
    return (low is None or limit >= low) and (high is None or limit <= high)


DEFAULT: Cleaning = cleaning_for(CONTRACT)
