"""Registered models in MLflow: versions and aliases of champions, for clients that use only MLflow.

MLflow has a copy of the champions. Not here: the champions themselves (`stores.registry`).
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from migraine_assets.stores.tracking.connection import Connection, TrackingUnavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODELS = {"attack": "migraine-attack", "severity": "migraine-severity"}
DESCRIPTIONS = {
    "attack": "The probability of a migraine attack on the predicted day. The alias champion is the serving model.",
    "severity": "The severity of the attack of the predicted day, given that there is one; for a diary without "
    "severities, the number of headache days among the next seven. The alias champion is the serving model.",
}
ALIASES = ("champion", "challenger")
HASH_TAG = "bundle_hash"
# Packages that loading the model needs. Without this list, MLflow would load the model to infer them.
_REQUIREMENTS = ("mlflow", "onnx", "onnxruntime", "numpy", "pandas")


class RegisteredModels:
    """The two registered models of a tracking store."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def register(
        self,
        task: str,
        *,
        model: bytes,
        features: Sequence[str],
        output: str,
        bundle_hash: str,
        run_id: str,
        example: Mapping[str, float],
        description: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Register the ONNX graph of a bundle as a version of the task's model, and return the version.

        `features`: columns of the input frame, in the order of the model's only input. `output`: column of the result.
        `run_id`: run to which the model is logged. `example`: a value of each feature for MLflow's input example, never
        a row of a diary. If the bundle is already registered, its version is returned.
        """
        name = MODELS[task]
        with self.connection.client() as client, self.connection.exclusive():
            if known := _version(client, name, bundle_hash):
                return known
            _create_registered_model(client, name, DESCRIPTIONS[task])
            with tempfile.TemporaryDirectory() as folder:
                _save(model, Path(folder, "model"), features=features, output=output, example=example)
                client.log_artifacts(run_id, folder)
            version = client.create_model_version(
                name,
                f"runs:/{run_id}/model",
                run_id,
                tags={**(tags or {}), HASH_TAG: bundle_hash},
                description=description,
            )
        return str(version.version)

    def point(self, task: str, *, champion: str, challenger: str | None = None) -> None:
        """Set the aliases to the versions of these bundles. Raises `TrackingUnavailable` if one is not registered."""
        name = MODELS[task]
        with self.connection.client() as client, self.connection.exclusive():
            for alias, bundle in zip(ALIASES, (champion, challenger), strict=True):
                if bundle is None:
                    client.delete_registered_model_alias(name, alias)
                else:
                    client.set_registered_model_alias(name, alias, _registered(client, name, bundle))


def _registered(client: "MlflowClient", name: str, bundle: str) -> str:
    if version := _version(client, name, bundle):
        return version
    raise TrackingUnavailable(f"MLflow has no version of '{name}' for bundle {bundle[:12]}. The aliases are unchanged.")


def _version(client: "MlflowClient", name: str, bundle: str) -> str | None:
    versions = client.search_model_versions(f"name = '{name}' and tags.{HASH_TAG} = '{bundle}'")
    return min((str(version.version) for version in versions), key=int, default=None)


def _create_registered_model(client: "MlflowClient", name: str, description: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name, description=description)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        if not client.get_registered_model(name).description:
            client.update_registered_model(name, description)


def _save(model: bytes, path: Path, *, features: Sequence[str], output: str, example: Mapping[str, float]) -> None:
    import mlflow.onnx
    import onnx
    import pandas as pd
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    # Clients' frames have doubles, which MLflow does not convert to floats, so the signature has doubles.
    inputs = Schema([ColSpec("double", name) for name in features])
    signature = ModelSignature(inputs, Schema([ColSpec("double", output)]))
    mlflow.onnx.save_model(
        onnx.load_model_from_string(model),
        str(path),
        signature=signature,
        input_example=pd.DataFrame([{name: float(example[name]) for name in features}]),
        pip_requirements=_requirements(),
        onnx_execution_providers=["CPUExecutionProvider"],
        onnx_session_options={"intra_op_num_threads": 1, "execution_mode": "sequential"},
        save_as_external_data=False,
    )


def _requirements() -> list[str]:
    from importlib.metadata import version

    return [f"{package}=={version(package)}" for package in _REQUIREMENTS]
