"""The synthetic cohort: within the contract for any options, reproducible, and aligned with its true probabilities."""

import dataclasses
import datetime
import hashlib
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.contract import FIELDS, NAMES, Field
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.errors import ConfigurationError
from migraine_assets.sources import synthetic
from migraine_assets.sources.cohort.settings import SyntheticSettings
from migraine_assets.sources.files.delivery import RAW_COLUMNS
from migraine_assets.sources.registry import repeat_source
from migraine_assets.sources.synthetic import Cohort, generate, open_synthetic

SMALL = SyntheticSettings(participants=30, days=60)
TODAY = datetime.date(2026, 1, 1)

COHORTS = st.builds(
    SyntheticSettings,
    participants=st.integers(1, 12),
    days=st.integers(1, 45),
    seed=st.integers(0, 2**63 - 1),
    start=st.dates(datetime.date(1981, 1, 1), datetime.date(2024, 1, 1)),
    enrolment_days=st.integers(1, 500),
    missing_days=st.floats(0, 0.6),
    dropout=st.floats(0, 0.9),
    missing_values=st.floats(0, 5),
    sleep_change=st.floats(-12, 12),
    stress_change=st.floats(-9, 9),
    attack_odds=st.floats(0.01, 100),
    effect_scale=st.floats(-2, 2),
    drift_from=st.floats(0, 1),
)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return generate(SMALL)


def _in_contract(field: Field, column: pd.Series) -> bool:
    known = column.dropna()
    if field.kind == "category":
        return bool(known.isin(field.categories).all())
    if field.kind == "flag":
        return bool(known.isin((0.0, 1.0)).all())
    if field.kind == "number":
        low = -np.inf if field.low is None else field.low
        high = np.inf if field.high is None else field.high
        return bool(known.between(low, high).all())
    return len(known) == len(column)


@settings(max_examples=60, deadline=None)
@given(COHORTS)
def test_every_cohort_satisfies_the_contract(settings: SyntheticSettings) -> None:
    frame = generate(settings).frame
    assert tuple(frame.columns) == NAMES
    assert [field.name for field in FIELDS if not _in_contract(field, frame[field.name])] == []
    assert frame["participant_id"].nunique() == settings.participants
    assert not frame.duplicated(["participant_id", "date"]).any()
    assert frame["date"].min() >= pd.Timestamp(settings.start)
    assert frame["date"].max() < pd.Timestamp(settings.start) + pd.Timedelta(days=settings.span)


@settings(max_examples=30, deadline=None)
@given(COHORTS)
def test_every_row_of_every_cohort_passes_validation(settings: SyntheticSettings) -> None:
    frame = generate(settings).frame.assign(source_file="f", source_row=1)
    assert len(validate(frame, today=TODAY, settings=ValidationSettings()).quarantined) == 0


@settings(max_examples=30, deadline=None)
@given(COHORTS)
def test_time_runs_forward_within_each_participant(settings: SyntheticSettings) -> None:
    frame = generate(settings).frame
    step = frame.groupby("participant_id", sort=False)["date"].diff().dropna()
    assert (step >= pd.Timedelta(days=1)).all()
    assert frame["participant_id"].is_monotonic_increasing


@settings(max_examples=30, deadline=None)
@given(COHORTS)
def test_the_truth_is_a_probability_for_every_row(settings: SyntheticSettings) -> None:
    cohort = generate(settings)
    for truth in (cohort.probability, cohort.next_day, cohort.same_day, cohort.rate):
        assert truth.dtype == np.float64
        assert truth.shape == (len(cohort.frame),)
        assert ((truth > 0) & (truth < 1)).all()


def test_next_day_is_the_probability_of_the_row_that_follows(cohort: Cohort) -> None:
    frame = cohort.frame
    follows = (frame["participant_id"].shift(-1) == frame["participant_id"]) & (
        frame["date"].shift(-1) - frame["date"] == pd.Timedelta(days=1)
    )
    here = np.flatnonzero(follows)
    assert len(here) > 1000
    assert np.array_equal(cohort.next_day[here], cohort.probability[here + 1])
    after_a_gap = np.flatnonzero(~follows.to_numpy()[:-1])
    assert (cohort.next_day[after_a_gap] != cohort.probability[after_a_gap + 1]).all()


