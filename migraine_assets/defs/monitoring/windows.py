"""The data that a monitoring asset examines: predictions of a window, their model, and reported outcomes.

Not here: statistics (`core.monitoring`), assets (`defs.monitoring.assets`).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import Contract
from migraine_assets.core.evaluation.folds import TRAIN
from migraine_assets.core.metrics.interval import Scores
from migraine_assets.core.monitoring.outcomes import Predicted, latest_predictions
from migraine_assets.core.monitoring.performance_result import metric_intervals
from migraine_assets.core.tasks import TASKS, Task
from migraine_assets.defs.refs import current
from migraine_assets.params import MonitoringSettings
from migraine_assets.stores.assets.frames import read_frame
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets.stores.bundles.manifest import Manifest
from migraine_assets.stores.bundles.provenance import load_provenance
from migraine_assets.stores.monitoring.collection import SCHEMAS, read_collected
from migraine_assets.stores.monitoring.reported_outcomes import reported_outcomes
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store

COLUMNS = ("id", "time", "participant", "for_date", "task", "bundle", "arm", "output", "abstained", "latency_ms")
FEATURES = "features"
WEEK = 7


@dataclass(frozen=True)
class TaskWindow:
    """One task: its serving model and that model's predictions, one per participant and day.

    `frame` has the columns of the log and `key`. `own_test`: metrics of the model on its own test participants, or
    cross-validated if those are not known.
    """

    task: Task
    bundle: str
    manifest: Manifest
    own_test: Scores
    frame: pd.DataFrame

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The features float64[n, F] in the manifest's order."""
        rows = np.array(self.frame[FEATURES].tolist(), dtype=np.float64)
        return rows.reshape(len(self.frame), len(self.manifest.features))

    @property
    def unit(self) -> str:
        """What the rows are grouped by: participants, or the weeks of the one that the model was trained on."""
        return "weeks" if self.manifest.training.participants == 1 else "participants"

    @property
    def training_groups(self) -> int:
        """The number of participants, or of weeks, in the training data."""
        training = self.manifest.training
        return training.participants if self.unit == "participants" else max(1, training.rows // WEEK)

    def groups(self, frame: pd.DataFrame | None = None) -> NDArray[np.object_]:
        """The participant or week of each row of `frame`, by default of the window.

        A prediction without a participant counts as one of its own.
        """
        frame = self.frame if frame is None else frame
        if self.unit == "participants":
            return frame["participant"].fillna(frame["key"]).to_numpy(object)
        days = pd.to_datetime(frame["for_date"]).dt.strftime("%G-W%V")
        return days.fillna(frame["key"]).to_numpy(object)


def window_days(store: Store, settings: MonitoringSettings) -> int:
    """Return the length of a window: for a model of one person, as many weeks as it takes participants otherwise."""
    models = read_pointer(store).tasks.get("attack")
    if models is None or load_manifest(store, models.champion).training.participants > 1:
        return settings.window_days
    return max(settings.window_days, WEEK * max(settings.drift.least_people, settings.performance.least_people))


def days_to(day: dt.date, count: int) -> list[dt.date]:
    """Return the `count` days up to `day`."""
    return [day - dt.timedelta(days=back) for back in range(count - 1, -1, -1)]


def predictions(store: Store, days: list[dt.date], *, features: bool = False) -> pd.DataFrame:
    """Return the collected predictions of `days`."""
    columns = [*COLUMNS, FEATURES] if features else list(COLUMNS)
    return _concatenated([read_collected(store, "predictions", day, columns, damaged=[]).to_pandas() for day in days])


def damaged_days(store: Store, days: list[dt.date]) -> tuple[str, ...]:
    """Return a sentence for each damaged file of collected predictions, feedback or outcomes of `days`.

    The functions here read such a day as empty.
    """
    damaged: list[str] = []
    for day in days:
        for kind in SCHEMAS:
            read_collected(store, kind, day, ["time"], damaged=damaged)
        reported_outcomes(store, day, damaged=damaged)
    return tuple(damaged)


def task_windows(store: Store, frame: pd.DataFrame) -> Iterator[TaskWindow]:
    """Yield each served task with the predictions in `frame` that its champion made."""
    pointer = read_pointer(store)
    for task in TASKS:
        if task not in pointer.tasks:
            continue
        bundle = pointer.tasks[task].champion
        by_champion = (frame["task"] == task) & (frame["bundle"] == bundle)
        manifest = load_manifest(store, bundle)
        own_test = metric_intervals(load_provenance(store, bundle).test) or manifest.scores
        yield TaskWindow(task, bundle, manifest, own_test, latest_predictions(frame[by_champion]))


def predicted(manifest: Manifest) -> Predicted:
    """Return what the predictions of a model are about."""
    return Predicted(manifest.definition, manifest.horizon, Contract(manifest.contract))


def longest_horizon(store: Store) -> int:
    """Return how many days ahead the serving models predict at most; at least 1."""
    serving = read_pointer(store).tasks.values()
    return max([1, *(load_manifest(store, models.champion).horizon for models in serving)])


@dataclass(frozen=True)
class TrainingRows:
    """The rows that a model was trained on, float32[n, F] in its manifest's order, and their participants."""

    rows: NDArray[np.float32]
    participants: NDArray[np.object_]


def training_rows(store: Store, manifest: Manifest) -> TrainingRows | None:
    """Return the training rows of the model, or None if the store now has other features."""
    features, folds = current(store, "features"), current(store, "folds")
    if features is None or folds is None:
        return None
    present = (features.delivery.md5, features.code_version, folds.features)
    if present != (manifest.data_version, manifest.features_version, features.frame.version):
        return None
    train = read_frame(store, folds.frame, ["part"])["part"].to_numpy() == TRAIN
    frame = read_frame(store, features.frame, ["participant_id", *manifest.names])[train]
    return TrainingRows(frame[list(manifest.names)].to_numpy(np.float32), frame["participant_id"].to_numpy(object))


def feedback(store: Store, days: list[dt.date]) -> pd.DataFrame:
    """Return the feedback of users that arrived on `days`."""
    return _concatenated([read_collected(store, "feedback", day, damaged=[]).to_pandas() for day in days])


def diary_outcomes(store: Store, days: list[dt.date]) -> pd.DataFrame:
    """Return the outcomes that diary deliveries reported on `days`."""
    return _concatenated([reported_outcomes(store, day, damaged=[]) for day in days])


def _concatenated(tables: list[pd.DataFrame]) -> pd.DataFrame:
    # An empty table has no column types that could agree with the others.
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
