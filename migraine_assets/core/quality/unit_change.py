"""A new delivery beside the last accepted one, before it is used: has somebody changed a unit?

Hours that come as minutes lie outside the contract's bounds and would all be set aside; a pressure in kPa looks like a
hole in the data; Fahrenheit for Celsius would even pass. Each is told by name. Not here: other changes of a field
(`core.quality.fields`), the table of units (`core.diary.units`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import BY_NAME, Field
from migraine_assets.core.diary.profile import FieldProfile, Profile
from migraine_assets.core.diary.units import UNITS, Unit
from migraine_assets.core.quality.finding import Finding, figure, finding, listed
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets.core.reference_bins import bin_counts, psi

# A population stability index beyond which the field is plainly another, and how much nearer the right unit brings it.
OTHER, NEARER = 0.5, 4.0
LEAST_VALUES = 20


@dataclass(frozen=True)
class UnitChange:
    """A field that looks like `unit`. `as_is` and `converted`: its distance (PSI) from the delivery before."""

    field: Field
    unit: Unit
    median: float
    as_is: float
    converted: float

    @property
    def sentence(self) -> str:
        """What is seen, and what to do."""
        name, unit, as_that = self.unit.spellings[0], self.field.unit, figure(self.median * self.unit.scale)
        return (
            f"{self.field.name} looks like {name} instead of {unit}: its median is {figure(self.median)}, "
            f"and as {name} it would be {as_that} {unit}, as in the delivery before. "
            f"Name the unit in the mapping (unit: {name}); if the values are right, allow it: params.yaml, "
            f"quality: {{units_changed: [{self.field.name}]}}."
        )


def units_as_before(raw: pd.DataFrame, before: Profile | None, *, settings: QualitySettings) -> Finding:
    """No field looks like another unit than in the delivery before (blocking)."""
    found = list(unit_changes(raw, before)) if before is not None else []
    wrong = [change for change in found if change.field.name not in settings.units_changed]
    allowed = [change.field.name for change in found if change not in wrong]
    good = "No field looks like another unit than before." if before else "There is no delivery before this one."
    if allowed:
        good = f"Allowed to look like another unit: {listed(allowed)}."
    rows = [(c.field.name, c.unit.spellings[0], figure(c.as_is), figure(c.converted)) for c in found]
    columns = ("field", "looks like", "distance as it is", "distance as that unit")
    failures = [change.sentence for change in wrong]
    return finding("units_as_before", failures, good=good, blocking=True, columns=columns, rows=rows)


def unit_changes(raw: pd.DataFrame, before: Profile) -> Iterator[UnitChange]:
    """The fields of `raw` that are far from `before` as they are, and near to it as another unit."""
    for profile in before.fields:
        field = BY_NAME[profile.name]
        units = [unit for unit in UNITS if unit.target == field.unit and unit.scale != 1.0]
        if not units or not profile.edges or field.name not in raw:
            continue
        values = pd.to_numeric(raw[field.name], errors="coerce").to_numpy(np.float64)
        values = values[np.isfinite(values)]
        if len(values) >= LEAST_VALUES and (change := _change(field, profile, values, units)):
            yield change


def _change(field: Field, before: FieldProfile, values: NDArray[np.float64], units: list[Unit]) -> UnitChange | None:
    as_is = _distance(before, values)
    nearest = min(units, key=lambda unit: _distance(before, values * unit.scale))
    converted = _distance(before, values * nearest.scale)
    if as_is < OTHER or converted * NEARER > as_is:
        return None
    return UnitChange(field, nearest, float(np.median(values)), as_is, converted)


def _distance(before: FieldProfile, values: NDArray[np.float64]) -> float:
    return psi(before.counts, bin_counts(before.edges, values)[:-1])
