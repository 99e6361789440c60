"""One asset per trained model, made by one factory from the rows of `core.models.catalogue`.

The value of each asset is its bundle. Here belong keys, checks, caching, and the isolation of failures: a failed model
does not stop the others. Not here: training (`defs.assets.train`), promotion (`defs.assets.champions`).
"""

import traceback

import dagster as dg

from migraine_assets.core.models.catalogue import TABLE
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import bounded_threads
from migraine_assets.defs.assets import train as training
from migraine_assets.defs.caching import cache_value, cached_value, fingerprint
from migraine_assets.defs.checks.models import model_check_results, model_check_specs
from migraine_assets.defs.code_versions import code_version
from migraine_assets.defs.executors import TRAINING_POOL, training_tags
from migraine_assets.defs.metadata import model_metadata
from migraine_assets.defs.mlflow import log_model
from migraine_assets.defs.refs import FeaturesRef, FoldsRef, ModelRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import BundleRefused, ConfigurationError, DataRefused, StoreError
from migraine_assets.stores.bundles.provenance import BundleProvenance, add_provenance
from migraine_assets.stores.simulated import SIMULATED

OWNERS = ["team:ml"]
FAMILY = {"attack": "classifiers", "severity": "regressors"}
GROUP = {"attack": "g3_classifiers", "severity": "g4_regressors"}


def asset_key(estimator: Estimator) -> dg.AssetKey:
    """Return the asset key, for example `classifiers/xgboost`."""
    return dg.AssetKey([FAMILY[estimator.task], estimator.key])


def model_assets() -> list[dg.AssetsDefinition]:
    """Return the assets of all models in the table."""
    return [model_asset(estimator) for estimator in TABLE]


def model_asset(estimator: Estimator) -> dg.AssetsDefinition:
    """Return the asset that trains one model of the table."""
    key = asset_key(estimator)

    @dg.asset(
        key=key,
        group_name=GROUP[estimator.task],
        owners=OWNERS,
        kinds={estimator.library, "onnx"},
        description=f"{estimator.runs_as}. {estimator.note}",
        check_specs=model_check_specs(key),
        pool=TRAINING_POOL,
        op_tags=training_tags(estimator),
    )
    def model(  # type: ignore[no-untyped-def]  # Dagster would read the annotation as 'no value'
        context: dg.AssetExecutionContext, workspace: Workspace, features: FeaturesRef, folds: FoldsRef
    ):
        value, cached = _train_once(context, estimator, workspace, features, folds)
        return dg.MaterializeResult(
            value=value,
            data_version=dg.DataVersion(value.bundle or f"failed: {value.error}"),
            metadata=model_metadata(value, workspace, cached=cached),
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
    """Return the model cached for the same data, parameters and code, or train a new one.

    A failed model is trained again. A model that has not been logged to MLflow, because MLflow was unavailable or the
    run was killed, is logged now.
    """
    store, params = workspace.store, workspace.params()
    overrides = dict(params.hyperparameters(estimator.task, estimator.key))
    key = fingerprint(
        "/".join(asset_key(estimator).path),
        code=code_version(training.__name__),
        settings=[params.training, params.search, params.flags, overrides, features.delivery.outcome],
        inputs=[features.frame.version, folds.frame.version, features.delivery.md5, features.recipe.version],
    )
    value, cached = cached_value(
        store,
        key,
        make=lambda: _train_isolated(context, estimator, workspace, features, folds),
        intact=lambda model: training.intact(store, model),
    )
    if value.mlflow_run is None:
        value = log_model(context, workspace, features, value)
        cache_value(store, key, value)
    if value.bundle and value.mlflow_run:
        simulated = features.delivery.source == SIMULATED
        add_provenance(store, value.bundle, BundleProvenance(mlflow_run=value.mlflow_run, simulated=simulated))
    return value, cached


def _train_isolated(
    context: dg.AssetExecutionContext,
    estimator: Estimator,
    workspace: Workspace,
    features: FeaturesRef,
    folds: FoldsRef,
) -> ModelRef:
    """Train one model. Its failure becomes its value, so that the other models are still compared."""
    try:
        with bounded_threads(workspace.params().training.threads):
            return training.train(estimator, workspace, features, folds, run_id=context.run.run_id)
    except (BundleRefused, DataRefused) as error:
        context.log.warning(f"{estimator.key} could not be trained. {error}")
        return training.failed(estimator, str(error))
    except (ConfigurationError, StoreError):
        # For example folds of other features, or a full disk: the other models would fail too.
        raise
    except Exception as error:  # noqa: BLE001 - a library may raise anything; the trace goes to the log
        context.log.error(f"{estimator.key} could not be trained.\n{traceback.format_exc()}")
        return training.failed(estimator, f"{type(error).__name__}: {error}")
