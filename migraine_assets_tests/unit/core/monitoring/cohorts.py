"""Windows of participants whose days resemble each other, for tests of drift."""

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.monitoring.drift.task_drift import DriftReference, Window
from migraine_assets.core.reference_bins import references

FEATURES = 12
NAMES = tuple(f"f{k}" for k in range(FEATURES))
FLAGS = NAMES[8:10]


def people(
    rng: np.random.Generator, count: int, days: int, *, alike: float = 0.5, shift: float = 0.0
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return participants, and values [count * days, FEATURES]: numbers, two flags, two ratings, some null."""
    who = np.repeat(np.arange(count), days)
    values = np.sqrt(alike) * rng.normal(size=(count, FEATURES))[who]
    values += np.sqrt(1 - alike) * rng.normal(size=(count * days, FEATURES)) + shift
    values[:, 8:10] = values[:, 8:10] > 0.8
    values[:, 10:] = np.round(2 * values[:, 10:])
    values[rng.random(values.shape) < 0.1] = np.nan
    values[(rng.random((count, FEATURES)) < 0.1)[who]] = np.nan
    return who, values


def against(rng: np.random.Generator, count: int = 100, days: int = 60, *, keep: bool = False) -> DriftReference:
    """Return a reference from other participants of the same population."""
    _, values = people(rng, count, days)
    bins = {item.name: item for item in references(values.astype(np.float32), NAMES)}
    samples = {name: np.sort(column[~np.isnan(column)]) for name, column in zip(NAMES, values.T, strict=True)}
    return DriftReference(bins, count, categories=FLAGS, samples=samples if keep else {})


def window(rng: np.random.Generator, count: int, days: int, *, shift: float = 0.0) -> Window:
    """Return a window of new participants."""
    who, values = people(rng, count, days, shift=shift)
    return Window(values, NAMES, who)
