import datetime as dt

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.diary.profile import Profile, profile
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets.core.quality.unit_change import units_as_before
from migraine_assets.sources.registry import read_source

SETTINGS = QualitySettings()


def delivered(seed: int, **options: float) -> pd.DataFrame:
    settings = {"participants": 40, "days": 30, "seed": seed, **options}
    return read_source("synthetic", mapping=None, options={k: str(v) for k, v in settings.items()}, landing=None).frame


@pytest.fixture(scope="module")
def before() -> Profile:
    return profile(validate(delivered(1), today=dt.date(2026, 3, 1), settings=ValidationSettings()).valid)


@pytest.mark.parametrize(
    ("field", "factor", "unit"),
    [
        ("weather_pressure", 1 / 1.333224, "mmHg"),
        ("weather_pressure", 1 / 33.86389, "inHg"),
        ("weather_pressure", 0.1, "kPa"),
        ("weather_pressure", 100.0, "Pa"),
        ("sleep_hours", 60.0, "min"),
        ("screen_time", 60.0, "min"),
        ("hydration", 1000.0, "ml"),
        ("humidity", 0.01, "fraction"),
        ("age", 12.0, "months"),
    ],
)
def test_a_changed_unit_stops_the_delivery_and_is_named(before: Profile, field: str, factor: float, unit: str) -> None:
    frame = delivered(2)
    frame[field] = frame[field] * factor
    finding = units_as_before(frame, before, settings=SETTINGS)
    assert not finding.passed
    assert finding.blocking
    assert f"{field} looks like {unit} instead of" in finding.reason
    assert f"unit: {unit}" in finding.reason
    assert [row[0] for row in finding.rows] == [field]


@pytest.mark.parametrize("seed", range(2, 8))
def test_other_people_and_even_drift_are_no_change_of_unit(before: Profile, seed: int) -> None:
    drifted = {"sleep_change": -3.0, "stress_change": 4.0, "drift_from": 0.0} if seed % 2 else {}
    assert units_as_before(delivered(seed, **drifted), before, settings=SETTINGS).passed


def test_a_change_that_is_right_can_be_allowed_by_name(before: Profile) -> None:
    frame = delivered(2)
    frame["sleep_hours"] *= 60
    finding = units_as_before(frame, before, settings=QualitySettings(units_changed=("sleep_hours",)))
    assert finding.passed
    assert "sleep_hours" in finding.reason


def test_the_first_delivery_has_nothing_before_it() -> None:
    assert units_as_before(delivered(2), None, settings=SETTINGS).passed


def test_a_field_that_is_hardly_asked_says_nothing(before: Profile) -> None:
    frame = delivered(2)
    frame["sleep_hours"] = np.where(np.arange(len(frame)) < 5, frame["sleep_hours"] * 60, np.nan)
    assert units_as_before(frame, before, settings=SETTINGS).passed
