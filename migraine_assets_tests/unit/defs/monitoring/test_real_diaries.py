"""Real diaries: one half of the participants trains a champion, which serves the other half.

There is no drift between two halves of the same patients, unless a test adds it.
"""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.features.matrix import FeatureRows, feature_rows
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.monitoring.results import DRIFT, REALIZED, R, ResultKind, TaskResults, task_result
from migraine_assets_tests.unit.defs.monitoring.monitored_home import LAST, MonitoredHome

pytestmark = pytest.mark.slow


def _diary() -> pd.DataFrame:
    delivery = read_source("kostecki_dillon", mapping=None, options={}, landing=None)
    valid = validate(delivery.frame, today=dt.date(2026, 3, 1), settings=ValidationSettings()).valid
    diary: pd.DataFrame = preprocess(valid).diary
    return diary


def _halves(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    diary = _diary()
    people = np.random.default_rng(seed).permutation(diary["participant_id"].unique())
    first = set(people[: len(people) // 2])
    mine = diary["participant_id"].isin(first)
    return diary[mine].reset_index(drop=True), diary[~mine].reset_index(drop=True)


def _rows(diary: pd.DataFrame) -> FeatureRows:
    return feature_rows(diary, horizon=1)


def _watched(root: Path, diary: pd.DataFrame, served: pd.DataFrame, *, invert: bool = False) -> MonitoredHome:
    home = MonitoredHome.make(root, rows=_rows(diary))
    home.report_outcomes(home.serve(_rows(served), days=10), invert=invert)
    home.monitor_days(days=10)
    return home


def _attack(home: MonitoredHome, kind: ResultKind[TaskResults[R]]) -> R:
    result = task_result(home.store, kind, LAST, "attack")
    assert result is not None
    return result


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_other_half_of_the_patients_does_not_drift(tmp_path: Path, seed: int) -> None:
    home = _watched(tmp_path, *_halves(seed))
    drift = _attack(home, DRIFT)
    assert drift.status != "drift", drift.moved


def test_worse_air_is_drift_of_air_quality(tmp_path: Path) -> None:
    diary, served = _halves(1)
    served["air_quality"] += 3 * diary["air_quality"].std()
    drift = _attack(_watched(tmp_path, diary, served), DRIFT)
    assert drift.status == "drift"
    assert any(name.startswith("air_quality") for name in drift.moved)


def test_inverted_outcomes_are_a_degradation(tmp_path: Path) -> None:
    diary, served = _halves(1)
    home = _watched(tmp_path, diary, served, invert=True)
    assert _attack(home, REALIZED).status == "degraded"
