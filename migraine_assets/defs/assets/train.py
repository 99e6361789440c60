"""What a model asset does, between the references it gets and the reference it returns.

Here belong loading rows, calling `core`, writing the bundle. Not here: Dagster's part (`defs.assets.models`).
"""

import datetime as dt
from typing import Any

import pandas as pd

from migraine_assets.core.evaluation.cross_validation import Judged, train_and_judge
from migraine_assets.core.evaluation.datasets import TaskData, columns_needed, task_data
from migraine_assets.core.metrics.interval import Scores
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.tuning import tune
from migraine_assets.core.monitoring.drift import MODEL_OUTPUT
from migraine_assets.core.reference_bins import reference, references
from migraine_assets.core.tasks import Task
from migraine_assets.defs.refs import FeaturesRef, Figures, FoldsRef, ModelRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.stores.assets.frames import read_frame, write_frame
from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.bundles.pack import Context, pack
from migraine_assets.stores.store import Store


def load(task: Task, workspace: Workspace, features: FeaturesRef, folds: FoldsRef, *, groups: bool = False) -> TaskData:
    """The rows of one task. Raises `ConfigurationError` where the folds belong to other features."""
    if folds.features != features.frame.version:
        raise ConfigurationError(
            "The folds were made for other features than the current ones: materialize 'folds' again."
        )
    table = read_frame(workspace.store, features.frame, columns_needed(task, features.names, groups=groups))
    split = read_frame(workspace.store, folds.frame, ["part", "fold"])
    return task_data(
        task,
        table,
        names=features.names,
        part=split["part"].to_numpy("int8"),
        fold=split["fold"].to_numpy("int8"),
        severity_kind=features.severity_kind,
        horizon=features.delivery.horizon,
        cut_day=folds.cut_day,
    )


def train(
    estimator: Estimator, workspace: Workspace, features: FeaturesRef, folds: FoldsRef, *, run_id: str
) -> ModelRef:
    """Fit, judge and export one model; its bundle is in the store when this returns."""
    if estimator.task == "severity" and features.severity_kind is None:
        raise DataRefused(
            "The diary holds neither severities nor dates to count headache days by: nothing to train on."
        )
    data, params = load(estimator.task, workspace, features, folds), workspace.params()
    if not len(data.train.y):
        raise DataRefused("No training row has a known outcome for this task.")
    chosen = tune(
        estimator,
        data.train,
        params=params.hyperparameters(estimator.task, estimator.key),
        seed=params.training.seed,
        threads=params.training.threads,
        settings=params.search,
    )
    judged = train_and_judge(
        estimator,
        data,
        params=chosen.params,
        seed=params.training.seed,
        threads=params.training.threads,
        replicates=params.training.replicates,
        horizon=features.delivery.horizon,
        limits=params.flags,
    )
    packed = pack(judged.fitted, data.train, _context(judged, data, features))
    bundle = write_bundle(workspace.store, packed.manifest, packed.model, provenance=_provenance(run_id))
    return _reference(judged, bundle, _predictions(workspace.store, data, judged))


def failed(estimator: Estimator, error: str) -> ModelRef:
    """The value of a model that could not be trained."""
    return ModelRef(
        key=estimator.key,
        task=estimator.task,
        used=estimator.runs_as,
        seconds=0.0,
        bundle=None,
        error=error,
        predictions=None,
        params={},
        cv={},
        train={},
        lead={},
        flags=(),
        notes=(),
        threshold=None,
        conformal=None,
        mlflow_run=None,
    )


def intact(store: Store, value: ModelRef) -> bool:
    """Whether a remembered model can be used again: it did not fail, and its files are there."""
    return bool(
        value.bundle
        and value.predictions
        and store.exists(f"bundles/{value.bundle}/manifest.json")
        and store.exists(value.predictions.path)
    )


def figures(scores: Scores) -> Figures:
    """Scores as triples, None for what cannot be computed."""
    return {name: tuple(found.to_json().values()) for name, found in scores.items()}  # type: ignore[misc]


def _reference(judged: Judged, bundle: str, predictions: Any) -> ModelRef:
    fitted = judged.fitted
    return ModelRef(
        key=fitted.estimator.key,
        task=fitted.estimator.task,
        used=fitted.used,
        seconds=fitted.seconds,
        bundle=bundle,
        error=None,
        predictions=predictions,
        params=dict(fitted.params),
        cv=figures(judged.cv),
        train=figures(judged.train),
        lead=figures(judged.lead),
        flags=judged.flags,
        notes=fitted.notes,
        threshold=fitted.threshold,
        conformal=(fitted.conformal.coverage, fitted.conformal.quantile) if fitted.conformal else None,
        mlflow_run=None,
    )


def _context(judged: Judged, data: TaskData, features: FeaturesRef) -> Context:
    # Scores of people that the model did not train on, as those that it will serve.
    scores = reference(MODEL_OUTPUT, judged.fitted.oof)
    found = (*references(data.train.X, data.train.names), scores)
    return Context(
        horizon=features.delivery.horizon,
        severity_kind=features.severity_kind if data.task == "severity" else None,
        features_version=features.code_version,
        data_version=features.delivery.md5,
        metrics={name: found.to_json() for name, found in judged.cv.items()},
        reference={item.name: item.to_json() for item in found},
    )


def _predictions(store: Store, data: TaskData, judged: Judged) -> Any:
    frame = pd.DataFrame({"y": data.train.y, "prediction": judged.fitted.oof, "fold": data.train.fold})
    whole = pd.concat([data.train_frame[["participant_id", "date"]], frame], axis=1)
    return write_frame(store, f"predictions_{data.task}_{judged.fitted.estimator.key}", whole)


def _provenance(run_id: str) -> dict[str, str]:
    return {"dagster_run": run_id, "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
