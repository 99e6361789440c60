"""The rows of the feature table that a model of a task is trained and tested on."""

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.evaluation.datasets import TaskData, columns_needed, dimensions, part_of, task_data
from migraine_assets.core.evaluation.folds import TEST, TRAIN, UNUSED
from migraine_assets.core.tasks import Task

NAMES = ("stress_level", "attack_today")
CUT = "2024-01-20"


def _table() -> pd.DataFrame:
    """Return two participants with twenty days each, `a` to train and `b` to test. Every fifth outcome is unknown."""
    days = pd.date_range("2024-01-01", periods=20)
    number = np.arange(40)
    return pd.DataFrame(
        {
            "participant_id": ["a"] * 20 + ["b"] * 20,
            "date": list(days) * 2,
            "stress_level": (number % 10).astype(np.float32),
            "attack_today": (number % 2).astype(np.float32),
            "target_attack": np.where(number % 5 == 0, np.nan, number % 3 == 0),
            "target_severity": np.where(number % 3 == 0, 5.0, np.nan),
            "group_sex": ["F"] * 20 + ["M"] * 20,
            "group_age": [30.0] * 20 + [70.0] * 20,
            "group_migraine_type": [None] * 20 + ["aura"] * 20,
        }
    )


def _cut(task: Task, *, kind: str | None = "severity", horizon: int = 1, cut_day: str | None = CUT) -> TaskData:
    table = _table()
    part = np.where(table["participant_id"] == "a", TRAIN, TEST).astype(np.int8)
    part[[3, 33]] = UNUSED
    fold = np.where(part == TRAIN, np.arange(40) % 2, -1).astype(np.int8)
    wanted = table[columns_needed(task, NAMES, groups=True)]
    return task_data(
        task, wanted, names=NAMES, part=part, fold=fold, severity_kind=kind, horizon=horizon, cut_day=cut_day
    )


def test_only_the_columns_that_are_read_are_needed() -> None:
    assert columns_needed("attack", NAMES) == ["participant_id", "date", *NAMES, "target_attack"]
    assert "target_attack" not in columns_needed("severity", NAMES)
    assert {"group_sex", "group_age", "group_migraine_type"} <= set(columns_needed("attack", NAMES, groups=True))


def test_rows_without_a_label_and_unused_rows_are_in_neither_part() -> None:
    data = _cut("attack", cut_day=None)
    assert len(data.train.y) == 20 - 4 - 1
    assert len(data.test.y) == 20 - 4 - 1
    assert not np.isnan(data.train.y).any()
    assert set(data.train_frame["participant_id"]) == {"a"}
    assert set(data.test.frame["participant_id"]) == {"b"}


def test_what_is_trained_on_was_known_before_the_cut() -> None:
    data = _cut("attack")
    assert (data.train_frame["date"] + pd.Timedelta(days=1)).max() < pd.Timestamp(CUT)
    assert len(_cut("attack", cut_day="2024-01-02").train.y) == 0, "the label of January 1st is of January 2nd"


def test_a_burden_reaches_a_week_ahead() -> None:
    short, long = _cut("severity"), _cut("severity", kind="burden")
    assert (long.train_frame["date"] + pd.Timedelta(days=7)).max() < pd.Timestamp(CUT)
    assert len(long.train.y) < len(short.train.y)
    assert (short.target, long.target) == ("severity", "burden")
    assert len(long.test.y) == len(short.test.y), "the test part is what the folds say"


def test_inputs_labels_codes_and_folds_are_of_the_same_rows() -> None:
    data, table = _cut("attack"), _table()
    for row in range(len(data.train.y)):
        source = table[table["date"] == data.train_frame["date"][row]].iloc[0]
        assert data.train.X[row, 0] == source["stress_level"]
        assert data.train.y[row] == source["target_attack"]
    assert data.train.X.dtype == np.float32
    assert data.train.names == NAMES
    assert set(np.unique(data.train.participant)) == {0}
    assert set(np.unique(data.train.fold)) == {0, 1}


def test_the_outcome_is_no_input() -> None:
    data = _cut("attack")
    assert data.train.X.shape[1] == len(NAMES)
    assert not any(name.startswith("target") for name in data.train_columns)


@pytest.mark.parametrize(("which", "person"), [("train", "a"), ("test", "b")])
def test_a_part_is_counted(which: str, person: str) -> None:
    data = _cut("attack")
    counts = part_of(data, which)  # type: ignore[arg-type]  # the two words
    frame = data.train_frame if which == "train" else data.test.frame
    assert (counts.rows, counts.participants) == (len(frame), 1)
    assert counts.first_day == f"{frame['date'].min():%Y-%m-%d}"
    assert part_of(_cut("severity"), "test").events is None
    assert set(frame["participant_id"]) == {person}


def test_an_undated_part_has_no_days() -> None:
    table = _table().assign(date=pd.NaT)
    part = np.full(40, TRAIN, np.int8)
    data = task_data(
        "attack", table, names=NAMES, part=part, fold=np.zeros(40, np.int8), severity_kind=None, horizon=0, cut_day=None
    )
    assert part_of(data, "train").first_day is None
    assert part_of(data, "test").rows == 0


def test_test_rows_are_divided_by_sex_age_and_type() -> None:
    groups = dimensions(_cut("attack"))
    assert set(groups) == {"Sex", "Age", "Migraine type"}
    assert set(groups["Sex"]) == {"M"}
    assert set(groups["Migraine type"]) == {"aura"}
