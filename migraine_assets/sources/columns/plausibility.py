"""Guesses of unstated units and scales from the distribution of a column.

A column whose median is plausible in the unit of its field is read unchanged. If exactly one other unit is plausible,
the column is converted and a note reports it. Otherwise the column is refused. Not here: stated units
(`sources.columns.stated_units`), changes since the last delivery (`core.quality.unit_change`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import Field
from migraine_assets.core.diary.units import PLAUSIBLE_MEDIANS, PLAUSIBLE_TOPS, UNITS, Unit
from migraine_assets.core.formatting import percent
from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.advice import mapping_line, recoding, remedy
from migraine_assets.sources.columns.stated_units import is_rating

_MIN_VALUES = 20
# Up to this share of values may be out of bounds in the right unit.
_OUTSIDE = 0.10
# Up to this share of values may be above the range that is plausible for nearly all values.
_ABOVE_TOP = 0.05
# If this many ratings, or severities of attacks, are in the lower half of the scale, the scale is probably another.
_MANY_RATINGS, _MANY_ATTACKS = 100, 30
# If the share of zeros is larger, they are not errors: the scale begins at 0.
_ZEROS = 0.01


@dataclass(frozen=True)
class Reading:
    """The conversion of a column: times `factor` plus `offset`, from the guessed `unit` (None if unchanged)."""

    factor: float = 1.0
    offset: float = 0.0
    note: str | None = None
    unit: str | None = None


def read_as(field: Field, column: str, values: NDArray[np.float64], file: str) -> Reading:
    """Decide how `values` without a stated unit are read. Raises `DataRefused` if that cannot be decided."""
    known = values[np.isfinite(values)]
    if len(known) < _MIN_VALUES:
        return Reading()
    if is_rating(field):
        return _rating(field, column, known, file)
    low, high = PLAUSIBLE_MEDIANS.get(field.name, (None, None))
    # If the median is plausible, values out of bounds are errors and no sign of another unit.
    if low is None or high is None or (low <= np.median(known) <= high and _top_fits(field, known)):
        return Reading()
    units = [unit for unit in UNITS if unit.target == field.unit and unit.scale != 1]
    fitting = [unit for unit in units if _fits(field, known * unit.scale, low, high)]
    if len(fitting) == 1:
        return _converted(field, column, known, fitting[0])
    names = ", ".join(unit.spellings[0] for unit in fitting or units)
    line = mapping_line(field.name, column, unit=(fitting or units)[0].spellings[0])
    reason = (
        f"has a median of {np.median(known):.6g}, which is not plausible"
        if not low <= np.median(known) <= high
        else f"has {percent(float((known > PLAUSIBLE_TOPS[field.name]).mean()))} of its values above "
        f"{PLAUSIBLE_TOPS[field.name]:g}, which is too many"
    )
    raise DataRefused(
        f"{file}: column '{column}' {reason} for {field.name} in {field.unit}. State its unit, for example one of "
        f"{names}. {remedy(line)} Or leave the column out."
    )


def _fits(field: Field, known: NDArray[np.float64], low: float, high: float) -> bool:
    outside = np.zeros(len(known), dtype=np.bool_)
    # An attack may last longer than the upper bound of the contract.
    if field.role != "outcome":
        outside |= known < (-np.inf if field.low is None else field.low)
        outside |= known > (np.inf if field.high is None else field.high)
    return bool(low <= np.median(known) <= high and outside.mean() <= _OUTSIDE and _top_fits(field, known))


def _top_fits(field: Field, known: NDArray[np.float64]) -> bool:
    top = PLAUSIBLE_TOPS.get(field.name)
    return top is None or float((known > top).mean()) <= _ABOVE_TOP


def _converted(field: Field, column: str, known: NDArray[np.float64], unit: Unit) -> Reading:
    name, median = unit.spellings[0], float(np.median(known))
    return Reading(
        unit.scale,
        0.0,
        f"column '{column}' has no stated unit and was read as {name}: its median, {median:.6g}, is "
        f"{median * unit.scale:.4g} {field.unit}. If that is wrong, state 'unit' in the mapping.",
        name,
    )


def _rating(field: Field, column: str, known: NDArray[np.float64], file: str) -> Reading:
    low, high = field.low or 0.0, field.high or 10.0
    top = float(np.quantile(known, 0.99))
    zeros = float((known == 0).mean()) if low > 0 else 0.0
    above = float((known > high).mean())
    if above <= _OUTSIDE / 2 and zeros <= _ZEROS:
        if top <= high / 2:
            if int((known > 0).sum()) >= (_MANY_ATTACKS if field.role == "outcome" else _MANY_RATINGS):
                raise _half_used(field, column, known, file)
            note = f"column '{column}' goes from {known.min():g} to {top:g} and was read on the scale {field.unit}"
            return Reading(note=f"{note}. If its scale is different, state it in the mapping, as in unit: 1-{top:g}.")
        return Reading()
    if above <= _OUTSIDE / 2 and top >= high - 1:
        factor = (high - low) / high
        note = f"column '{column}' was read as a scale from 0 to {high:g} and converted to {field.unit}"
        return Reading(factor, low, f"{note}. If that is wrong, state 'unit' in the mapping.", f"0-{high:g}")
    _refuse_code(field, column, known, file)
    raise _scale_needed(field, column, known, file, f"0-{_end(top)}", f"but {field.name} is rated {field.unit}")


def _refuse_code(field: Field, column: str, known: NDArray[np.float64], file: str) -> None:
    """Raise `DataRefused` if one value is far above all others, such as 99 for an unknown rating."""
    high = field.high or 10.0
    others = known[known <= high]
    codes = np.unique(known[known > high])
    if len(codes) != 1 or codes[0] < 2 * high or len(others) < len(known) / 2 or others.max() < high - 1:
        return
    code = f"{codes[0]:g}"
    line = mapping_line(field.name, column, recode=recoding({code: "null"}))
    raise DataRefused(
        f"{file}: column '{column}' is rated {field.unit}, but {int((known > high).sum())} of its {len(known)} values "
        f"are {code}, which may be a code for an unknown value. If it is, recode it. {remedy(line)}"
    )


def _half_used(field: Field, column: str, known: NDArray[np.float64], file: str) -> DataRefused:
    """Return the refusal of many ratings in the lower half of the scale, which probably have a shorter one."""
    shorter = f"{0 if field.role == 'outcome' or known.min() == 0 else 1}-{_end(float(known.max()))}"
    reason = f"so its scale may be {shorter} or {field.unit}, that of {field.name}"
    return _scale_needed(field, column, known, file, shorter, reason)


def _scale_needed(
    field: Field, column: str, known: NDArray[np.float64], file: str, example: str, reason: str
) -> DataRefused:
    return DataRefused(
        f"{file}: column '{column}' goes from {known.min():g} to {known.max():g}, {reason}. State its scale, for "
        f"example {example}. {remedy(mapping_line(field.name, column, unit=example))}"
    )


def _end(top: float) -> int:
    return next((end for end in (3, 4, 5, 7, 10, 100) if end >= top), int(np.ceil(top)))
