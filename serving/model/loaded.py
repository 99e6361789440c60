"""A bundle made ready to answer: where its inputs lie, its reference row, its limits, its identity.

Here belongs everything that is worked out once, when a bundle is loaded. Not here: loading and swapping (`models`),
answering (`engine`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.features import engine
from migraine_assets.core.features.table import default_recipe
from migraine_assets.core.reference_bins import FeatureReference
from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.bundles import Bundle, load_bundle, load_provenance
from migraine_assets.stores.bundles.format_1 import FEATURES_VERSION
from migraine_assets.stores.bundles.manifest import Manifest
from migraine_assets.stores.prediction_log.record import Arm
from migraine_assets.stores.store import Store
from serving.contract.responses import ModelIdentity
from serving.input.columns import FIELD_OF, ORDER
from serving.model.intervals import CalibrationBand, calibration_band

HISTORY = "observed_28d"
# Beyond the outermost inner edges (about the 10 % and 90 % points) by their whole distance: 3.8 standard deviations
# of a normal distribution. The manifest holds no extremes.
FENCE = 1.0
# A week is the shortest window of the features: with as much of a person's past, no more is asked.
ENOUGH_DAYS = 7

_FEATURE = {feature.name: feature for feature in default_recipe().features}


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """One verified bundle with all that answering needs.

    `inputs` intp[F]: its features among those computed; `asks_all`: whether they are all of them, in order. `row`
    float32[F]: the reference row. `fenced`: today's plain fields among the computed features, `low` and `high` float32:
    what training saw of them. `used` bool[columns]: the diary columns that it looks at. `threshold`: the probability
    from which an attack is announced. `least_days`: known days in 28 below which it abstains. `identities`: by arm.
    """

    bundle: Bundle
    inputs: NDArray[np.intp]
    asks_all: bool
    row: NDArray[np.float32]
    fenced: NDArray[np.intp]
    fields: tuple[str, ...]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    used: NDArray[np.bool_]
    threshold: float
    least_days: int
    band: CalibrationBand | None
    same_features_code: bool
    identities: Mapping[str, ModelIdentity]

    @cached_property
    def used_key(self) -> bytes:
        """`used`, to be looked up by."""
        return self.used.tobytes()

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        return self.bundle.manifest


def load_model(store: Store, name: str, *, task: str) -> LoadedModel:
    """Load, verify and warm up the bundle `name`. Raises `BundleRefused` for anything that cannot be served."""
    served = prepare(load_bundle(store, name), load_provenance(store, name))
    if served.manifest.task != task:
        raise BundleRefused(f"Bundle {name[:12]} is for the task '{served.manifest.task}', not for '{task}'.")
    warm_up(served)
    return served


def prepare(bundle: Bundle, provenance: Mapping[str, Any]) -> LoadedModel:
    """Work out what answering needs. Raises `BundleRefused` where the code does not compute a feature."""
    manifest = bundle.manifest
    try:
        inputs = engine.select(manifest.names)
    except ValueError as error:
        raise BundleRefused(f"Bundle {bundle.hash[:12]} does not fit this version: {error}") from error
    names, references = manifest.names, manifest.references
    direct = [name for name in names if _plain_field(name) and _bounds(references.get(name))]
    bounds = [_bounds(references[name]) or (0.0, 0.0) for name in direct]
    return LoadedModel(
        bundle=bundle,
        inputs=inputs,
        asks_all=names == engine.NAMES,
        row=np.array([typical(references.get(name)) for name in names], dtype=np.float32),
        fenced=engine.select(direct),
        fields=tuple(str(_plain_field(name)) for name in direct),
        low=np.array([low for low, _ in bounds], dtype=np.float32),
        high=np.array([high for _, high in bounds], dtype=np.float32),
        used=_used([name for name in names if _met(references.get(name))]),
        threshold=0.5 if manifest.threshold is None else manifest.threshold,
        least_days=_least_days(references.get(HISTORY)),
        band=calibration_band(manifest) if manifest.task == "attack" else None,
        same_features_code=bundle.format > 1 or manifest.features_version == FEATURES_VERSION,
        identities={arm: _identity(bundle, provenance, arm) for arm in get_args(Arm)},
    )


def _identity(bundle: Bundle, provenance: Mapping[str, Any], arm: Arm) -> ModelIdentity:
    dagster, mlflow = (provenance.get(name) for name in ("dagster_run", "mlflow_run"))
    manifest = bundle.manifest
    return ModelIdentity(manifest.algorithm, bundle.hash, manifest.data_version, dagster, mlflow, arm)


def warm_up(served: LoadedModel) -> None:
    """Ask it once for a row and once for a block. Raises `BundleRefused` where it gives no finite answer."""
    for rows in (1, 64):
        answers = served.bundle.predict(np.repeat(served.row[None], rows, axis=0))
        if not np.isfinite(answers).all():
            raise BundleRefused(f"Bundle {served.bundle.hash[:12]} gives no number for a typical day.")


def typical(found: FeatureReference | None) -> float:
    """The median of training from the bins: NaN where most rows had none.

    With a bin for each value (few whole numbers) it is exact, otherwise the middle of the bin that holds the median.
    """
    if found is None or 2 * found.missing > sum(found.counts) + found.missing:
        return float("nan")
    if not found.edges:
        return float("nan")  # One value only, which the bins do not tell: the model's own imputation knows it.
    place = int(np.searchsorted(np.cumsum(found.counts), sum(found.counts) / 2))
    edges = found.edges
    step = edges[1] - edges[0] if len(edges) > 1 else 1.0
    low = edges[place - 1] if place else edges[0] - step
    last = edges[-1] - edges[-2] if len(edges) > 1 else 1.0
    high = edges[place] if place < len(edges) else edges[-1] + last
    return (low + high) / 2


def _bounds(found: FeatureReference | None) -> tuple[float, float] | None:
    if found is None or not found.edges:
        return None
    width = (found.edges[-1] - found.edges[0]) or 1.0
    return found.edges[0] - FENCE * width, found.edges[-1] + FENCE * width


def _plain_field(name: str) -> str | None:
    """The diary field that the feature is today's value of, if it is a plain number."""
    row = _FEATURE[name]
    column = row.columns[0]
    if row.window != 1 or row.columns != (name.removesuffix("_today"),) or column not in FIELD_OF:
        return None
    return FIELD_OF[column]


def _met(found: FeatureReference | None) -> bool:
    """Whether training had any value of the feature."""
    return found is None or sum(found.counts) > 0


def _used(names: Sequence[str]) -> NDArray[np.bool_]:
    fields = {field for name in names for field in default_recipe().inputs[name]}
    return np.array([FIELD_OF[column] in fields for column in ORDER])


def _least_days(found: FeatureReference | None) -> int:
    """Known days that a person needs: the first decile of training, at most a week; 0 where history is no input."""
    if found is None:
        return 0
    total, first = sum(found.counts), 0.0
    for edge, filled in zip((*found.edges, ENOUGH_DAYS), np.cumsum(found.counts), strict=False):
        first = float(edge)
        if filled >= total / 10:
            break
    return max(1, min(ENOUGH_DAYS, int(first)))
