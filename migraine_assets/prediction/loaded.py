"""A bundle prepared for serving: its recipe, inputs, reference row, limits and identity.

Everything is derived from the manifest, once, when the bundle is loaded. Not here: following the pointer and swapping
models (`serving.model.watcher`), the recipe (`prediction.recipe`), predicting (`prediction.predictor`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import Contract
from migraine_assets.core.features.engine import select
from migraine_assets.core.reference_bins import FeatureReference
from migraine_assets.errors import BundleRefused
from migraine_assets.prediction.intervals import CalibrationBand, calibration_band
from migraine_assets.prediction.recipe import HISTORY, ModelRecipe, model_recipe
from migraine_assets.stores.bundles.bundles import Bundle, load_bundle
from migraine_assets.stores.bundles.format_1 import FEATURES_VERSION
from migraine_assets.stores.bundles.manifest import Manifest
from migraine_assets.stores.bundles.provenance import BundleProvenance, load_provenance
from migraine_assets.stores.prediction_log.record import Arm
from migraine_assets.stores.simulated import is_simulated
from migraine_assets.stores.store import Store

# Values more than this many widths beyond the training range are out of range. The range is that of the inner edges of
# the bins (about the 10 % and 90 % points), because the manifest has no minimum and maximum. With 1, the limits of a
# normal distribution are 3.8 standard deviations from its mean.
FENCE = 1.0
# A week is the shortest window of the features, so no model needs more known days than that.
ENOUGH_DAYS = 7


class ModelIdentity(msgspec.Struct, frozen=True, gc=False):
    """The model that predicted. `bundle`: the SHA-256 of its content; `data_version`: the MD5 of its training data."""

    algorithm: str
    bundle: str
    data_version: str
    dagster_run: str | None
    mlflow_run: str | None
    arm: Literal["champion", "canary", "ab"]


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """One verified bundle with everything needed to predict.

    `names`: its features; `inputs` intp[F]: their columns in the plan of `recipe`; `takes_all`: whether they are all
    columns, in order. `fields_of`: the contract fields behind each feature. `row` float32[F]: the reference row.
    `fenced` intp[k]: the features that are a field of the day, `fenced_fields` their names, `low` and `high` float32[k]
    the range of training. `used`: the diary columns that it reads. `threshold`: the decision threshold. `least_days`:
    the number of known days among the last 28 below which it abstains. `identities`: by arm. `simulated`: whether it
    was trained on simulated diaries.
    """

    bundle: Bundle
    recipe: ModelRecipe
    contract: Contract
    names: tuple[str, ...]
    inputs: NDArray[np.intp]
    takes_all: bool
    fields_of: Mapping[str, tuple[str, ...]]
    row: NDArray[np.float32]
    fenced: NDArray[np.intp]
    fenced_fields: tuple[str, ...]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    used: frozenset[str]
    threshold: float
    least_days: int
    band: CalibrationBand | None
    same_features_code: bool
    identities: Mapping[str, ModelIdentity]
    simulated: bool = False

    @cached_property
    def one_person(self) -> bool:
        """Whether it was trained on the diary of one person."""
        return self.manifest.training.participants == 1

    @property
    def manifest(self) -> Manifest:
        """The manifest of the bundle."""
        return self.bundle.manifest

    def uses(self, columns: tuple[str, ...]) -> NDArray[np.bool_]:
        """Return which of `columns` it reads, bool[columns]."""
        return _uses(self.used, columns)


def load_model(store: Store, name: str, *, task: str) -> LoadedModel:
    """Load, verify and warm up the bundle `name`. Raises `BundleRefused` for one that cannot be served."""
    bundle = load_bundle(store, name)
    simulated = is_simulated(store, name, bundle.manifest.data_version)
    model = replace(prepare(bundle, load_provenance(store, name)), simulated=simulated)
    if model.manifest.task != task:
        raise BundleRefused(f"Bundle {name[:12]} is for the task '{model.manifest.task}', not for '{task}'.")
    warm_up(model)
    return model


def prepare(bundle: Bundle, provenance: BundleProvenance) -> LoadedModel:
    """Derive everything needed to predict. Raises `BundleRefused` for features that this version cannot compute."""
    manifest = bundle.manifest
    try:
        recipe = model_recipe(manifest)
    except ValueError as error:
        raise BundleRefused(f"Bundle {bundle.hash[:12]} cannot be served by this version: {error}") from error
    names, references, whole = manifest.names, manifest.references, manifest.recipe
    fields = _fields_of_the_day(manifest)
    fences = {name: fence for name in names if name in fields and (fence := _fence(references.get(name)))}
    return LoadedModel(
        bundle=bundle,
        recipe=recipe,
        contract=whole.contract,
        names=names,
        inputs=select(names, plan=recipe.plan),
        takes_all=names == recipe.plan.names,
        fields_of=whole.inputs,
        row=np.array([typical(references.get(name)) for name in names], dtype=np.float32),
        fenced=np.array([names.index(name) for name in fences], dtype=np.intp),
        fenced_fields=tuple(fields[name] for name in fences),
        low=np.array([low for low, _ in fences.values()], dtype=np.float32),
        high=np.array([high for _, high in fences.values()], dtype=np.float32),
        used=frozenset(
            column for name in names if _has_values(references.get(name)) for column in whole.columns_read[name]
        ),
        threshold=0.5 if manifest.threshold is None else manifest.threshold,
        least_days=_least_days(references.get(HISTORY)),
        band=calibration_band(manifest) if manifest.task == "attack" else None,
        same_features_code=bundle.format > 1 or manifest.features_version == FEATURES_VERSION,
        identities={arm: _identity(bundle, provenance, arm) for arm in get_args(Arm)},
    )


@lru_cache(maxsize=256)
def _uses(used: frozenset[str], columns: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([column in used for column in columns])


def _identity(bundle: Bundle, provenance: BundleProvenance, arm: Arm) -> ModelIdentity:
    manifest = bundle.manifest
    runs = provenance.dagster_run, provenance.mlflow_run
    return ModelIdentity(manifest.algorithm, bundle.hash, manifest.data_version, *runs, arm)


def warm_up(model: LoadedModel) -> None:
    """Predict one row and one block. Raises `BundleRefused` if an output is not finite."""
    for rows in (1, 64):
        outputs = model.bundle.predict(np.repeat(model.row[None], rows, axis=0))
        if not np.isfinite(outputs).all():
            raise BundleRefused(f"Bundle {model.bundle.hash[:12]} gives no finite output for a typical day.")


def typical(reference: FeatureReference | None) -> float:
    """Return the median of training, from the bins; NaN if most rows had no value.

    It is exact if each value has a bin of its own (few whole numbers), otherwise the middle of the median's bin.
    """
    if reference is None or 2 * reference.missing > sum(reference.counts) + reference.missing:
        return float("nan")
    edges = reference.edges
    if not edges:
        return float("nan")  # All rows had one value. The bins do not contain it; the graph imputes it.
    position = int(np.searchsorted(np.cumsum(reference.counts), sum(reference.counts) / 2))
    first_step = edges[1] - edges[0] if len(edges) > 1 else 1.0
    low = edges[position - 1] if position else edges[0] - first_step
    last_step = edges[-1] - edges[-2] if len(edges) > 1 else 1.0
    high = edges[position] if position < len(edges) else edges[-1] + last_step
    return (low + high) / 2


def _fence(reference: FeatureReference | None) -> tuple[float, float] | None:
    if reference is None or not reference.edges:
        return None
    width = (reference.edges[-1] - reference.edges[0]) or 1.0
    return reference.edges[0] - FENCE * width, reference.edges[-1] + FENCE * width


def _fields_of_the_day(manifest: Manifest) -> dict[str, str]:
    """Return the contract field of each feature that is a field's value of the day."""
    fields = {field.column: field.name for field in manifest.contract}
    return {
        f.name: fields[f.columns[0]] for f in manifest.features if f.operation == "today" and f.columns[0] in fields
    }


def _has_values(reference: FeatureReference | None) -> bool:
    """Return whether training had any value of the feature."""
    return reference is None or sum(reference.counts) > 0


def _least_days(reference: FeatureReference | None) -> int:
    """Return how many known days a participant needs: the first decile of training, at most a week, 0 without such an
    input.
    """
    if reference is None:
        return 0
    total, first = sum(reference.counts), 0.0
    for edge, filled in zip((*reference.edges, ENOUGH_DAYS), np.cumsum(reference.counts), strict=False):
        first = float(edge)
        if filled >= total / 10:
            break
    return max(1, min(ENOUGH_DAYS, int(first)))
