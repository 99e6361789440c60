"""The training stages as plain calls of the package, without Dagster and MLflow.

The calls have the order and the settings of the real pipeline. Not here: measurements (`plain_pipeline`, `scale`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.profile import profile
from migraine_assets.core.diary.validation import Validated, validate
from migraine_assets.core.evaluation.cross_validation import CrossValidated, train_and_score
from migraine_assets.core.evaluation.datasets import TaskData, task_data
from migraine_assets.core.evaluation.folds import Folds, assign
from migraine_assets.core.features.matrix import FeatureRows, days_of, feature_rows
from migraine_assets.core.features.table import default_recipe
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import bounded_threads
from migraine_assets.core.quality import features as quality_features
from migraine_assets.core.quality import folds as quality_folds
from migraine_assets.core.quality.suite import raw_findings, validated_findings
from migraine_assets.core.reference_bins import references
from migraine_assets.core.tasks import Task
from migraine_assets.params import Params
from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.bundles.pack import Context, pack
from migraine_assets.stores.store import Store

HORIZON = 1


@dataclass(frozen=True)
class Split:
    """The feature table with its parts and folds."""

    rows: FeatureRows
    folds: Folds

    @property
    def cut_day(self) -> str | None:
        """First day of the test part, as an ISO date."""
        return None if self.folds.cut_day is None else str(date(1970, 1, 1) + timedelta(days=self.folds.cut_day))


@dataclass(frozen=True)
class Trained:
    """An evaluated model and the hash of its bundle."""

    judged: CrossValidated
    bundle: str


def validated(raw: pd.DataFrame, params: Params) -> Validated:
    """Validate the raw diary, with all checks of the raw and of the accepted rows."""
    today = datetime.now(UTC).date()
    raw_findings(raw, previous=None, settings=params.quality)
    result = validate(raw, today=today, settings=params.validation, dated=True)
    validated_findings(result, previous=None, today=today, settings=params.quality)
    return result


def preprocessed(valid: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Preprocess the diary, and compute the profile that the next delivery is compared with."""
    profile(valid)
    return preprocess(valid, cleaning=params.cleaning(CONTRACT)).diary


def featured(diary: pd.DataFrame, params: Params) -> FeatureRows:
    """Compute the feature table, with its checks."""
    rows = feature_rows(diary, horizon=HORIZON)
    check_features(rows, params)
    return rows


def check_features(rows: FeatureRows, params: Params) -> None:
    """Run all checks of the feature table."""
    inputs = rows.frame[list(rows.names)].to_numpy(np.float32)
    quality_features.features_finite(inputs, rows.names)
    quality_features.no_outcome_among_inputs(rows.names)
    quality_features.no_input_nearly_the_outcome(
        inputs,
        rows.names,
        attack=rows.frame["target_attack"].to_numpy(np.float64),
        participant=pd.factorize(rows.frame["participant_id"])[0].astype(np.int64),
        settings=params.quality,
    )


def split(rows: FeatureRows, params: Params) -> Split:
    """Assign training part, test part and folds, with their checks."""
    keys, day = rows.frame["participant_id"], days_of(rows.frame, dated=True)
    attack = rows.frame["target_attack"].to_numpy(np.float64)
    folds = assign(
        keys.to_numpy(object),
        day,
        ~np.isnan(attack),
        attack=attack,
        dated=True,
        ahead=HORIZON,
        settings=params.folds,
    )
    codes = pd.factorize(keys)[0].astype(np.int64)
    quality_folds.participants_disjoint(codes, folds.part, folds.fold)
    quality_folds.forward_in_time(folds.part, day, day + HORIZON, dated=True)
    quality_folds.both_classes(attack, folds.part, folds.fold)
    return Split(rows, folds)


def rows_of(task: Task, divided: Split) -> TaskData:
    """Return the training and test rows of `task`."""
    return task_data(
        task,
        divided.rows.frame,
        names=divided.rows.names,
        part=divided.folds.part,
        fold=divided.folds.fold,
        severity_kind=divided.rows.severity_kind,
        horizon=HORIZON,
        cut_day=divided.cut_day,
    )


def trained(estimator: Estimator, data: TaskData, store: Store, params: Params) -> Trained:
    """Cross-validate, fit, evaluate and export one model, verify its export, and store its bundle."""
    with bounded_threads(params.training.threads):
        judged = train_and_score(
            estimator,
            data,
            params=params.hyperparameters(estimator.task, estimator.key),
            seed=params.training.seed,
            threads=params.training.threads,
            replicates=params.training.replicates,
            horizon=HORIZON,
            limits=params.flags,
        )
        packed = pack(judged.fitted, data.train, _context(judged, data))
    return Trained(judged, write_bundle(store, packed.manifest, packed.model))


def fields_of(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the diary fields of each feature."""
    return {name: default_recipe().inputs[name] for name in names}


def _context(judged: CrossValidated, data: TaskData) -> Context:
    return Context(
        horizon=HORIZON,
        severity_kind="severity" if data.task == "severity" else None,
        recipe=default_recipe(),
        data_version="benchmark",
        metrics=judged.cv,
        reference=references(data.train.X, data.train.names),
    )
