"""One task's rows: what a model trains on and is tested on, cut from the feature table by the folds.

Not here: the split itself (`core.evaluation.folds`), what is fitted (`core.models.training`). All models of a task
get the same rows.
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
from migraine_assets.core.models.training import TrainingSet
from migraine_assets.core.tasks import Task

KEYS = ("participant_id", "date")
TARGET = {"attack": "target_attack", "severity": "target_severity"}
GROUPS = {"group_sex": "Sex", "group_age": "Age", "group_migraine_type": "Migraine type"}


@dataclass(frozen=True)
class TestSet:
    """Labelled rows of the test part: X float32[n, F], y float64[n], codes int64[n], `frame` the same rows."""

    X: NDArray[np.float32]
    y: NDArray[np.float64]
    participant: NDArray[np.int64]
    columns: Columns
    frame: pd.DataFrame


@dataclass(frozen=True)
class TaskData:
    """Both parts. `target` says what is predicted; `train_columns` are the columns that the baselines read."""

    task: Task
    target: Target
    train: TrainingSet
    train_columns: Columns
    train_frame: pd.DataFrame
    test: TestSet


def columns_needed(task: Task, names: Sequence[str], *, groups: bool = False) -> list[str]:
    """The columns of the feature table that `task_data` reads."""
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
) -> TaskData:
    """Cut `table` (the columns of `columns_needed`, row for row with `part` and `fold`).

    A label that looks further ahead than the next day is trained on only where it was complete before the cut day.
    """
    y = table[TARGET[task]].to_numpy(np.float64)
    who = pd.factorize(table["participant_id"])[0].astype(np.int64)
    burden = task == "severity" and severity_kind == "burden"
    known = ~np.isnan(y)
    train = known & (part == TRAIN) & _complete(table, BURDEN_DAYS if burden else horizon, cut_day)
    test = known & (part == TEST)
    X = table[list(names)].to_numpy(np.float32)
    target: Target = "attack" if task == "attack" else "burden" if burden else "severity"
    return TaskData(
        task=task,
        target=target,
        train=TrainingSet(X[train], names, y[train], who[train], fold[train]),
        train_columns=_columns(table, train),
        train_frame=_labels(table, train),
        test=TestSet(X[test], y[test], who[test], _columns(table, test), _labels(table, test)),
    )


def part_of(data: TaskData, which: Literal["train", "test"]) -> Part:
    """The size of one part, for the report."""
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
    """What the test rows are divided by in the report, by title: object[n] each."""
    frame = data.test.frame
    found: dict[str, Objects] = {}
    for column, title in GROUPS.items():
        values = frame[column]
        found[title] = age_band(values.to_numpy(np.float64)) if column == "group_age" else values.to_numpy(object)
    return found


def _complete(table: pd.DataFrame, ahead: int, cut_day: str | None) -> NDArray[np.bool_]:
    if cut_day is None:
        return np.ones(len(table), dtype=np.bool_)
    complete: NDArray[np.bool_] = (table["date"] + pd.Timedelta(days=ahead) < pd.Timestamp(cut_day)).to_numpy()
    return complete


# Column by column: the inputs of a million days are not to be copied for the sake of three of them.
def _columns(table: pd.DataFrame, chosen: NDArray[np.bool_]) -> Columns:
    return {name: table[name].to_numpy(np.float32)[chosen] for name in COLUMNS if name in table}


def _labels(table: pd.DataFrame, chosen: NDArray[np.bool_]) -> pd.DataFrame:
    kept = [name for name in (*KEYS, *GROUPS) if name in table]
    return table[kept][chosen].reset_index(drop=True)
