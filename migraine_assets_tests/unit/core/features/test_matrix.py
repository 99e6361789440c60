"""The training table has one row per day, the inputs of the contract, and the known targets."""

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.contract import FIELDS, PROVENANCE
from migraine_assets.core.features import engine
from migraine_assets.core.features.matrix import TARGETS, days_of, feature_rows


def diary(days: int = 4, **columns: list[object]) -> pd.DataFrame:
    """Return a preprocessed diary of one participant; all other fields are null."""
    frame = pd.DataFrame({field.name: [None] * days for field in FIELDS})
    frame["participant_id"], frame["date"] = "p", pd.date_range("2024-01-01", periods=days)
    frame["source_file"], frame["source_row"] = "d.csv", range(2, days + 2)
    for name, values in columns.items():
        frame[name] = values
    return frame


def test_each_row_keeps_its_place_and_gets_tomorrow_as_its_target() -> None:
    result = feature_rows(
        diary(migraine_occurrence=[0.0, 1.0, None, 0.0], stress_level=[1.0, 2.0, 3.0, 4.0]), horizon=1
    )
    assert result.frame["source_row"].tolist() == [2, 3, 4, 5]
    np.testing.assert_array_equal(result.frame["target_attack"], [1.0, np.nan, 0.0, np.nan])
    assert result.frame["stress_level"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_feature_of_which_nothing_is_known_is_left_out() -> None:
    result = feature_rows(diary(stress_level=[1.0, 2.0, 3.0, 4.0]), horizon=1)
    assert "stress_mean_7d" in result.names
    assert "sleep_hours" not in result.names
    assert "sleep_hours" not in result.frame


def test_inputs_are_those_of_the_engine_in_single_precision() -> None:
    result = feature_rows(diary(stress_level=[1.0, 2.0, 3.0, 4.0], age=[40.0] * 4), horizon=1)
    assert set(result.names) <= set(engine.NAMES)
    assert {result.frame[name].dtype for name in result.names} == {np.dtype(np.float32)}
    assert not set(result.names) & {*TARGETS, *PROVENANCE, "group_age", "participant_id"}


def test_the_subgroups_do_not_hide_the_inputs_of_the_same_name() -> None:
    result = feature_rows(diary(age=[40.0] * 4, sex=["F"] * 4), horizon=1)
    assert result.frame.columns.is_unique
    assert result.frame["group_sex"].tolist() == ["F"] * 4
    assert result.frame["sex"].tolist() == [1.0] * 4


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"migraine_occurrence": [1.0] * 4, "migraine_severity": [5.0] * 4}, "severity"),
        ({"migraine_occurrence": [1.0] * 4}, "burden"),
        ({"stress_level": [1.0] * 4}, None),
    ],
)
def test_without_severities_headache_days_are_counted_and_without_outcomes_nothing(
    columns: dict[str, list[object]], kind: str | None
) -> None:
    assert feature_rows(diary(**columns), horizon=1).severity_kind == kind


def test_days_are_counted_from_1970_and_are_none_without_dates() -> None:
    frame = pd.DataFrame({"date": pd.to_datetime(["1970-01-01", "1970-01-03"])})
    assert days_of(frame, dated=True).tolist() == [0, 2]
    assert days_of(pd.DataFrame({"date": [pd.NaT, pd.NaT]}), dated=False).tolist() == [0, 0]
