"""Checks on one field after another: what is missing, what is extreme, what changed since the last delivery.

Here belong findings with one line for each field. Not here: rows, keys and outcomes (`core.quality.rows`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, BY_NAME, FIELDS
from migraine_assets.core.diary.columns import known, numbers
from migraine_assets.core.diary.profile import FieldProfile, Profile, counted_like, stability
from migraine_assets.core.quality.finding import Finding, figure, finding, listed, percent, share
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets.core.reference_bins import psi_noise

# 0.6745 is the 75 % point of the normal distribution: for normal values the robust z is then the usual z.
NORMAL_QUARTILE = 0.6745


def missing_values(valid: pd.DataFrame, *, settings: QualitySettings) -> Finding:
    """The outcome is mostly known (blocking where hardly ever), and so are the fields asked (warning).

    A field that is null throughout is one that the source does not have, which is no fault; severity and
    duration belong to attacks only and are not judged here.
    """
    shares = {field.name: share(int(valid[field.name].isna().sum()), len(valid)) for field in FIELDS}
    asked = [f for f in FIELDS if f.role not in ("key", "outcome") and shares[f.name] < 1]
    sparse = [f"{f.name} ({percent(shares[f.name])})" for f in asked if shares[f.name] > settings.missing_warning]
    outcome, blocking = shares[ATTACK], shares[ATTACK] > settings.outcome_missing_blocking
    failures = []
    if outcome > settings.outcome_missing_warning:
        failures.append(f"{ATTACK} is missing in {percent(outcome)} of the rows, which then teach nothing.")
    if sparse:
        failures.append(f"Missing in more than {percent(settings.missing_warning)} of the rows: {listed(sparse)}.")
    rows = [(name, f"{round(value * len(valid)):,}", percent(value)) for name, value in shares.items()]
    good = f"{ATTACK} is missing in {percent(outcome)} of the rows; no field that is asked is mostly missing."
    columns = ("field", "missing", "share")
    return finding("missing_values", failures, good=good, blocking=blocking, columns=columns, rows=rows)


@dataclass(frozen=True)
class Outliers:
    """Of one field: the fences, and how many of `known` values are outside them and beyond the robust z.

    NaN fences or `by_z` None: more than half (a quarter) of the values are equal, so that the rule has no
    scale.
    """

    field: str
    known: int
    low: float
    high: float
    by_iqr: int
    by_z: int | None


def outliers_of(name: str, values: NDArray[np.float64], *, settings: QualitySettings) -> Outliers:
    """Outliers among `values` (no NaN) by interquartile range and by robust z; see `QualitySettings`."""
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


def outliers(valid: pd.DataFrame, *, settings: QualitySettings) -> Finding:
    """Few values of a numeric field are far from the rest (warning); bounds are validation's."""
    fields = [field.name for field in FIELDS if field.kind == "number"]
    found = [outliers_of(name, known(numbers(valid, name)), settings=settings) for name in fields]
    found = [entry for entry in found if entry.known]
    many = [
        f"{entry.field} ({percent(share(worst, entry.known))})"
        for entry in found
        if share(worst := max(entry.by_iqr, entry.by_z or 0), entry.known) > settings.outlier_warning
    ]
    failures = (
        [f"More than {percent(settings.outlier_warning)} outliers in {listed(many)}: check the unit."] if many else []
    )
    columns = ("field", "values", "lower fence", "upper fence", "outside", "beyond robust z")
    good = f"No numeric field has more than {percent(settings.outlier_warning)} outliers."
    rows = [_outlier_row(entry) for entry in found]
    return finding("outliers", failures, good=good, blocking=False, columns=columns, rows=rows)


def drift_from_previous(valid: pd.DataFrame, before: Profile | None, *, settings: QualitySettings) -> Finding:
    """No field is distributed otherwise than in the delivery accepted before (warning).

    The population stability index is held against `psi_warning` or, where that is more, against what chance
    alone exceeds with probability `psi_alpha` in any field: without drift it is about chi2(bins - 1) (1/n +
    1/m), with n and m the effective numbers of rows (Yurdakul and Naranjo 2020), and alpha is shared by all
    fields (Bonferroni).
    """
    columns = ("field", "PSI", "limit", "bins", "rows before", "rows now")
    if before is None:
        good = "There is no earlier delivery to compare with."
        return finding("drift_from_previous", [], good=good, blocking=False, columns=columns)
    pairs = [(old, counted_like(old, valid)) for old in before.fields]
    # The contract's categories may have changed since: then there is nothing to compare.
    pairs = [(old, new) for old, new in pairs if old.labels == new.labels]
    both = [(old, new) for old, new in pairs if old.known and new.known]
    rows, drifted = [], []
    for old, new in both:
        index, bins = stability(old, new)
        limit = psi_limit(old, new, bins=bins, fields=len(both), settings=settings)
        if index > limit:
            drifted.append(f"{old.name} ({figure(round(index, 3))})")
        rows.append((old.name, f"{index:.3f}", f"{limit:.3f}", str(bins), f"{old.known:,}", f"{new.known:,}"))
    failures = [f"Distributed otherwise than before (PSI): {listed(drifted)}."] if drifted else []
    failures += _appeared(pairs)
    good = f"{len(both)} fields are distributed as in the delivery before."
    return finding("drift_from_previous", failures, good=good, blocking=False, columns=columns, rows=rows)


def psi_limit(before: FieldProfile, now: FieldProfile, *, bins: int, fields: int, settings: QualitySettings) -> float:
    """The index that is too much for these two profiles, when `fields` are looked at together."""
    rows = (max(1, round(profile.effective)) for profile in (before, now))
    chance = psi_noise(max(bins, 2), *rows, level=settings.psi_alpha / max(fields, 1))
    return max(settings.psi_warning, chance)


def _appeared(pairs: list[tuple[FieldProfile, FieldProfile]]) -> list[str]:
    gone = [old.name for old, new in pairs if old.known and not new.known]
    new = [old.name for old, new in pairs if new.known and not old.known]
    sentences = [f"No longer recorded: {listed(gone)}."] if gone else []
    return sentences + ([f"Recorded for the first time: {listed(new)}."] if new else [])


def _outlier_row(entry: Outliers) -> tuple[str, ...]:
    unit = BY_NAME[entry.field].unit
    fences = [f"{figure(fence)} {unit}".strip() if np.isfinite(fence) else "-" for fence in (entry.low, entry.high)]
    by_z = "-" if entry.by_z is None else f"{entry.by_z:,} ({percent(share(entry.by_z, entry.known))})"
    by_iqr = f"{entry.by_iqr:,} ({percent(share(entry.by_iqr, entry.known))})"
    return entry.field, f"{entry.known:,}", *fences, by_iqr, by_z
