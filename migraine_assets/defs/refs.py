"""The values of assets: small frozen references to content-addressed files, never the data itself.

Here belong the types and their JSON form. Not here: reading and writing the files (`stores.assets.frames`).
"""

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from migraine_assets.core.contract import FIELDS, Field
from migraine_assets.core.diary.cleaning import DEFAULT, Cleaning
from migraine_assets.core.evaluation.data_flow import FlowStep
from migraine_assets.core.evaluation.flags import Flag
from migraine_assets.core.features.outcome import OutcomeDefinition
from migraine_assets.core.features.plan import Recipe
from migraine_assets.core.features.table import default_recipe
from migraine_assets.errors import StoreError
from migraine_assets.stores.assets.current_values import REMEDY, StoredValue, read_current
from migraine_assets.stores.assets.delivery_log import KeptFile
from migraine_assets.stores.assets.frames import FrameRef
from migraine_assets.stores.store import Store

Figures = dict[str, tuple[float | None, float | None, float | None]]


@dataclass(frozen=True)
class DeliveryInfo:
    """The delivery that a diary is from, and what is predicted of it, `horizon` days ahead.

    `md5` is its data version: the hash that DVC would record.
    """

    source: str
    description: str
    md5: str
    horizon: int
    mapping: str | None
    files: tuple[KeptFile, ...]
    notes: tuple[str, ...]
    first_day: str | None
    last_day: str | None
    outcome: OutcomeDefinition = dataclasses.field(default_factory=OutcomeDefinition)

    @property
    def dated(self) -> bool:
        """Whether the diary has dates."""
        return self.first_day is not None


@dataclass(frozen=True)
class DiaryRef:
    """A diary at one stage of the pipeline: the frame, its delivery, and a table of the changes made to it."""

    frame: FrameRef
    delivery: DeliveryInfo
    steps: tuple[FlowStep, ...] = ()
    columns: tuple[str, ...] = ()
    actions: tuple[tuple[str, ...], ...] = ()
    fields: tuple[Field, ...] = FIELDS
    cleaning: Cleaning = DEFAULT

    def actions_frame(self) -> pd.DataFrame:
        """Return the table of changes, as text."""
        return pd.DataFrame(list(self.actions), columns=list(self.columns))


@dataclass(frozen=True)
class FeaturesRef:
    """The feature table with its targets. `severity_kind` is "severity", "burden", or None if there is neither."""

    frame: FrameRef
    delivery: DeliveryInfo
    names: tuple[str, ...]
    severity_kind: str | None
    code_version: str
    steps: tuple[FlowStep, ...] = ()
    recipe: Recipe = dataclasses.field(default_factory=default_recipe)


@dataclass(frozen=True)
class FoldsRef:
    """The part and fold of each row of a feature table. `features` is the version of that table.

    `forward`: split in time. `one_person`: and all of it is of one person.
    """

    frame: FrameRef
    features: str
    columns: tuple[str, ...]
    summary: tuple[tuple[str, ...], ...]
    cut_day: str | None
    steps: tuple[FlowStep, ...] = ()
    forward: bool = False
    one_person: bool = False


@dataclass(frozen=True)
class ModelRef:
    """A trained model with its bundle and scores, or the error of a failed training.

    `used` is the estimator that was fitted. `cv` and `train` map a metric to (value, ci_low, ci_high); `lead` maps a
    baseline to the paired difference in ROC-AUC or RMSE to it, positive if the model is better. `predictions` are the
    out-of-fold predictions. `conformal` is (coverage, quantile).
    """

    key: str
    task: str
    used: str
    seconds: float
    bundle: str | None
    error: str | None
    predictions: FrameRef | None
    params: dict[str, Any]
    cv: Figures
    train: Figures
    lead: Figures
    flags: tuple[Flag, ...]
    notes: tuple[str, ...]
    threshold: float | None
    conformal: tuple[float, float] | None
    mlflow_run: str | None


@dataclass(frozen=True)
class Chosen:
    """A model that the evaluation proposes for serving."""

    key: str
    bundle: str
    mlflow_run: str | None


@dataclass(frozen=True)
class EvaluationRef:
    """The evaluation of one task: the best two models by cross-validation and the decision of the gate.

    `incumbent` is the bundle of the champion that the candidate was compared with. `champion` is None if no model met
    the bar. `report` is the folder of the report. `data` identifies the evaluated features and folds. `mlflow_run` is
    the MLflow run with the report, None if MLflow was unavailable.
    """

    task: str
    champion: Chosen | None
    challenger: Chosen | None
    incumbent: str | None
    accepted: bool
    reasons: tuple[str, ...]
    figures: Figures
    headline: str
    report: str
    data: str = ""
    mlflow_run: str | None = None


@dataclass(frozen=True)
class ChampionRef:
    """The promotion of one task: `outcome` is "promoted", "on trial", "unchanged", "refused" or "none".

    `bundle` and `algorithm`: of the current champion. `record`: the promotion record of this outcome, or if it has none
    the record that promoted the champion.
    """

    task: str
    outcome: str
    bundle: str | None
    challenger: str | None
    reasons: tuple[str, ...]
    record: str | None
    algorithm: str | None = None


def flow_step(name: str, frame: pd.DataFrame, note: str) -> FlowStep:
    """Return the stage `name` of the data flow, with the rows and participants of `frame`."""
    return FlowStep(name, len(frame), int(frame["participant_id"].nunique()), note)


TYPES: dict[str, type] = {
    cls.__name__: cls for cls in (DiaryRef, FeaturesRef, FoldsRef, ModelRef, EvaluationRef, ChampionRef)
}


def to_stored(value: object, *, run: str = "") -> StoredValue:
    """Return a reference as a document of the store, with the name of its type and the Dagster run that wrote it."""
    return StoredValue(type(value).__name__, dataclasses.asdict(value), run)  # type: ignore[call-overload]


def from_stored(stored: StoredValue) -> Any:
    """Return the reference in `stored`. Raises `StoreError` for an unknown type or a value of another type."""
    if stored.type not in TYPES:
        raise StoreError(f"The stored value has the unknown type '{stored.type}'.")
    try:
        return _adapter(stored.type).validate_python(stored.value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise StoreError(f"The stored {stored.type} is not valid: '{field}': {first['msg']}.") from error


def current(store: Store, key: str) -> Any | None:
    """Return the current value of the asset `key`, or None if it was never materialized.

    Raises `StoreError` if the value is damaged.
    """
    stored = read_current(store, key)
    try:
        return None if stored is None else from_stored(stored)
    except StoreError as error:
        raise StoreError(f"The value of '{key}' in {store.uri} is damaged. {error} {REMEDY}") from error


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(TYPES[name])
