"""Corrupted rows: the requested number, each with its named fault, and all detected by validation."""

import datetime

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.diary.validation import Validated, ValidationSettings, validate
from migraine_assets.sources.cohort.corruption import FAULTS, corrupt
from migraine_assets.sources.cohort.settings import SyntheticSettings
from migraine_assets.sources.synthetic import generate, open_synthetic

TODAY = datetime.date(2026, 1, 1)


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    return generate(SyntheticSettings(participants=40, days=60)).frame


def _validated(frame: pd.DataFrame) -> Validated:
    raw = frame.assign(source_file="f", source_row=np.arange(1, len(frame) + 1))
    return validate(raw, today=TODAY, settings=ValidationSettings())


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_requested_share_is_corrupted(clean: pd.DataFrame, share: float) -> None:
    _, fault = corrupt(clean, share=share, seed=1)
    broken = pd.Series(fault).dropna()
    assert len(broken) == round(share * len(clean))
    assert set(broken) == {one.name for one in FAULTS}


def test_a_share_of_zero_corrupts_nothing(clean: pd.DataFrame) -> None:
    soiled, fault = corrupt(clean, share=0, seed=1)
    pd.testing.assert_frame_equal(soiled, clean)
    assert pd.isna(fault).all()


def test_the_other_rows_are_untouched_and_in_order(clean: pd.DataFrame) -> None:
    soiled, fault = corrupt(clean, share=0.2, seed=1)
    copies = np.isin(fault, [one.name for one in FAULTS if one.repeats])
    originals = soiled[~copies].reset_index(drop=True)
    untouched = pd.isna(fault[~copies])
    pd.testing.assert_frame_equal(originals[untouched], clean[untouched])
    assert len(soiled) == len(clean) + copies.sum()


NULLED = {"value out of bounds", "impossible age", "unknown category", "flag that is neither 0 nor 1"}


@pytest.mark.parametrize("name", sorted({one.name for one in FAULTS} - NULLED - {"identical duplicate"}))
def test_validation_quarantines_every_row_that_cannot_be_used(clean: pd.DataFrame, name: str) -> None:
    soiled, fault = corrupt(clean, share=0.1, seed=1)
    aside = set(_validated(soiled).quarantined["source_row"])
    assert set(np.flatnonzero(fault == name) + 1) <= aside


@pytest.mark.parametrize("name", sorted(NULLED))
def test_validation_nulls_every_value_that_cannot_be_used(clean: pd.DataFrame, name: str) -> None:
    soiled, fault = corrupt(clean, share=0.1, seed=1)
    (field,) = next(one.values for one in FAULTS if one.name == name)
    valid = _validated(soiled).valid
    rows = valid["source_row"].isin(np.flatnonzero(fault == name) + 1)
    assert rows.sum() == (fault == name).sum()
    assert valid.loc[rows, field].isna().all()


def test_validation_quarantines_nothing_else_except_the_other_row_of_a_conflict(clean: pd.DataFrame) -> None:
    soiled, fault = corrupt(clean, share=0.1, seed=1)
    aside = _validated(soiled).quarantined
    unbroken = aside[pd.isna(fault[aside["source_row"] - 1])]
    assert len(unbroken) == (fault == "conflicting duplicate").sum()
    assert unbroken["reason"].str.contains("described differently").all()


def test_an_identical_duplicate_follows_its_original(clean: pd.DataFrame) -> None:
    soiled, fault = corrupt(clean, share=0.1, seed=1)
    place = np.flatnonzero(fault == "identical duplicate")
    assert len(place) > 5
    before, copy = (soiled.iloc[rows].reset_index(drop=True) for rows in (place - 1, place))
    pd.testing.assert_frame_equal(before, copy)


def test_only_the_delivery_is_corrupted() -> None:
    options = {"participants": 20, "days": 40}
    clean, dirty = open_synthetic(options), open_synthetic(options | {"dirt": 0.2})
    assert len(dirty.frame) > len(clean.frame)
    assert dirty.md5 != clean.md5
    assert open_synthetic(options | {"dirt": 0.2}).md5 == dirty.md5
    settings = SyntheticSettings(participants=20, days=40, dirt=0.2)
    assert len(generate(settings).frame) == len(clean.frame)
