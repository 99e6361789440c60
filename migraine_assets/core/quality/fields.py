"""Checks of single fields: missing values, outliers, and changes since the last delivery.

Not here: rows, keys and outcomes (`core.quality.rows`), changed units (`core.quality.unit_change`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT, DURATION, SEVERITY, Contract
from migraine_assets.core.diary.columns import known, numbers
from migraine_assets.core.diary.profile import FieldProfile, Profile, counted_like, stability
from migraine_assets.core.formatting import figure, listed, percent, share
from migraine_assets.core.quality.finding import Finding, finding
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets.core.reference_bins import psi_noise

# The 75 % quantile of the normal distribution; for normal values, the robust z-score equals the usual z-score.
NORMAL_QUARTILE = 0.6745


def missing_values(
    valid: pd.DataFrame, *, settings: QualitySettings, contract: Contract = CONTRACT, outcome: str = ATTACK
) -> Finding:
    """Check that `outcome` and the recorded fields are mostly known (warning; blocking if the outcome rarely is).

    A field that is always null does not exist in the source, which is not an error. Severity and duration, which only
    attacks have, are not checked.
    """
    outcome = ATTACK if outcome in (SEVERITY, DURATION) else outcome
    shares = {field.name: share(int(valid[field.name].isna().sum()), len(valid)) for field in contract.fields}
    recorded = [f for f in contract.fields if f.role not in ("key", "outcome") and shares[f.name] < 1]
    sparse = [f"{f.name} ({percent(shares[f.name])})" for f in recorded if shares[f.name] > settings.missing_warning]
    missing, blocking = shares[outcome], shares[outcome] > settings.outcome_missing_blocking
    failures = []
    if missing > settings.outcome_missing_warning:
        failures.append(f"{outcome} is missing in {percent(missing)} of the rows, which cannot be used for training.")
    if sparse:
        failures.append(f"Missing in more than {percent(settings.missing_warning)} of the rows: {listed(sparse)}.")
    rows = [(name, f"{round(value * len(valid)):,}", percent(value)) for name, value in shares.items()]
    success = f"{outcome} is missing in {percent(missing)} of the rows; no recorded field is mostly missing."
    columns = ("field", "missing", "share")
    return finding("missing_values", failures, success=success, blocking=blocking, columns=columns, rows=rows)


@dataclass(frozen=True)
class Outliers:
    """The outliers of one field: the fences, and the numbers of outliers among the `known` values by each rule.

    The fences are NaN, or `by_z` is None, if half of the values are equal, so that the rule has no scale.
    """

    field: str
    known: int
    low: float
    high: float
    by_iqr: int
    by_z: int | None


def outliers_of(name: str, values: NDArray[np.float64], *, settings: QualitySettings) -> Outliers:
    """Count outliers of `values` [n] (without NaN) by interquartile range and robust z-score; see `QualitySettings`."""
    if not values.size:
        return Outliers(name, 0, np.nan, np.nan, 0, None)
    first, median, third = np.quantile(values, (0.25, 0.5, 0.75))
    deviation = np.abs(values - median)
    scale, reach = np.median(deviation), settings.iqr_factor * (third - first)
    by_z = int((NORMAL_QUARTILE * deviation > settings.robust_z * scale).sum()) if scale > 0 else None
    if reach <= 0:
        return Outliers(name, values.size, np.nan, np.nan, 0, by_z)
    low, high = first - reach, third + reach
    return Outliers(name, values.size, low, high, int(((values < low) | (values > high)).sum()), by_z)


def outliers(valid: pd.DataFrame, *, settings: QualitySettings, contract: Contract = CONTRACT) -> Finding:
    """Check that few values of each numeric field are outliers (warning). Validation checks bounds."""
    fields = [field.name for field in contract.of_kind("number")]
    counted = [outliers_of(name, known(numbers(valid, name)), settings=settings) for name in fields]
    counted = [entry for entry in counted if entry.known]
    many = [
        f"{entry.field} ({percent(share(worst, entry.known))})"
        for entry in counted
        if share(worst := max(entry.by_iqr, entry.by_z or 0), entry.known) > settings.outlier_warning
    ]
    failures = (
        [f"More than {percent(settings.outlier_warning)} outliers in {listed(many)}: check the unit."] if many else []
    )
    columns = ("field", "values", "lower fence", "upper fence", "outside", "beyond robust z")
    success = f"No numeric field has more than {percent(settings.outlier_warning)} outliers."
    rows = [_outlier_row(entry, contract.by_name[entry.field].unit) for entry in counted]
    return finding("outliers", failures, success=success, blocking=False, columns=columns, rows=rows)


def drift_from_previous(
    valid: pd.DataFrame, previous: Profile | None, *, settings: QualitySettings, contract: Contract = CONTRACT
) -> Finding:
    """Check that every field is distributed as in the last accepted delivery (warning).

    The limit of the population stability index is `psi_warning` or, if it is larger, the value that chance exceeds in
    any field with probability `psi_alpha`. Without drift, the index is about chi2(bins - 1) (1/n + 1/m), where n and m
    are the effective numbers of rows (Yurdakul & Naranjo 2020); alpha is divided by the number of fields (Bonferroni).
    """
    columns = ("field", "PSI", "limit", "bins", "rows before", "rows now")
    if previous is None:
        success = "There is no earlier delivery to compare with."
        return finding("drift_from_previous", [], success=success, blocking=False, columns=columns)
    fields = [field for field in previous.fields if field.name in contract.by_name]
    pairs = [(old, counted_like(old, valid, contract)) for old in fields]
    # A field cannot be compared if the contract has changed its categories.
    pairs = [(old, new) for old, new in pairs if old.labels == new.labels]
    both = [(old, new) for old, new in pairs if old.known and new.known]
    rows, drifted = [], []
    for old, new in both:
        index, bins = stability(old, new)
        limit = psi_limit(old, new, bins=bins, fields=len(both), settings=settings)
        if index > limit:
            drifted.append(f"{old.name} ({figure(round(index, 3))})")
        rows.append((old.name, f"{index:.3f}", f"{limit:.3f}", str(bins), f"{old.known:,}", f"{new.known:,}"))
    failures = [f"Distributed differently than in the last delivery (PSI): {listed(drifted)}."] if drifted else []
    failures += _appeared(pairs)
    success = f"{len(both)} fields are distributed as in the last delivery."
    return finding("drift_from_previous", failures, success=success, blocking=False, columns=columns, rows=rows)


def psi_limit(old: FieldProfile, new: FieldProfile, *, bins: int, fields: int, settings: QualitySettings) -> float:
    """Return the limit of the index between two profiles if `fields` fields are compared together."""
    rows = (max(1, round(profile.effective)) for profile in (old, new))
    chance = psi_noise(max(bins, 2), *rows, level=settings.psi_alpha / max(fields, 1))
    return max(settings.psi_warning, chance)


def _appeared(pairs: list[tuple[FieldProfile, FieldProfile]]) -> list[str]:
    dropped = [old.name for old, new in pairs if old.known and not new.known]
    new = [old.name for old, new in pairs if new.known and not old.known]
    sentences = [f"No longer recorded: {listed(dropped)}."] if dropped else []
    return sentences + ([f"Recorded for the first time: {listed(new)}."] if new else [])


def _outlier_row(entry: Outliers, unit: str) -> tuple[str, ...]:
    fences = [f"{figure(fence)} {unit}".strip() if np.isfinite(fence) else "-" for fence in (entry.low, entry.high)]
    by_z = "-" if entry.by_z is None else f"{entry.by_z:,} ({percent(share(entry.by_z, entry.known))})"
    by_iqr = f"{entry.by_iqr:,} ({percent(share(entry.by_iqr, entry.known))})"
    return entry.field, f"{entry.known:,}", *fences, by_iqr, by_z
