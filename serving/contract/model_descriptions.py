"""Response bodies that describe the served models: `/models` and the metadata of the Open Inference Protocol.

Their docstrings are the descriptions in the OpenAPI document. Not here: the other responses
(`serving.contract.responses`), how they are filled (`serving.api.status`, `serving.api.v2`).
"""

from typing import Literal

import msgspec

from migraine_assets.core.metrics.interval import IntervalRecord
from migraine_assets.stores.bundles.manifest import Outcome, TrainingCounts


class ServedModel(msgspec.Struct, frozen=True):
    """A model that serves. `bundle`: the SHA-256 of its content; `horizon`: days from "today" to the predicted day;
    `threshold`: of the attack, null for a severity model; `metrics`: cross-validated; `same_features_code`: it was
    trained by the code of features that this service runs; `simulated`: it was trained on simulated diaries.
    """

    algorithm: str
    bundle: str
    data_version: str
    dagster_run: str | None
    mlflow_run: str | None
    horizon: int
    outcome: Outcome
    severity_kind: Literal["severity", "burden"] | None
    threshold: float | None
    least_history_days: int
    features: list[str]
    same_features_code: bool
    simulated: bool
    metrics: dict[str, IntervalRecord]
    training: TrainingCounts
    notes: list[str]


class ServedRollout(msgspec.Struct, frozen=True):
    """A rollout candidate. In `shadow` mode, it predicts without answering; in `canary` and `ab` mode, it answers
    `percent` of the participants.
    """

    mode: Literal["shadow", "canary", "ab"]
    percent: float
    since: str
    model: ServedModel


class ServedTask(msgspec.Struct, frozen=True):
    """The models of one task. `rollout`: null if there is no rollout candidate."""

    champion: ServedModel
    rollout: ServedRollout | None


class Models(msgspec.Struct, frozen=True):
    """The models that serve, by task. `problems`: promoted models that could not be loaded."""

    version: int
    tasks: dict[str, ServedTask]
    problems: list[str]


class ServerMetadata(msgspec.Struct, frozen=True):
    """The server, in the format of the Open Inference Protocol."""

    name: str
    version: str
    extensions: list[str]


class ServerLive(msgspec.Struct, frozen=True):
    """Whether the process is alive."""

    live: bool


class ServerReady(msgspec.Struct, frozen=True):
    """Whether a model is loaded."""

    ready: bool


class ModelReady(msgspec.Struct, frozen=True):
    """Whether the model `name` is loaded."""

    name: str
    ready: bool


class TensorMetadata(msgspec.Struct, frozen=True):
    """An input or output of a model. A -1 in `shape` is any number of rows."""

    name: str
    datatype: str
    shape: list[int]


class ModelParameters(msgspec.Struct, frozen=True):
    """The features in the order of the columns of the input, and the algorithm."""

    features: list[str]
    algorithm: str
    simulated: bool


class ModelMetadata(msgspec.Struct, frozen=True):
    """A model, in the format of the Open Inference Protocol. `versions`: the bundle."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: ModelParameters