def test_the_truth_is_no_column_of_the_diary(cohort: Cohort) -> None:
    numbers = cohort.frame.select_dtypes("number")
    for truth in (cohort.probability, cohort.next_day, cohort.same_day, cohort.rate):
        assert not any(np.array_equal(numbers[name], truth) for name in numbers)


def test_the_same_seed_gives_the_same_cohort_and_bytes(cohort: Cohort) -> None:
    again = generate(dataclasses.replace(SMALL))
    pd.testing.assert_frame_equal(cohort.frame, again.frame)
    assert np.array_equal(cohort.probability, again.probability)
    first, second = (open_synthetic({"participants": 5, "days": 20}).files[0].content for _ in range(2))
    assert first == second


def test_cohorts_of_different_seeds_can_be_combined(cohort: Cohort) -> None:
    other = generate(dataclasses.replace(SMALL, seed=2)).frame
    assert not set(other["participant_id"]) & set(cohort.frame["participant_id"])
    assert (
        open_synthetic({"participants": 5, "days": 9}).md5
        != open_synthetic({"participants": 5, "days": 9, "seed": 2}).md5
    )


def test_a_cohort_of_several_blocks_is_one_cohort() -> None:
    cohort = generate(SyntheticSettings(participants=synthetic.BLOCK + 3, days=5, missing_values=0))
    first_day = cohort.frame.groupby("participant_id")["date"].min()
    assert len(first_day) == synthetic.BLOCK + 3
    assert first_day.is_monotonic_increasing  # participants are numbered in order of enrollment, across blocks
    weather = cohort.frame.groupby("date")["weather_pressure"].nunique()
    assert weather.max() <= 12  # regions are shared by the blocks
    stress = cohort.frame["stress_level"].to_numpy()
    assert not np.array_equal(stress[:10], stress[-10:])


def test_sleep_and_screen_time_fit_into_a_day() -> None:
    frame = generate(SyntheticSettings(sleep_change=12, drift_from=0, days=40)).frame
    assert (frame["sleep_hours"] + frame["screen_time"]).max() <= 24


def test_a_delivery_is_a_raw_frame_with_its_bytes() -> None:
    delivery = open_synthetic({"participants": "12", "days": 30, "seed": 5})
    (file,) = delivery.files
    assert tuple(delivery.frame.columns) == RAW_COLUMNS
    assert delivery.frame["source_row"].tolist() == list(range(1, len(delivery.frame) + 1))
    assert set(delivery.frame["source_file"]) == {file.name} == {"synthetic.parquet"}
    assert delivery.frame[["unreadable", "superseded"]].isna().all(axis=None)
    assert delivery.horizon == 1
    assert delivery.md5 == file.md5 == hashlib.md5(file.content, usedforsecurity=False).hexdigest()
    assert file.size == len(file.content)
    assert delivery.description == "synthetic cohort of 12 participants x 30 days (seed=5)"
    assert "simulated" in delivery.notes[0]


def test_the_parquet_file_holds_the_same_diary() -> None:
    delivery = open_synthetic({"participants": 12, "days": 30})
    read = pd.read_parquet(io.BytesIO(delivery.files[0].content))
    pd.testing.assert_frame_equal(read, delivery.frame[list(NAMES)])


@pytest.mark.parametrize("dirt", [0, 0.3])
def test_a_kept_delivery_is_read_back_unchanged(dirt: float) -> None:
    first = open_synthetic({"participants": 12, "days": 30, "dirt": dirt})
    files = [(file.name, file.content) for file in first.files]
    again = repeat_source("synthetic", files=files, md5=first.md5, mapping=None, description=first.description)
    pd.testing.assert_frame_equal(again.frame, first.frame)
    assert (again.horizon, again.md5) == (first.horizon, first.md5)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no option 'particpants'\. Did you mean 'participants'"):
        open_synthetic({"particpants": 3})
