"""Checks of single fields (missing values, outliers, drift); each fails on its fault, and does not on noise."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.diary.profile import FieldProfile, profile
from migraine_assets.core.quality.fields import (
    drift_from_previous,
    missing_values,
    outliers,
    outliers_of,
    psi_limit,
)
from migraine_assets.core.quality.finding import Finding
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets_tests.unit.core.raw_frames import good_days, kostecki_dillon, raw_frame

SETTINGS = QualitySettings()


def _diary(people: int, days: int, *, seed: int, sleep: float = 7.0) -> pd.DataFrame:
    """Return days of people whose sleep, caffeine and attack rates differ, so that days of one person are similar."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), days)
    own = rng.normal(size=people)[person]
    cells = {
        "participant_id": [f"p{p}" for p in person],
        "age": rng.integers(20, 70, people)[person],
        "sleep_hours": np.clip(sleep + own + rng.normal(size=person.size), 0, 18),
        "caffeine_intake": rng.poisson(np.exp(own)),
        "migraine_occurrence": (rng.random(person.size) < 1 / (1 + np.exp(1 - own))).astype(float),
    }
    return raw_frame(pd.DataFrame(cells))


def _with(values: list[Any], name: str) -> pd.DataFrame:
    return raw_frame([{"participant_id": f"p{i}", name: value} for i, value in enumerate(values)])


def _missing(name: str, share: float) -> Finding:
    frame = good_days(10, 10)
    frame.loc[: round(100 * share) - 1, name] = np.nan
    return missing_values(frame, settings=SETTINGS)


@pytest.mark.parametrize(
    ("name", "share", "passed", "blocking"),
    [
        ("sleep_hours", 0.50, True, False),
        ("sleep_hours", 0.51, False, False),
        ("sleep_hours", 1.00, True, False),  # the source does not have it
        ("migraine_severity", 0.90, True, False),
        ("migraine_occurrence", 0.20, True, False),
        ("migraine_occurrence", 0.21, False, False),
        ("migraine_occurrence", 0.80, False, False),
        ("migraine_occurrence", 0.81, False, True),
        ("migraine_occurrence", 1.00, False, True),
    ],
)
def test_missing_values(name: str, share: float, passed: bool, blocking: bool) -> None:
    finding = _missing(name, share)
    assert (finding.passed, finding.blocking) == (passed, blocking)
    assert passed or name in finding.reason


def test_the_table_of_missing_values_counts_every_field() -> None:
    rows = {row[0]: row[1:] for row in _missing("sleep_hours", 0.25).rows}
    assert rows["sleep_hours"] == ("25", "25.0 %")
    assert rows["yawning"] == ("100", "100.0 %")


def test_outliers_by_hand() -> None:
    finding = outliers_of("sleep_hours", np.array([6.0, 7, 7, 8, 8, 8, 9, 9, 10, 20]), settings=SETTINGS)
    assert (finding.low, finding.high) == (7.25 - 1.5 * 1.75, 9 + 1.5 * 1.75)
    assert (finding.by_iqr, finding.by_z) == (1, 1)


def test_where_most_values_are_equal_there_are_no_fences() -> None:
    finding = outliers_of("alcohol_intake", np.array([0.0] * 90 + [3.0] * 10), settings=SETTINGS)
    assert np.isnan(finding.low)
    assert (finding.by_iqr, finding.by_z) == (0, None)


def test_a_mixed_unit_is_a_warning_that_names_the_field() -> None:
    rng = np.random.default_rng(1)
    celsius = [*rng.normal(0, 2, 85), *rng.normal(30, 2, 15)]
    finding = outliers(_with(celsius, "temperature_change"), settings=SETTINGS)
    assert (finding.passed, finding.blocking) == (False, False)
    assert "temperature_change" in finding.reason


def test_normal_values_are_no_outliers_and_fields_without_values_are_left_out() -> None:
    finding = outliers(_with([*np.random.default_rng(1).normal(0, 2, 500)], "temperature_change"), settings=SETTINGS)
    assert finding.passed
    assert [row[0] for row in finding.rows] == ["temperature_change"]
    assert outliers(raw_frame([]), settings=SETTINGS).passed


def test_a_first_delivery_has_nothing_to_drift_from() -> None:
    assert drift_from_previous(good_days(), None, settings=SETTINGS).passed


def test_a_shift_of_one_standard_deviation_is_a_warning() -> None:
    before, now = profile(_diary(200, 30, seed=1)), _diary(200, 30, seed=2, sleep=8.5)
    finding = drift_from_previous(now, before, settings=SETTINGS)
    assert (finding.passed, finding.blocking) == (False, False)
    assert "sleep_hours" in finding.reason
    assert "caffeine" not in finding.reason


@pytest.mark.parametrize("people", [8, 15, 40, 150])
def test_other_people_of_the_same_population_raise_no_alarm(people: int) -> None:
    alarms = 0
    for seed in range(15):
        before, now = profile(_diary(people, 30, seed=seed)), _diary(people, 30, seed=1000 + seed)
        alarms += not drift_from_previous(now, before, settings=SETTINGS).passed
    assert alarms <= 1


def test_few_effective_rows_raise_the_limit() -> None:
    few, many = FieldProfile("age", 0, 20, (10, 10)), FieldProfile("age", 0, 20_000, (10, 10))
    assert psi_limit(few, few, bins=10, fields=1, settings=SETTINGS) > 1
    assert psi_limit(many, many, bins=10, fields=1, settings=SETTINGS) == SETTINGS.psi_warning
    assert psi_limit(few, few, bins=10, fields=30, settings=SETTINGS) > psi_limit(
        few, few, bins=10, fields=1, settings=SETTINGS
    )


def test_fields_that_come_and_go_are_named() -> None:
    before = profile(good_days())
    now = good_days().assign(stress_level=np.nan, humidity=50.0)
    reason = drift_from_previous(now, before, settings=SETTINGS).reason
    assert "No longer recorded: stress_level." in reason
    assert "Recorded for the first time: humidity." in reason


def test_halves_of_the_real_patients_are_alike_and_older_ones_are_not() -> None:
    frame = kostecki_dillon()
    even = frame["participant_id"].astype(int) % 2 == 0
    assert drift_from_previous(frame[even], profile(frame[~even]), settings=SETTINGS).passed
    old = frame["age"] > 45
    assert "age" in drift_from_previous(frame[old], profile(frame[~old]), settings=SETTINGS).reason
