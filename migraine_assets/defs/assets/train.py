"""The training of one model: load the rows, fit and cross-validate, export, write the bundle.

Not here: fitting (`core.models.training`), scores (`core.evaluation.cross_validation`), the asset
(`defs.assets.models`).
"""

import datetime as dt

import pandas as pd

from migraine_assets.core.evaluation.cross_validation import CrossValidated, baseline_fits, train_and_score
from migraine_assets.core.evaluation.datasets import TaskData, columns_needed, task_data
from migraine_assets.core.metrics.interval import Scores
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.tuning import tune
from migraine_assets.core.reference_bins import MODEL_OUTPUT, reference, references
from migraine_assets.core.tasks import Task
from migraine_assets.defs.refs import FeaturesRef, Figures, FoldsRef, ModelRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.stores.assets.frames import FrameRef, read_frame, write_frame
from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.bundles.pack import Context, pack
from migraine_assets.stores.bundles.provenance import BundleProvenance
from migraine_assets.stores.simulated import SIMULATED
from migraine_assets.stores.store import Store


def load(task: Task, workspace: Workspace, features: FeaturesRef, folds: FoldsRef, *, groups: bool = False) -> TaskData:
    """Return the rows of one task. Raises `ConfigurationError` if the folds belong to other features."""
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
        outcome=features.delivery.outcome,
        forward=folds.forward,
    )


def train(
    estimator: Estimator, workspace: Workspace, features: FeaturesRef, folds: FoldsRef, *, run_id: str
) -> ModelRef:
    """Fit, cross-validate and export one model, and write its bundle to the store.

    Raises `DataRefused` if the diary has no target for the task or no training row has a known outcome.
    """
    if estimator.task == "severity" and features.severity_kind is None:
        raise DataRefused(
            "The diary has neither severities nor dates to count headache days by: there is no target to train on."
        )
    data, params = load(estimator.task, workspace, features, folds), workspace.params()
    if not len(data.train.y):
        raise DataRefused("No training row has a known outcome for this task.")
    tuned = tune(
        estimator,
        data.train,
        params=params.hyperparameters(estimator.task, estimator.key),
        seed=params.training.seed,
        threads=params.training.threads,
        settings=params.search,
    )
    model = train_and_score(
        estimator,
        data,
        params=tuned.params,
        seed=params.training.seed,
        threads=params.training.threads,
        replicates=params.training.replicates,
        horizon=features.delivery.horizon,
        limits=params.flags,
    )
    packed = pack(model.fitted, data.train, _context(model, data, features))
    bundle = write_bundle(workspace.store, packed.manifest, packed.model, provenance=_provenance(run_id, features))
    return _reference(model, bundle, _predictions(workspace.store, data, model))


def failed(estimator: Estimator, error: str) -> ModelRef:
    """Return the value of a model that could not be trained."""
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
    """Return whether a cached model can be used again: it did not fail, and its files exist."""
    return bool(
        value.bundle
        and value.predictions
        and store.exists(f"bundles/{value.bundle}/manifest.json")
        and store.exists(value.predictions.path)
    )


def figures(scores: Scores) -> Figures:
    """Return scores as (value, ci_low, ci_high), with None for an unknown value."""
    return {name: tuple(interval.to_json().values()) for name, interval in scores.items()}  # type: ignore[misc]


def _reference(model: CrossValidated, bundle: str, predictions: FrameRef) -> ModelRef:
    fitted = model.fitted
    return ModelRef(
        key=fitted.estimator.key,
        task=fitted.estimator.task,
        used=fitted.used,
        seconds=fitted.seconds,
        bundle=bundle,
        error=None,
        predictions=predictions,
        params=dict(fitted.params),
        cv=figures(model.cv),
        train=figures(model.train),
        lead=figures(model.lead),
        flags=model.flags,
        notes=fitted.notes,
        threshold=fitted.threshold,
        conformal=(fitted.conformal.coverage, fitted.conformal.quantile) if fitted.conformal else None,
        mlflow_run=None,
    )


def _context(model: CrossValidated, data: TaskData, features: FeaturesRef) -> Context:
    # Predictions for participants that the model was not trained on, like those that it will serve.
    outputs = reference(MODEL_OUTPUT, model.fitted.oof[data.train.predicted])
    return Context(
        horizon=features.delivery.horizon,
        severity_kind=features.severity_kind if data.task == "severity" else None,
        recipe=features.recipe,
        data_version=features.delivery.md5,
        metrics=model.cv,
        reference=(*references(data.train.X, data.train.names), outputs),
        outcome=features.delivery.outcome,
        own_rate_days=None if data.one_day else baseline_fits(data)["personal_rate"].days,
    )


def _predictions(store: Store, data: TaskData, model: CrossValidated) -> FrameRef:
    keys = data.train_frame[["participant_id", "date"]]
    frame = pd.DataFrame({"y": data.train.y, "prediction": model.fitted.oof, "fold": data.train.fold})
    name = f"predictions_{data.task}_{model.fitted.estimator.key}"
    return write_frame(store, name, pd.concat([keys, frame], axis=1))


def _provenance(run_id: str, features: FeaturesRef) -> BundleProvenance:
    made = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return BundleProvenance(dagster_run=run_id, made=made, simulated=features.delivery.source == SIMULATED)
