"""Diary entries of the cohort: enrollment, missing days and empty cells."""

import dataclasses

import pandas as pd

from migraine_assets.core.contract import ATTACK, FIELDS, NAMES, SEVERITY
from migraine_assets.sources.cohort.settings import SyntheticSettings
from migraine_assets.sources.synthetic import generate

SMALL = SyntheticSettings(participants=30, days=60)


def test_enrollment_is_spread_over_its_period() -> None:
    first = generate(SyntheticSettings(days=30)).frame.groupby("participant_id")["date"].min()
    joined = (first - pd.Timestamp("2023-01-02")).dt.days
    assert joined.min() < 20
    assert joined.max() > 345
    assert generate(SyntheticSettings(days=30, enrolment_days=1)).frame["date"].nunique() == 30


def test_days_are_missing_in_runs_and_some_participants_stop_early() -> None:
    frame = generate(SyntheticSettings()).frame
    written = frame.groupby("participant_id")["date"]
    gaps = written.diff().dt.days.dropna()
    assert 0.8 * 36_000 < len(frame) < 0.87 * 36_000
    assert 0.2 < (gaps[gaps > 1] > 2).mean() < 0.7
    followed = (written.max() - written.min()).dt.days + 1
    assert 0.05 < (followed < 150).mean() < 0.2


def test_without_gaps_every_day_has_an_entry() -> None:
    frame = generate(SyntheticSettings(participants=10, days=40, missing_days=0, dropout=0)).frame
    assert len(frame) == 400


def test_more_missing_days_give_a_subset_of_the_same_diary() -> None:
    few, many = (
        generate(dataclasses.replace(SMALL, missing_days=share, missing_values=0)).frame for share in (0.1, 0.4)
    )
    both = many.merge(few, how="left", on=list(NAMES), indicator=True)
    assert len(many) < 0.8 * len(few)
    assert (both["_merge"] == "both").all()


def test_nulls_are_realistic() -> None:
    empty = generate(SyntheticSettings(days=60)).frame
    rates = empty.isna().mean()
    exposures = [field.name for field in FIELDS if field.role in ("exposure", "premonitory")]
    assert rates[exposures].between(0.02, 0.5).all()
    assert rates[["participant_id", "date"]].eq(0).all()
    never = empty.groupby("participant_id")[exposures].count() == 0
    assert never.any().sum() > len(exposures) // 2  # most fields have a participant who never fills them in
    assert 0.002 < rates[ATTACK] < 0.03


def test_participants_without_location_have_no_weather() -> None:
    empty = generate(SyntheticSettings(days=40)).frame.groupby("participant_id").count().eq(0)
    assert empty["weather_pressure"].any()
    assert empty["weather_pressure"].equals(empty["humidity"].rename("weather_pressure"))
    assert (empty["air_quality"] | ~empty["humidity"]).all()


def test_men_are_not_asked_about_the_cycle() -> None:
    frame = generate(SyntheticSettings(days=40, missing_values=0)).frame
    assert frame.loc[frame["sex"] == "M", "menstrual_cycle"].isna().all()
    assert frame.loc[frame["sex"] == "F", "menstrual_cycle"].notna().all()
    assert frame.loc[frame["age"] >= 60, "menstrual_cycle"].fillna(0).eq(0).all()


def test_without_missing_values_only_unasked_fields_are_null() -> None:
    frame = generate(SyntheticSettings(days=40, missing_values=0)).frame
    null = frame.isna().any()
    assert set(null[null].index) == {"menstrual_cycle", SEVERITY, "duration_h"}
    assert (frame[SEVERITY].notna() == (frame[ATTACK] == 1)).all()


def test_fewer_nulls_do_not_change_other_values() -> None:
    full, holed = (generate(dataclasses.replace(SMALL, missing_values=scale)).frame for scale in (0.5, 2.0))
    assert holed.isna().sum().sum() > 2 * full.drop(columns=[SEVERITY, "duration_h"]).isna().sum().sum()
    assert (full.isna() <= holed.isna()).all(axis=None)
    assert ((full == holed) | holed.isna()).all(axis=None)
