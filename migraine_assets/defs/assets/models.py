"""Sixteen trained models, each an asset of its own, made by one factory from the table in `core.models.catalogue`.

The value of each is its bundle. Not here: what a model is (`core.models.catalogue`), who is promoted (`champions`).
"""

import traceback

import dagster as dg

from migraine_assets.core.models.catalogue import TABLE
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import bounded
from migraine_assets.defs.assets.train import failed, intact, train
from migraine_assets.defs.caching import code_version, fingerprint, recall, remember
from migraine_assets.defs.checks.models import model_check_results, model_check_specs
from migraine_assets.defs.executors import TRAINING_POOL, training_tags
from migraine_assets.defs.metadata import model_metadata
from migraine_assets.defs.mlflow import log_model
from migraine_assets.defs.refs import FeaturesRef, FoldsRef, ModelRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import BundleRefused, ConfigurationError, DataRefused, StoreError
from migraine_assets.stores.bundles.bundles import add_provenance

OWNERS = ["team:ml"]
FAMILY = {"attack": "classifiers", "severity": "regressors"}
GROUP = {"attack": "g3_classifiers", "severity": "g4_regressors"}
KINDS = {"xgboost": "xgboost", "lightgbm": "lightgbm"}


def asset_key(estimator: Estimator) -> dg.AssetKey:
    """Such as `classifiers/xgboost`."""
    return dg.AssetKey([FAMILY[estimator.task], estimator.key])


def model_assets() -> list[dg.AssetsDefinition]:
    """All sixteen."""
    return [model_asset(estimator) for estimator in TABLE]


def model_asset(estimator: Estimator) -> dg.AssetsDefinition:
    """The asset that trains one row of the table."""
    key = asset_key(estimator)

    @dg.asset(
        key=key,
        group_name=GROUP[estimator.task],
        owners=OWNERS,
        kinds={KINDS.get(estimator.key, "scikitlearn"), "onnx"},
        description=f"{estimator.runs_as}. {estimator.note}",
        check_specs=model_check_specs(key),
        pool=TRAINING_POOL,
        op_tags=training_tags(estimator),
    )
    def model(  # type: ignore[no-untyped-def]  # Dagster would take the annotation for 'no value'
        context: dg.AssetExecutionContext, workspace: Workspace, features: FeaturesRef, folds: FoldsRef
    ):
        value, remembered = _train_once(context, estimator, workspace, features, folds)
        return dg.MaterializeResult(
            value=value,
            data_version=dg.DataVersion(value.bundle or f"failed: {value.error}"),
            metadata=model_metadata(value, remembered=remembered),
            check_results=model_check_results(value, key),
        )

    return model


def _train_once(
    context: dg.AssetExecutionContext,
    estimator: Estimator,
    workspace: Workspace,
    features: FeaturesRef,
    folds: FoldsRef,
) -> tuple[ModelRef, bool]:
    """The model trained before on the same data, parameters and code, or a new one; a failure is tried again.

    What MLflow has not been told yet, because it did not answer or the run was killed, it is told now.
    """
    params = workspace.params()
    key = fingerprint(
        "/".join(asset_key(estimator).path),
        code=code_version("migraine_assets.core", "migraine_assets.stores", "migraine_assets.defs.assets.train"),
        settings=[
            params.training,
            params.search,
            params.flags,
            dict(params.hyperparameters(estimator.task, estimator.key)),
        ],
        inputs=[features.frame.version, folds.frame.version, features.delivery.md5],
    )

    value, remembered = recall(
        workspace.store,
        key,
        make=lambda: _train_alone(context, estimator, workspace, features, folds),
        intact=lambda found: intact(workspace.store, found),
    )
    if value.mlflow_run is None:
        value = log_model(context, workspace, features, value)
        remember(workspace.store, key, value)
    if value.bundle and value.mlflow_run:
        add_provenance(workspace.store, value.bundle, {"mlflow_run": value.mlflow_run})
    return value, remembered


def _train_alone(
    context: dg.AssetExecutionContext,
    estimator: Estimator,
    workspace: Workspace,
    features: FeaturesRef,
    folds: FoldsRef,
) -> ModelRef:
    """One model that fails fails alone: its error is its value, so that the other fifteen are still compared."""
    try:
        with bounded(workspace.params().training.threads):
            return train(estimator, workspace, features, folds, run_id=context.run.run_id)
    except (BundleRefused, DataRefused) as error:
        context.log.warning(f"{estimator.key} could not be trained. {error}")
        return failed(estimator, str(error))
    except (ConfigurationError, StoreError):
        # Folds of other features, a full disk: not this model's fault, and no other would fare better.
        raise
    except Exception as error:  # noqa: BLE001 - a library may raise anything; the trace goes to the log
        context.log.error(f"{estimator.key} could not be trained.\n{traceback.format_exc()}")
        return failed(estimator, f"{type(error).__name__}: {error}")
