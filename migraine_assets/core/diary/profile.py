"""The profile of a delivery: the distribution of each field, for comparison with the next delivery.

This module counts, computes effective sample sizes and defines the JSON form. Not here: the limits on changes
(`core.quality.fields`), bins and the stability index (`core.reference_bins`).
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import CONTRACT, Contract, Field
from migraine_assets.core.diary.columns import codes, numbers
from migraine_assets.core.reference_bins import bin_counts, bin_edges, psi
from migraine_assets.errors import DataRefused

# Increase it if the JSON form changes; `from_json` must still read older formats.
FORMAT = 1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FieldProfile:
    """Counts of one field.

    A number has `edges` and one more count than edges, as in `core.reference_bins`. A flag or category has `labels` and
    a count for each. `effective` is the effective sample size, which is below the number of rows because days of the
    same participant are similar.
    """

    name: str
    missing: int
    effective: float
    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def known(self) -> int:
        """Number of rows in which the field is not null."""
        return sum(self.counts)


@dataclass(frozen=True)
class Profile:
    """The number of rows, and the profiles of all fields except the keys."""

    rows: int
    fields: tuple[FieldProfile, ...]


def profile(frame: pd.DataFrame, contract: Contract = CONTRACT) -> Profile:
    """Compute the profile of a frame with the columns of `contract`."""
    person, _ = pd.factorize(frame["participant_id"], use_na_sentinel=False)
    fields = [field for field in contract.fields if field.role != "key"]
    return Profile(len(frame), tuple(_profile_of(field, frame, person, edges=None) for field in fields))


def counted_like(before: FieldProfile, frame: pd.DataFrame, contract: Contract = CONTRACT) -> FieldProfile:
    """Count the field `before` of another frame in the same bins."""
    person, _ = pd.factorize(frame["participant_id"], use_na_sentinel=False)
    return _profile_of(contract.by_name[before.name], frame, person, edges=before.edges)


def stability(before: FieldProfile, now: FieldProfile) -> tuple[float, int]:
    """Return the PSI of two profiles with equal bins, and the number of bins compared, including missing values."""
    first, second = np.array([*before.counts, before.missing]), np.array([*now.counts, now.missing])
    # A bin that is empty in both profiles carries no information and would only lower the other shares.
    used = (first + second) > 0
    return psi(first[used], second[used]), int(used.sum())


def to_json(content: Profile) -> str:
    """Return the profile as JSON; equal profiles give the same text."""
    return json.dumps({"format": FORMAT, **asdict(content)}, sort_keys=True)


def from_json(text: str) -> Profile:
    """Return the profile that `to_json` wrote. Raises `DataRefused` for a format that this version does not know."""
    content: dict[str, Any] = json.loads(text)
    if content.get("format") != FORMAT:
        raise DataRefused(
            f"The profile has format {content.get('format')}, and this version reads {FORMAT}: "
            "use the version that wrote it."
        )
    fields = tuple(_field(cells) for cells in content["fields"])
    return Profile(int(content["rows"]), fields)


def effective_rows(values: Floats, person: NDArray[np.int64]) -> float:
    """Return the effective sample size of `values` (no NaN), by `person` (codes): n / (1 + (m - 1) ICC).

    This is Kish's design effect: m is the mean over rows of the number of rows of the same person, and the intraclass
    correlation is that of a one-way analysis of variance (Donner 1986). The effective size of a static field is the
    number of persons.
    """
    sizes = np.bincount(person)
    sizes = sizes[sizes > 0].astype(np.float64)
    n, persons = float(values.size), sizes.size
    if persons == n or n == 0 or np.ptp(values) == 0:
        return n
    if persons == 1:
        return 1.0
    within, between = _mean_squares(values, person, persons)
    average_size = (n - np.sum(sizes**2) / n) / (persons - 1)
    icc = np.clip((between - within) / (between + (average_size - 1) * within), 0, 1)
    return float(n / (1 + (np.sum(sizes**2) / n - 1) * icc))


def _mean_squares(values: Floats, person: NDArray[np.int64], persons: int) -> tuple[float, float]:
    """Return the mean squares within and between persons."""
    size = np.bincount(person)
    mean = np.bincount(person, values) / np.maximum(size, 1)
    within = np.sum((values - mean[person]) ** 2) / (values.size - persons)
    between = np.sum(size * (mean - values.mean()) ** 2) / (persons - 1)
    return float(within), float(between)


def _profile_of(
    field: Field, frame: pd.DataFrame, person: NDArray[np.int64], *, edges: tuple[float, ...] | None
) -> FieldProfile:
    labels = field.categories if field.kind == "category" else ("0", "1") if field.kind == "flag" else ()
    values = _ordinals(frame[field.name], labels) if field.kind == "category" else numbers(frame, field.name)
    present = np.isfinite(values)
    known = int(present.sum())
    effective = effective_rows(values[present], person[present]) * (len(frame) / known if known else 1.0)
    if labels:
        edges = tuple(position + 0.5 for position in range(len(labels) - 1))
    edges = bin_edges(values) if edges is None else edges
    *counts, missing = bin_counts(edges, values).tolist()
    return FieldProfile(field.name, missing, effective, tuple(counts), () if labels else edges, labels)


def _ordinals(column: pd.Series, labels: tuple[str, ...]) -> Floats:
    """Return the position of each value in `labels`, NaN for null and for any other value."""
    code, values = codes(column)
    positions = np.array([float(labels.index(value)) if value in labels else np.nan for value in values] + [np.nan])
    return positions[code]


def _field(cells: dict[str, Any]) -> FieldProfile:
    return FieldProfile(
        name=cells["name"],
        missing=int(cells["missing"]),
        effective=float(cells["effective"]),
        counts=tuple(map(int, cells["counts"])),
        edges=tuple(map(float, cells["edges"])),
        labels=tuple(cells["labels"]),
    )
