"""What a monitoring asset looks at: the predictions of a window and the model that they are held against.

Here belongs reading. Not here: statistics (`core.monitoring`), Dagster's part (`assets`).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.evaluation.folds import TRAIN
from migraine_assets.core.metrics.interval import Scores
from migraine_assets.core.monitoring.outcomes import last_predictions
from migraine_assets.core.monitoring.performance import metrics_from
from migraine_assets.core.tasks import TASKS, Task
from migraine_assets.defs.refs import from_stored
from migraine_assets.stores.assets.current_values import read_current
from migraine_assets.stores.assets.frames import read_frame
from migraine_assets.stores.bundles.bundles import load_manifest, load_provenance
from migraine_assets.stores.bundles.manifest import Manifest
from migraine_assets.stores.monitoring.collection import collected
from migraine_assets.stores.monitoring.reported_outcomes import told
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store

COLUMNS = ("id", "time", "participant", "for_date", "task", "bundle", "arm", "output", "abstained", "latency_ms")
FEATURES = "features"


@dataclass(frozen=True)
class TaskWindow:
    """One task: the model that serves it and its predictions, one for each person and day.

    `frame` has the columns of the log and `key`. `own_test`: the model's figures on its own test participants, or
    cross-validated where those are not known.
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
    def people(self) -> NDArray[np.object_]:
        """Who each row is; a prediction of nobody is somebody of its own."""
        return self.frame["participant"].fillna(self.frame["key"]).to_numpy(object)


def days_to(day: dt.date, count: int) -> list[dt.date]:
    """The `count` days up to `day`."""
    return [day - dt.timedelta(days=back) for back in range(count - 1, -1, -1)]


def predictions(store: Store, days: list[dt.date], *, features: bool = False) -> pd.DataFrame:
    """What was collected of `days`."""
    columns = [*COLUMNS, FEATURES] if features else list(COLUMNS)
    return _together([collected(store, "predictions", day, columns).to_pandas() for day in days])


def task_windows(store: Store, frame: pd.DataFrame) -> Iterator[TaskWindow]:
    """Each task that a champion serves, with what that model said as champion in `frame`."""
    pointer = read_pointer(store)
    for task in TASKS:
        if task not in pointer.tasks:
            continue
        bundle = pointer.tasks[task].champion
        mine = (frame["task"] == task) & (frame["bundle"] == bundle)
        manifest = load_manifest(store, bundle)
        own = metrics_from(load_provenance(store, bundle).get("test") or manifest.metrics)
        yield TaskWindow(task, bundle, manifest, own, last_predictions(frame[mine]))


@dataclass(frozen=True)
class Learned:
    """The rows that a model was trained on: float32[n, F] in its manifest's order, and whose each is."""

    rows: NDArray[np.float32]
    people: NDArray[np.object_]


def learned(store: Store, manifest: Manifest) -> Learned | None:
    """The training rows of the model, where the features that it learned from are still those of the store."""
    kept, split = read_current(store, "features"), read_current(store, "folds")
    if kept is None or split is None:
        return None
    features, folds = from_stored(kept), from_stored(split)
    same = (features.delivery.md5, features.code_version, folds.features)
    if same != (manifest.data_version, manifest.features_version, features.frame.version):
        return None
    part = read_frame(store, folds.frame, ["part"])["part"].to_numpy() == TRAIN
    frame = read_frame(store, features.frame, ["participant_id", *manifest.features])[part]
    return Learned(frame[list(manifest.features)].to_numpy(np.float32), frame["participant_id"].to_numpy(object))


def feedback(store: Store, days: list[dt.date]) -> pd.DataFrame:
    """The words of users on `days`."""
    return _together([collected(store, "feedback", day).to_pandas() for day in days])


def diary_words(store: Store, days: list[dt.date]) -> pd.DataFrame:
    """What deliveries told on `days`."""
    return _together([told(store, day) for day in days])


def _together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    # An empty table has no types that the others would agree with.
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
