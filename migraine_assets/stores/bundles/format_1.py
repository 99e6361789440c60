"""The reader of manifests of format 1, which have only the names of features.

The code of that time defined the features. `format_1.json` has its contract fields, cleaning rules, quantities and
features as data. It is frozen: do not regenerate it. Not here: the current format (`stores.bundles.manifest`).
"""

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from migraine_assets.core.features.plan import Recipe
from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.core.reference_bins import FeatureReference
from migraine_assets.core.tasks import Task
from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.manifest import (
    Agreement,
    Calibration,
    Conformal,
    Manifest,
    Parameter,
    Part,
    TrainingCounts,
    outcome_of,
)

# The version of the feature code that the frozen recipe describes. The features of a manifest with another version may
# have been computed differently.
FEATURES_VERSION = "ae9dc0a29c0b6dd06f9220077001cf8b0b1f78ffb628d3bbcf07bafd6d334cbe"

# The number of rows that an explanation may score, by algorithm; 1280 for all others.
EXPLANATION_ROWS = {"knn": 96, "svm": 160, "random_forest": 640}


class ManifestFormat1(Part, frozen=True, tag_field="format", tag=1):
    """The manifest of format 1."""

    task: Task
    algorithm: str
    used: str
    params: dict[str, Parameter]
    seed: int
    horizon: int
    severity_kind: Literal["severity", "burden"] | None
    features: tuple[str, ...]
    features_version: str
    data_version: str
    calibration: Calibration | None
    threshold: float | None
    conformal: Conformal | None
    bounds: tuple[float, float] | None
    base_rate: float
    metrics: dict[str, IntervalRecord]
    reference: dict[str, FeatureReference]
    training: TrainingCounts
    agreement: Agreement
    libraries: dict[str, str]
    notes: tuple[str, ...]
    files: dict[str, str]


@cache
def recipe() -> Recipe:
    """Return the recipe of all features of format 1."""
    content = (files("migraine_assets.stores.bundles") / "format_1.json").read_bytes()
    return msgspec.json.decode(content, type=Recipe)


def upgraded(old: ManifestFormat1, *, where: str) -> Manifest:
    """Convert a manifest of format 1 to the current format.

    Raises `BundleRefused` for a feature that format 1 did not have.
    """
    whole = recipe()
    try:
        own = whole.narrowed(old.features)
    except ValueError as error:
        raise BundleRefused(f"The manifest of {where} cannot be read: {error}") from error
    unchanged = {name: getattr(old, name) for name in _UNCHANGED}
    return Manifest(
        outcome=outcome_of(old.task, old.severity_kind, whole.contract, horizon=old.horizon),
        contract=own.fields,
        cleaning=own.cleaning,
        quantities=own.quantities,
        features=own.features,
        reference=tuple(old.reference.values()),
        explanation_rows=EXPLANATION_ROWS.get(old.algorithm, 1280),
        **unchanged,
    )


_CHANGED = ("severity_kind", "features", "reference")
_UNCHANGED = tuple(name for name in ManifestFormat1.__struct_fields__ if name not in _CHANGED)
