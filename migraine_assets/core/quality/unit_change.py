"""A check for fields that seem to have another unit than in the last delivery.

Hours delivered as minutes are out of bounds, so their values would be lost. Fahrenheit instead of Celsius would not
even be noticed. The check names the field and the unit. Not here: other changes of a field (`core.quality.fields`), the
table of units (`core.diary.units`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import CONTRACT, Contract, Field
from migraine_assets.core.diary.profile import FieldProfile, Profile
from migraine_assets.core.diary.units import UNITS, Unit
from migraine_assets.core.formatting import figure, listed
from migraine_assets.core.quality.finding import Finding, finding
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets.core.reference_bins import bin_counts, psi

# A field is reported if its PSI is at least MIN_PSI and another unit divides it by at least MIN_REDUCTION.
MIN_PSI = 0.5
MIN_REDUCTION = 4.0
MIN_VALUES = 20


@dataclass(frozen=True)
class UnitChange:
    """A field that seems to have the unit `unit`.

    `as_is`, `converted`: its PSI from the last delivery, without and with conversion.
    """

    field: Field
    unit: Unit
    median: float
    as_is: float
    converted: float

    @property
    def sentence(self) -> str:
        """A description of the change, with the remedy."""
        name, unit, converted = self.unit.spellings[0], self.field.unit, figure(self.median * self.unit.scale)
        return (
            f"{self.field.name} looks like {name} instead of {unit}: its median is {figure(self.median)}, "
            f"which in {name} would be {converted} {unit}, as in the last delivery. "
            f"Set the unit in the mapping (unit: {name}). If the values are right, allow the change in params.yaml: "
            f"quality: {{units_changed: [{self.field.name}]}}."
        )


def units_as_before(
    raw: pd.DataFrame, previous: Profile | None, *, settings: QualitySettings, contract: Contract = CONTRACT
) -> Finding:
    """Check that no field seems to have changed its unit since the last delivery (blocking)."""
    changes = list(unit_changes(raw, previous, contract)) if previous is not None else []
    refused = [change for change in changes if change.field.name not in settings.units_changed]
    allowed = [change.field.name for change in changes if change not in refused]
    success = (
        "No field seems to have changed its unit." if previous else "There is no earlier delivery to compare with."
    )
    if allowed:
        success = f"Allowed to look like another unit: {listed(allowed)}."
    rows = [(c.field.name, c.unit.spellings[0], figure(c.as_is), figure(c.converted)) for c in changes]
    columns = ("field", "looks like", "PSI as delivered", "PSI in that unit")
    failures = [change.sentence for change in refused]
    return finding("units_as_before", failures, success=success, blocking=True, columns=columns, rows=rows)


def unit_changes(raw: pd.DataFrame, previous: Profile, contract: Contract = CONTRACT) -> Iterator[UnitChange]:
    """Yield the fields of `raw` that are far from `previous` as delivered, and much closer in another unit."""
    for profile in previous.fields:
        field = contract.by_name.get(profile.name)
        if field is None or not profile.edges or field.name not in raw:
            continue
        units = [unit for unit in UNITS if unit.target == field.unit and unit.scale != 1.0]
        if not units:
            continue
        values = pd.to_numeric(raw[field.name], errors="coerce").to_numpy(np.float64)
        values = values[np.isfinite(values)]
        if len(values) >= MIN_VALUES and (change := _change(field, profile, values, units)):
            yield change


def _change(field: Field, previous: FieldProfile, values: NDArray[np.float64], units: list[Unit]) -> UnitChange | None:
    as_is = _distance(previous, values)
    nearest = min(units, key=lambda unit: _distance(previous, values * unit.scale))
    converted = _distance(previous, values * nearest.scale)
    if as_is < MIN_PSI or converted * MIN_REDUCTION > as_is:
        return None
    return UnitChange(field, nearest, float(np.median(values)), as_is, converted)


def _distance(previous: FieldProfile, values: NDArray[np.float64]) -> float:
    return psi(previous.counts, bin_counts(previous.edges, values)[:-1])
