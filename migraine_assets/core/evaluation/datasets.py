"""The training and test rows of one task, selected from the feature table by the split.

All models of a task get the same rows. Not here: the split (`core.evaluation.folds`), fitting
(`core.models.training`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.evaluation.baselines import COLUMNS, Columns, Target
from migraine_assets.core.evaluation.folds import TEST, TRAIN
from migraine_assets.core.evaluation.results import Part
from migraine_assets.core.evaluation.subgroups import Objects, age_band
from migraine_assets.core.features.labels import BURDEN_DAYS
from migraine_assets.core.features.matrix import days_of
from migraine_assets.core.features.outcome import OutcomeDefinition
from migraine_assets.core.models.training import TimeOrder, TrainingSet, clusters
from migraine_assets.core.tasks import Task

KEYS = ("participant_id", "date")
TARGET = {"attack": "target_attack", "severity": "target_severity"}
GROUPS = {"group_sex": "Sex", "group_age": "Age", "group_migraine_type": "Migraine type"}


@dataclass(frozen=True)
class TestSet:
    """The labeled test rows.

    `X` float32[n, F]; `y` float64[n]; `participant` int64[n] codes. `columns`: inputs of the baselines. `frame`: keys
    and groups of the rows. `cluster` int64[n]: the groups that a bootstrap draws (`TrainingSet.cluster`).
    """

    X: NDArray[np.float32]
    y: NDArray[np.float64]
    participant: NDArray[np.int64]
    columns: Columns
    frame: pd.DataFrame
    cluster: NDArray[np.int64]


@dataclass(frozen=True)
class TaskData:
    """The training and test rows of one task. `train_columns`: inputs of the baselines for the training rows.

    `one_day`: whether the outcome is that of any single day, not of a window or of the first day of an attack.
    """

    task: Task
    target: Target
    train: TrainingSet
    train_columns: Columns
    train_frame: pd.DataFrame
    test: TestSet
    one_day: bool = True

    @property
    def one_person(self) -> bool:
        """Whether all of it is the diary of one person, split in time."""
        return self.train.order is not None and np.unique(self.train.participant).size == 1


def columns_needed(task: Task, names: Sequence[str], *, groups: bool = False) -> list[str]:
    """Return the columns of the feature table that `task_data` reads."""
    return [*KEYS, *names, TARGET[task], *(GROUPS if groups else ())]


def task_data(
    task: Task,
    table: pd.DataFrame,
    *,
    names: tuple[str, ...],
    part: NDArray[np.int8],
    fold: NDArray[np.int8],
    severity_kind: str | None,
    horizon: int,
    cut_day: str | None,
    outcome: OutcomeDefinition | None = None,
    forward: bool = False,
) -> TaskData:
    """Select the training and test rows of `table`.

    `table` has the columns `columns_needed` and one row for each element of `part` and `fold`. A training row must have
    a label that was complete before `cut_day`. `forward`: the folds follow each other in time.
    """
    y = table[TARGET[task]].to_numpy(np.float64)
    participant = pd.factorize(table["participant_id"])[0].astype(np.int64)
    burden = task == "severity" and severity_kind == "burden"
    known = ~np.isnan(y)
    ahead = BURDEN_DAYS if burden else horizon
    train = known & (part == TRAIN) & _complete(table, ahead, cut_day)
    test = known & (part == TEST)
    X = table[list(names)].to_numpy(np.float32)
    day = days_of(table, dated=True) if forward else None
    order = None if day is None else TimeOrder(day[train], day[train] + ahead)
    target: Target = "attack" if task == "attack" else "burden" if burden else "severity"
    return TaskData(
        task=task,
        target=target,
        train=TrainingSet(X[train], names, y[train], participant[train], fold[train], order),
        train_columns=_columns(table, train),
        train_frame=_labels(table, train),
        test=TestSet(
            X[test],
            y[test],
            participant[test],
            _columns(table, test),
            _labels(table, test),
            cluster=clusters(participant[test], None if day is None else day[test]),
        ),
        one_day=outcome is None or (outcome.window == "day" and not outcome.attack.free_days),
    )


def part_of(data: TaskData, which: Literal["train", "test"]) -> Part:
    """Return the size and period of the training or test rows."""
    rows = data.train if which == "train" else data.test
    frame = data.train_frame if which == "train" else data.test.frame
    days = frame["date"].dropna()
    return Part(
        rows=len(rows.y),
        participants=int(np.unique(rows.participant).size),
        events=int(rows.y.sum()) if data.task == "attack" else None,
        first_day=f"{days.min():%Y-%m-%d}" if len(days) else None,
        last_day=f"{days.max():%Y-%m-%d}" if len(days) else None,
    )


def dimensions(data: TaskData) -> dict[str, Objects]:
    """Return the dimensions of the subgroups for the test rows: object[n] by title; none of one person."""
    if data.one_person:
        return {}
    frame = data.test.frame
    labels: dict[str, Objects] = {}
    for column, title in GROUPS.items():
        values = frame[column]
        labels[title] = age_band(values.to_numpy(np.float64)) if column == "group_age" else values.to_numpy(object)
    return labels


def _complete(table: pd.DataFrame, ahead: int, cut_day: str | None) -> NDArray[np.bool_]:
    if cut_day is None:
        return np.ones(len(table), dtype=np.bool_)
    complete: NDArray[np.bool_] = (table["date"] + pd.Timedelta(days=ahead) < pd.Timestamp(cut_day)).to_numpy()
    return complete


# Select column by column, so that the features of a million days are not copied for a few columns.
def _columns(table: pd.DataFrame, mask: NDArray[np.bool_]) -> Columns:
    return {name: table[name].to_numpy(np.float32)[mask] for name in COLUMNS if name in table}


def _labels(table: pd.DataFrame, mask: NDArray[np.bool_]) -> pd.DataFrame:
    columns = [name for name in (*KEYS, *GROUPS) if name in table]
    return table[columns][mask].reset_index(drop=True)
