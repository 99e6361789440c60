"""The profile of a delivery: how each field is distributed, kept for the next comparison.

Here belong counting, what the counts are worth, and the JSON form. Not here: what is too much
change (`core.quality.fields`), bins and their index (`core.reference_bins`).
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import BY_NAME, FIELDS, Field
from migraine_assets.core.diary.columns import codes, numbers
from migraine_assets.core.reference_bins import bin_counts, bin_edges, psi
from migraine_assets.errors import DataRefused

# Raised when the JSON form changes; `from_json` keeps reading the older numbers.
FORMAT = 1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FieldProfile:
    """Counts of one field.

    A number has `edges` and one count more than edges, as in `core.reference_bins`; a flag or category has `labels` and
    a count for each. `effective` is the number of independent rows that all rows are worth, as days of one
    person are alike.
    """

    name: str
    missing: int
    effective: float
    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def known(self) -> int:
        """Rows in which the field is not null."""
        return sum(self.counts)


@dataclass(frozen=True)
class Profile:
    """Number of rows, and every field but the keys."""

    rows: int
    fields: tuple[FieldProfile, ...]


def profile(frame: pd.DataFrame) -> Profile:
    """The profile of a frame with the contract's columns."""
    person, _ = pd.factorize(frame["participant_id"], use_na_sentinel=False)
    fields = [field for field in FIELDS if field.role != "key"]
    return Profile(len(frame), tuple(_profile_of(field, frame, person, edges=None) for field in fields))


def counted_like(before: FieldProfile, frame: pd.DataFrame) -> FieldProfile:
    """The same field in another frame, counted in the bins of `before`."""
    person, _ = pd.factorize(frame["participant_id"], use_na_sentinel=False)
    return _profile_of(BY_NAME[before.name], frame, person, edges=before.edges)


def stability(before: FieldProfile, now: FieldProfile) -> tuple[float, int]:
    """Population stability index of two profiles with equal bins, and the number of bins, missing being one."""
    first, second = np.array([*before.counts, before.missing]), np.array([*now.counts, now.missing])
    # A bin that both leave empty (no value is ever missing) says nothing and would only lower the shares.
    used = (first + second) > 0
    return psi(first[used], second[used]), int(used.sum())


def to_json(found: Profile) -> str:
    """The profile as JSON, the same text for the same profile."""
    return json.dumps({"format": FORMAT, **asdict(found)}, sort_keys=True)


def from_json(text: str) -> Profile:
    """The profile that `to_json` wrote. Raises `DataRefused` for a format that this version does not know."""
    content: dict[str, Any] = json.loads(text)
    if content.get("format") != FORMAT:
        raise DataRefused(
            f"The profile has format {content.get('format')}, and this version reads {FORMAT}: "
            "use the version that wrote it."
        )
    fields = tuple(_field(cells) for cells in content["fields"] if cells["name"] in BY_NAME)
    return Profile(int(content["rows"]), fields)


def effective_rows(values: Floats, person: NDArray[np.int64]) -> float:
    """How many independent rows `values` (no NaN) of `person` (codes) are worth: n / (1 + (m - 1) ICC).

    Kish's design effect with m the mean number of rows of the person that a row belongs to, and the intraclass
    correlation by one-way analysis of variance (Donner 1986). A static field is worth its persons, not its
    rows.
    """
    sizes = np.bincount(person)
    sizes = sizes[sizes > 0].astype(np.float64)
    n, people = float(values.size), sizes.size
    if people == n or n == 0 or np.ptp(values) == 0:
        return n
    if people == 1:
        return 1.0
    within, between = _mean_squares(values, person, people)
    usual = (n - np.sum(sizes**2) / n) / (people - 1)
    icc = np.clip((between - within) / (between + (usual - 1) * within), 0, 1)
    return float(n / (1 + (np.sum(sizes**2) / n - 1) * icc))


def _mean_squares(values: Floats, person: NDArray[np.int64], people: int) -> tuple[float, float]:
    """Mean squares within and between persons."""
    size = np.bincount(person)
    mean = np.bincount(person, values) / np.maximum(size, 1)
    within = np.sum((values - mean[person]) ** 2) / (values.size - people)
    between = np.sum(size * (mean - values.mean()) ** 2) / (people - 1)
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
        edges = tuple(place + 0.5 for place in range(len(labels) - 1))
    edges = bin_edges(values) if edges is None else edges
    *counts, missing = bin_counts(edges, values).tolist()
    return FieldProfile(field.name, missing, effective, tuple(counts), () if labels else edges, labels)


def _ordinals(column: pd.Series, labels: tuple[str, ...]) -> Floats:
    """The position of each value in `labels`, NaN for null and for any other value."""
    code, found = codes(column)
    places = np.array([float(labels.index(value)) if value in labels else np.nan for value in found] + [np.nan])
    return places[code]


def _field(cells: dict[str, Any]) -> FieldProfile:
    return FieldProfile(
        name=cells["name"],
        missing=int(cells["missing"]),
        effective=float(cells["effective"]),
        counts=tuple(map(int, cells["counts"])),
        edges=tuple(map(float, cells["edges"])),
        labels=tuple(cells["labels"]),
    )
